import {
  argumentsOf,
  defineRule,
  type Finding,
  type Node,
  py,
  reachingBindings,
  type SourceFile,
  sqlalchemyName,
  stringValue,
  type TypedNode,
  unitOf,
} from '../../engine/index.ts';

export default defineRule({
  code: 'GR220',
  name: 'tenant-context-not-local',
  family: 'models',
  severity: 'error',
  standards: ['architecture'],
  summary: 'The tenant is set for the connection instead of the transaction',
  advice: 'Set it for the transaction: `set_config(…, true)` or `SET LOCAL`',
  why: 'Row level security asks the connection which tenant is at work. A setting that is not local outlives the transaction: the connection goes back to the pool with it, and the next request that is given the connection and sets no tenant of its own reads the rows of a stranger. A local setting ends with the transaction.',
  fix: 'safe',
  requirements: ['001-031'],
  peers: [],
  mentions: ['app.', 'app".', 'set_config'],
  calls: () => ['set_config', ...executions, ...texts],
  examples: [
    {
      bad: py`
        from sqlalchemy import text
        from sqlalchemy.ext.asyncio import AsyncSession


        async def set_tenant(db: AsyncSession, tenant: str) -> None:
            await db.execute(text("SELECT set_config('app.tenant_id', :tenant, false)"), {"tenant": tenant})
        #                                 ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR220 safe: \`app.tenant_id\` is set for the connection: its next user in the pool keeps this tenant. Pass \`true\`, so that it ends with the transaction.
            await db.execute(text(f"SET app.tenant_id = '{tenant}'"))
        #                           ^^^^^^^^^^^^^^^^^ GR220 safe: \`app.tenant_id\` is set for the connection: its next user in the pool keeps this tenant. Write \`SET LOCAL\`, so that it ends with the transaction.
      `,
      good: py`
        from sqlalchemy import text
        from sqlalchemy.ext.asyncio import AsyncSession


        async def set_tenant(db: AsyncSession, tenant: str) -> None:
            await db.execute(text("SELECT set_config('app.tenant_id', :tenant, true)"), {"tenant": tenant})
            await db.execute(text(f"SET LOCAL app.tenant_id = '{tenant}'"))
      `,
    },
    {
      bad: py`
        from sqlalchemy import func, select


        async def set_tenant(db, tenant):
            await db.execute(select(func.set_config("app.tenant_id", str(tenant), False)))
        #                           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR220 safe: \`app.tenant_id\` is set for the connection: its next user in the pool keeps this tenant. Pass \`true\`, so that it ends with the transaction.
      `,
      good: py`
        from sqlalchemy import func, select


        async def set_tenant(db, tenant):
            await db.execute(select(func.set_config("app.tenant_id", str(tenant), True)))
      `,
    },
    {
      bad: py`
        import sqlalchemy as sa

        SET_TENANT = "set session app.tenant = :tenant"


        def set_tenant(connection, tenant):
            connection.execute(sa.text(SET_TENANT), {"tenant": tenant})
        #                              ^^^^^^^^^^ GR220 safe
            statement = """
                SELECT set_config('app.user', coalesce(:user, 'none'), true),
                       set_config('app.tenant', coalesce(:tenant, 'none'), FALSE)
        #              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR220 safe
            """
            connection.exec_driver_sql(statement)
      `,
      good: py`
        import sqlalchemy as sa

        SET_TENANT = "set LOCAL app.tenant = :tenant"


        def set_tenant(connection, tenant):
            connection.execute(sa.text(SET_TENANT), {"tenant": tenant})
            statement = """
                SELECT set_config('app.user', coalesce(:user, 'none'), true),
                       set_config('app.tenant', coalesce(:tenant, 'none'), true)
            """
            connection.exec_driver_sql(statement)
      `,
    },
    {
      ok: py`
        from sqlalchemy import func, select, text


        async def set_tenant(db, tenant, local):
            await db.execute(text("SELECT set_config('app.tenant_id', :tenant, true)"), {"tenant": tenant})
            await db.execute(text("SET LOCAL app.tenant_id = 'a'"))
            await db.execute(text("SELECT set_config('app.tenant_id', :tenant, :local)"), {"tenant": tenant, "local": local})
            await db.execute(select(func.set_config("app.tenant_id", tenant, True)))
            await db.execute(select(func.set_config("app.tenant_id", tenant, local)))
      `,
    },
    {
      // Settings of the server and what clears the tenant may well hold for the connection.
      ok: py`
        from sqlalchemy import text


        async def prepare(db):
            await db.execute(text("SET statement_timeout = '5s'"))
            await db.execute(text("SET application_name = 'app.worker'"))
            await db.execute(text("SELECT set_config('search_path', 'app', false)"))
            await db.execute(text("UPDATE plans SET app.name = 'x'"))
            await db.execute(text("SET app.tenant_id TO DEFAULT"))
            await db.execute(text("SET app.tenant_id = ''"))
            await db.execute(text("SELECT set_config('app.tenant_id', '', false)"))
      `,
    },
    {
      ok: py`
        from app.tools import func, text


        def describe(log, config):
            """SET app.tenant_id = 'a'"""
            log.info("SET app.tenant_id = 'a'")
            text("SET app.tenant_id = 'a'")
            func.set_config("app.tenant_id", "a", False)
            config.set_config("app.tenant_id", "a", False)
      `,
    },
  ],
  on: {
    call(call, file) {
      const callee = call.field('function');
      const name = callee.is('attribute') ? callee.field('attribute').text : callee.is('identifier') ? callee.text : '';
      if (name === 'set_config') return configured(file, call);
      if (!executions.has(name) && !texts.has(name)) return undefined;
      const [statement] = argumentsOf(call).positional;
      const literal = statement && literalOf(file, statement);
      if (!literal || (texts.has(name) ? sqlalchemyName(file, callee) !== name : !callee.is('attribute')))
        return undefined;
      const pieces = literal.is('concatenated_string') ? literal.namedChildren : [literal];
      return pieces.flatMap(settingsIn).map((setting): Finding => {
        const { start, end, text } = setting;
        const { edit } = setting;
        return {
          at: unitOf(literal) === unitOf(call) ? { start, end } : statement,
          message: messageOf(setting.name, text),
          fix: () => ({ title: titleOf(text), safety: 'safe', edits: [edit] }),
        };
      });
    },
  },
});

const executions = new Set(['execute', 'exec_driver_sql', 'exec', 'scalar', 'fetchval', 'fetchrow']);
const texts = new Set(['text', 'DDL']);

type Local = 'true' | 'True' | 'LOCAL';

function messageOf(setting: string, local: Local): string {
  const advice = local === 'LOCAL' ? 'Write `SET LOCAL`' : 'Pass `true`';
  return `\`${setting}\` is set for the connection: its next user in the pool keeps this tenant. ${advice}, so that it ends with the transaction.`;
}

function titleOf(local: Local): string {
  return local === 'LOCAL' ? 'Write `SET LOCAL`' : `Pass \`${local}\``;
}

/** `func.set_config("app.…", value, False)`. */
function configured(file: SourceFile, call: TypedNode<'call'>): Finding | undefined {
  const { positional, hasSplat } = argumentsOf(call);
  const [key, value, local, ...more] = positional;
  const setting = stringValue(key);
  if (!setting?.startsWith('app.') || !local?.is('false') || hasSplat || more.length > 0) return undefined;
  if (stringValue(value) === '' || !func.test(file.qualified(call.field('function')) ?? '')) return undefined;
  return {
    at: call,
    message: messageOf(setting, 'true'),
    fix: () => ({
      title: titleOf('True'),
      safety: 'safe',
      edits: [{ start: local.start, end: local.end, text: 'True' }],
    }),
  };
}

const func = /^(?:sqlalchemy(?:\.\w+)*|sqlmodel(?:\.\w+)*)\.func\.(?:pg_catalog\.)?set_config$/;

/** The string literal that a statement is: written there, or assigned to the name there. */
function literalOf(file: SourceFile, statement: Node): Node | undefined {
  if (statement.is('string', 'concatenated_string')) return statement;
  if (!statement.is('identifier')) return undefined;
  const [binding, ...others] = reachingBindings(file, statement);
  const value = others.length === 0 && binding?.kind === 'assignment' ? binding.value : undefined;
  return value?.is('string', 'concatenated_string') ? value : undefined;
}

interface Setting {
  readonly name: string;
  readonly start: number;
  readonly end: number;
  readonly text: Local;
  readonly edit: { readonly start: number; readonly end: number; readonly text: string };
}

/** What an SQL literal sets of the application for the whole connection, with offsets in the file. */
function settingsIn(literal: Node): Setting[] {
  const { text, start } = literal;
  if (!/\bapp"?\./.test(text)) return [];
  const found: Setting[] = [];
  for (const match of text.matchAll(
    /((?:^[a-z]*["']+|;)\s*)(SET\s+(?:SESSION\s+)?)"?app"?\.(\w+)\s*(?:=|TO\b)\s*([^\s;]*)/gi,
  )) {
    const [whole, lead = '', verb = '', name = '', value = ''] = match;
    if (/^(?:\\?'\\?'|DEFAULT\b)/i.test(value)) continue;
    const from = start + match.index + lead.length;
    const session = /SESSION/i.exec(verb);
    const at = session ? from + session.index : from + verb.length;
    const edit = session ? { start: at, end: at + 7, text: 'LOCAL' } : { start: at, end: at, text: 'LOCAL ' };
    const end = from + whole.slice(lead.length).replace(/\s*(?:=|\bTO\b)\s*\S*$/i, '').length;
    found.push({ name: `app.${name}`, start: from, end, text: 'LOCAL', edit });
  }
  for (const match of text.matchAll(/\bset_config\s*\(/gi)) {
    const given = sqlArguments(text, match.index + match[0].length);
    const [key, value, local] = given?.parts ?? [];
    const [, name] = /^\\?'(app\.\w+)\\?'$/.exec(key?.text ?? '') ?? [];
    if (!given || !local || name === undefined || !/^(?:false|\\?'f(?:alse)?\\?')$/i.test(local.text)) continue;
    if (/^\\?'\\?'$/.test(value?.text ?? '')) continue;
    const edit = { start: start + local.at, end: start + local.at + local.text.length, text: 'true' };
    found.push({ name, start: start + match.index, end: start + given.end, text: 'true', edit });
  }
  return found;
}

/** The arguments of an SQL call from behind its bracket on, with their offsets and that behind the closing bracket. */
function sqlArguments(
  text: string,
  from: number,
): { readonly parts: readonly { readonly text: string; readonly at: number }[]; readonly end: number } | undefined {
  const parts: { text: string; at: number }[] = [];
  let depth = 0;
  let quoted = false;
  let first = from;
  for (let index = from; index < text.length; index++) {
    const character = text[index];
    if (character === "'") quoted = !quoted;
    if (quoted) continue;
    if (character === '(') depth++;
    const ends = character === ')' && depth === 0;
    if (ends || (character === ',' && depth === 0)) {
      const part = text.slice(first, index);
      parts.push({ text: part.trim(), at: first + part.length - part.trimStart().length });
      first = index + 1;
    }
    if (ends) return { parts, end: index + 1 };
    if (character === ')') depth--;
  }
  return undefined;
}
