import {
  argumentsOf,
  baseName,
  defineRule,
  type Edit,
  type Fix,
  isMigration,
  isMigrationPath,
  type Node,
  type Origin,
  py,
  reachingBindings,
  type SourceFile,
  sqlalchemyName,
  stringValue,
  type TypedNode,
  trace,
} from '../../engine/index.ts';

export default defineRule({
  code: 'GR216',
  name: 'sql-string-building',
  family: 'models',
  severity: 'error',
  standards: ['architecture', 'flow', 'backend'],
  summary: 'A value is written into the text of an SQL statement',
  advice: 'Bind it: `text("… WHERE name = :name"), {"name": name}`',
  why: 'Text that is put together becomes part of the statement: whoever controls the value controls what the database does. A bound parameter is sent beside the statement and can never be read as SQL; besides, the database can keep the plan.',
  fix: 'unsafe',
  fixSafety:
    'The database is sent a bound value; where the text used to hold a list, a name or a fragment of SQL, that fails.',
  requirements: ['001-030', '001-109', '002-080', '004-162', '004-163'],
  peers: ['S608', 'bandit B608', 'Sonar S2077'],
  mentions: ['execute', 'exec_driver_sql', 'scalar', 'sqlalchemy', 'sqlmodel'],
  calls: () => [...executors, 'text'],
  applies: (file) => !isMigrationPath(file) && baseName(file) !== 'env.py',
  examples: [
    {
      bad: py`
        from sqlalchemy import text


        async def find(db, name, user, order):
            await db.execute(text(f"SELECT * FROM users WHERE name = '{name}' AND team = {user.team_id}"))
        #                         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR216 unsafe: \`name\` and \`user.team_id\` are written into SQL text, where they can change the statement; bind them as parameters.
            query = f"SELECT id FROM users ORDER BY {order}"
        #           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR216 none: \`order\` is written into SQL text, where it can change the statement; bind it as a parameter, or choose a name from a fixed list.
            await db.execute(text(query))
            await db.execute("DELETE FROM users WHERE name = '%s'" % name)
        #                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR216 none
            await db.execute(text("DELETE FROM users WHERE name = '{}'".format(name)))
        #                         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR216 none
            statement = "UPDATE users SET name = 'x'"
            statement += " WHERE name = '" + name + "'"
        #                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR216 none
            await db.execute(text(statement))
      `,
      good: py`
        from sqlalchemy import text


        async def find(db, name, user, order):
            await db.execute(text("SELECT * FROM users WHERE name = :name AND team = :team_id"), {"name": name, "team_id": user.team_id})
            query = f"SELECT id FROM users ORDER BY {order}"
            await db.execute(text(query))
            await db.execute("DELETE FROM users WHERE name = '%s'" % name)
            await db.execute(text("DELETE FROM users WHERE name = '{}'".format(name)))
            statement = "UPDATE users SET name = 'x'"
            statement += " WHERE name = '" + name + "'"
            await db.execute(text(statement))
      `,
    },
    {
      bad: py`
        import sqlalchemy as sa


        def search(cursor, db, words):
            cursor.execute(f"SELECT * FROM notes WHERE note LIKE '%{words}%'")
        #                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR216 none
            db.execute(sa.text(f"SET LOCAL app.tenant = '{words}'"))
        #                      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR216 none
            db.execute(sa.text(f"SELECT set_config('app.tenant', '{words}', true)"))
        #                      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR216 unsafe
      `,
      good: py`
        import sqlalchemy as sa


        def search(cursor, db, words):
            cursor.execute(f"SELECT * FROM notes WHERE note LIKE '%{words}%'")
            db.execute(sa.text(f"SET LOCAL app.tenant = '{words}'"))
            db.execute(sa.text("SELECT set_config('app.tenant', :words, true)"), {"words": words})
      `,
    },
    {
      ok: py`
        from sqlalchemy import select, text

        from app.models import TABLE_NAME, User

        COLUMNS = "id, name"
        table = "users"


        async def find(db, name, names, limit):
            await db.execute(text("SELECT * FROM users WHERE name = :name"), {"name": name})
            await db.execute(text(f"SELECT {COLUMNS} FROM {table} JOIN {TABLE_NAME}"))
            await db.execute(text(f"SELECT * FROM {User.__tablename__} LIMIT {int(limit)}"))
            holders = ", ".join(f":n{index}" for index in range(len(names)))
            await db.execute(text(f"SELECT * FROM users WHERE name IN ({holders})"), names)
            await db.execute(select(User).where(User.name == f"{name}%"))
            for part in ("users", "teams"):
                await db.execute(text("TRUNCATE " + part))
      `,
    },
    {
      bad: py`
        def load(cursor, columns, table, name):
            statement = f"SELECT id, {columns} " f"FROM {table}"
        #               ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR216 none: \`columns\` and \`table\` are written into SQL text, where they can change the statement; bind them as parameters, or choose names from a fixed list.
            cursor.execute(statement)
            cursor.execute("SELECT id, " + columns + " FROM users")
        #                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR216 none
            cursor.execute("DELETE " f"FROM users WHERE name = '{name}'")
        #                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR216 none
      `,
    },
    {
      // What the database says of its dialect, the members of an enumeration, and a constant from elsewhere.
      ok: py`
        from enum import StrEnum

        from sqlalchemy import text

        from app.configuration import MATCH_LIMIT


        class Interval(StrEnum):
            day = "day"

            def literal(self):
                return text(f"SELECT '1 {self.value}'::interval FROM dual")


        async def touch(db, conn, now):
            await (conn or db).execute(f"UPDATE users SET seen = {db.time_placeholder('now')} WHERE age < {db.now}", {"now": now})
            await db.execute(text("SET LOCAL match.limit = " + str(MATCH_LIMIT)))
      `,
    },
    {
      bad: py`
        async def copy(db, name):
            await db.execute(f"DELETE FROM users WHERE name = {db.placeholder(name)} OR name = {db.fetch_one('name')}")
        #                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR216 none
            await db.execute("DELETE FROM users WHERE name = " + str(name))
        #                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR216 none: \`name\` is written into SQL text, where it can change the statement; bind it as a parameter, or choose a name from a fixed list.
      `,
    },
    {
      // Other things are executed too, and other functions are called \`text\`.
      ok: py`
        from rich import text


        def run(shell, driver, command, name):
            shell.execute(f"rm {name}")
            driver.execute(f"select a file named {name}")
            text(f"SELECT * FROM {name}")
            command.execute(name)
            return f"SELECT * FROM {name}"
      `,
    },
    {
      ok: py`
        import psycopg
        from psycopg import sql


        def count(cursor, table, key):
            cursor.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table)))
            cursor.execute("SELECT * FROM users WHERE id = %s", (key,))
            where = "id = %s" if key else "true"
            cursor.execute("SELECT * FROM users WHERE " + where, [key])
      `,
    },
  ],
  on: {
    call(call, file) {
      const callee = call.field('function');
      if (!callee.is('identifier', 'attribute')) return undefined;
      const method = callee.is('attribute') ? callee.field('attribute').text : undefined;
      const executes = method !== undefined && executors.has(method);
      if (!executes && sqlalchemyName(file, callee) !== 'text') return undefined;
      const given = argumentsOf(call).at(0, executes ? 'statement' : 'text');
      if (!given || isMigration(file)) return undefined;
      return builtTexts(file, given).flatMap((built) => {
        if (executes && !readsLikeSql(built.whole)) return [];
        const values = valuesIn(file, built.node, handlesOf(call, executes));
        if (values.length === 0) return [];
        const fix = executes ? undefined : () => withParameters(file, call, built.node);
        return [{ at: built.node, message: messageOf(values, fix?.() !== undefined), ...(fix ? { fix } : {}) }];
      });
    },
  },
});

function messageOf(values: readonly string[], bindable: boolean): string {
  const names = [...new Set(values)].slice(0, 3).map((value) => `\`${value}\``);
  const last = names.pop() ?? '';
  const several = names.length > 0;
  const told = several ? `${names.join(', ')} and ${last} are` : `${last} is`;
  const [it, parameter] = several ? ['them', 'parameters'] : ['it', 'a parameter'];
  const instead = bindable
    ? ''
    : several
      ? ', or choose names from a fixed list'
      : ', or choose a name from a fixed list';
  return `${told} written into SQL text, where ${several ? 'they' : 'it'} can change the statement; bind ${it} as ${parameter}${instead}.`;
}

interface Built {
  /** The f-string, formatting or concatenation. */
  readonly node: Node;
  /** Where the text begins, to see whether it is SQL. */
  readonly whole: Node;
}

/** The expressions that put together the text an argument holds; through variables and alternatives. */
function builtTexts(file: SourceFile, argument: Node): Built[] {
  const found: Built[] = [];
  const seen = new Set<Node>();
  look(argument, undefined);
  return found;

  function look(node: Node, whole: Node | undefined): void {
    if (seen.has(node) || seen.size > 40) return;
    seen.add(node);
    if (node.is('parenthesized_expression', 'await')) {
      const inner = node.firstNamed;
      if (inner) look(inner, whole);
    } else if (node.is('conditional_expression')) {
      const [chosen, , other] = node.namedChildren;
      for (const part of [chosen, other]) if (part) look(part, whole);
    } else if (isBuilding(node)) found.push({ node, whole: whole ?? node });
    else if (node.is('identifier')) {
      const bindings = reachingBindings(file, node);
      const start = bindings.find((binding) => binding.by.is('assignment'))?.value;
      for (const { by } of bindings) {
        if (by.is('assignment') && by.field('left').is('identifier')) {
          const value = by.field('right');
          if (value) look(value, whole);
        } else if (by.is('augmented_assignment')) {
          const added = by.field('right');
          if (isBuilding(added)) look(added, start);
          else if (!added.is('string', 'concatenated_string')) found.push({ node: added, whole: start ?? added });
        } else if (by.is('named_expression')) look(by.field('value'), whole);
      }
    }
  }
}

function isBuilding(node: Node): boolean {
  if (node.is('string')) return node.child('interpolation') !== undefined;
  if (node.is('concatenated_string')) return node.namedChildren.some(isBuilding);
  if (node.is('binary_operator')) {
    const operator = node.field('operator').kind;
    if (operator === '"%"') return node.field('left').is('string', 'concatenated_string', 'parenthesized_expression');
    return operator === '"+"';
  }
  if (!node.is('call')) return false;
  const callee = node.field('function');
  return (
    callee.is('attribute') &&
    callee.field('attribute').text === 'format' &&
    callee.field('object').is('string', 'concatenated_string', 'parenthesized_expression')
  );
}

/** What is not constant in a text that is put together, as it is written where it comes from. */
function valuesIn(file: SourceFile, built: Node, handles: ReadonlySet<string>): string[] {
  const origins = trace(file, built, {
    cleans: (call) => cleaners.test(call.field('function').text),
    through: (call) => joined(file, call),
  });
  return origins
    .filter(
      (origin) => !isConstant(file, origin) && !isOfDialect(origin.node, handles) && !isOwnMember(file, origin.node),
    )
    .map((origin) => short(origin.node.text));
}

/** The names of the objects that execute a statement: `db` in `(conn or db).execute(…)`. */
function handlesOf(call: TypedNode<'call'>, executes: boolean): ReadonlySet<string> {
  const callee = call.field('function');
  if (!executes || !callee.is('attribute')) return new Set();
  const object = callee.field('object');
  const names = object.is('identifier') ? [object] : object.below('identifier');
  return new Set(names.map((name) => name.text).filter((name) => name !== 'self' && name !== 'cls'));
}

/** What the object that executes tells of its own dialect: `db.now_function`, `db.placeholder("name")`. */
function isOfDialect(node: Node, handles: ReadonlySet<string>): boolean {
  if (handles.size === 0) return false;
  const member = node.is('call') ? node.field('function') : node;
  if (!member.is('attribute') || !member.field('object').is('identifier')) return false;
  if (!handles.has(member.field('object').text)) return false;
  if (!node.is('call')) return true;
  const { positional, keywords, hasSplat, hasDoubleSplat } = argumentsOf(node);
  if (hasSplat || hasDoubleSplat || keywords.size > 0 || reading.test(member.field('attribute').text)) return false;
  return positional.every((argument) => /^\w*$/.test(stringValue(argument) ?? ' '));
}

/** `self.value` of an enumeration of the file: one of the values that stand there. */
function isOwnMember(file: SourceFile, node: Node): boolean {
  if (!node.is('attribute') || node.field('object').text !== 'self') return false;
  if (!/^(?:value|name)$/.test(node.field('attribute').text)) return false;
  const owner = file.enclosingClass(node);
  return owner !== undefined && file.bases(owner).some((base) => /^enum\.\w*(?:Enum|Flag)$/.test(base ?? ''));
}

/** `", ".join(parts)` carries its parts, and `str(part)` what it is given. */
function joined(file: SourceFile, call: TypedNode<'call'>): readonly Node[] | undefined {
  const callee = call.field('function');
  if (callee.is('identifier'))
    return file.qualified(callee) === 'builtins.str' ? argumentsOf(call).positional : undefined;
  if (!callee.is('attribute')) return undefined;
  const method = callee.field('attribute').text;
  if (method === 'join' && stringValue(callee.field('object')) !== undefined) return argumentsOf(call).positional;
  if (textMethods.has(method)) return [callee.field('object')];
  return undefined;
}

function isConstant(file: SourceFile, { node, binding }: Origin): boolean {
  if (node.is('string', 'concatenated_string', 'integer', 'float', 'true', 'false', 'none')) return true;
  if (binding?.kind === 'parameter') return false;
  if (node.is('identifier')) return /^_*[A-Z][A-Z0-9_]*$/.test(node.text) || binding?.kind === 'class';
  if (!node.is('attribute')) return false;
  const name = node.field('attribute').text;
  if (/^__\w+__$/.test(name) || /^_*[A-Z][A-Z0-9_]+$/.test(name)) return true;
  const object = node.field('object');
  if (/__table(?:name)?__|\.metadata\b|^_*[A-Z]\w*\.[A-Z][A-Z0-9_]*$/.test(object.text)) return true;
  // What a class holds for all its objects is as constant as the class.
  if (object.text === 'cls' || (object.is('call') && cleaners.test(object.field('function').text))) return true;
  if (!object.is('identifier')) return false;
  if (/^(?:name|fullname|key)$/.test(name) && /(?:^|_)(?:col|column|table|index|constraint|fk|fkey)$/.test(object.text))
    return true;
  // A table of the metadata has the name that the models give it.
  return reachingBindings(file, object).some(
    ({ by }) => by.is('for_statement', 'for_in_clause') && /\bmetadata\b|__table__/.test(by.field('right')?.text ?? ''),
  );
}

/** Whether a text that begins with a string literal begins with SQL, its parts side by side read as one. */
function readsLikeSql(whole: Node): boolean {
  const joined = whole.text.replace(/^[\s(]+/, '').replace(/["']\s*[a-z]*["']/gi, '');
  return sql.test(joined.slice(0, 400));
}

/** The statement with bound parameters, where every value of the f-string stands where a value may stand. */
function withParameters(file: SourceFile, text: TypedNode<'call'>, built: Node): Fix | undefined {
  if (!built.is('string') || built.parent?.row !== text.field('arguments').row) return undefined;
  if (text.field('arguments').namedChildren.length !== 1) return undefined;
  const list = text.parent;
  const execute = list?.parent;
  if (!list?.is('argument_list') || list.namedChildren.length !== 1 || !execute?.is('call')) return undefined;
  const callee = execute.field('function');
  if (!callee.is('attribute') || !executors.has(callee.field('attribute').text)) return undefined;
  const opening = built.child('string_start');
  if (!opening || !/^f["']+$/i.test(opening.text)) return undefined;
  if (file.commentsIn({ start: execute.start, end: execute.end }).length > 0) return undefined;
  const edits: Edit[] = [{ start: opening.start, end: opening.end, text: opening.text.slice(1) }];
  const bound = new Map<string, string>();
  const body = built.text;
  if (/\\N\{|\{\{|\}\}|(?<!:):[A-Za-z_]/.test(body.replace(/\{[^{}]*\}/g, ''))) return undefined;
  for (const field of built.children) {
    if (!field.is('interpolation')) continue;
    if (field.namedChildren.length !== 1 || field.child('"="')) return undefined;
    const value = field.field('expression');
    const named = value.is('attribute') ? value.field('attribute') : value;
    if (!named.is('identifier') || value.text.includes('\n')) return undefined;
    const before = body.slice(0, field.start - built.start);
    const after = body.slice(field.end - built.start);
    const isQuoted = /(?<!')'$/.test(before) && /^'(?!')/.test(after) && opening.text !== "f'" && opening.text !== "F'";
    const lead = isQuoted ? before.slice(0, -1) : before;
    if (!valuePlace.test(lead) || /^[\w.%]/.test(isQuoted ? after.slice(1) : after) || notBindable.test(before))
      return undefined;
    const known = bound.get(named.text);
    if (known !== undefined && known !== value.text) return undefined;
    bound.set(named.text, value.text);
    const margin = isQuoted ? 1 : 0;
    edits.push({ start: field.start - margin, end: field.end + margin, text: `:${named.text}` });
  }
  const pairs = [...bound].map(([name, value]) => `"${name}": ${value}`).join(', ');
  edits.push({ start: text.end, end: text.end, text: `, {${pairs}}` });
  return { title: `Bind ${[...bound.keys()].map((name) => `\`:${name}\``).join(', ')}`, safety: 'unsafe', edits };
}

function short(text: string): string {
  const line = text.replace(/\s+/g, ' ');
  return line.length > 40 ? `${line.slice(0, 39)}…` : line;
}

const executors = new Set(['execute', 'executemany', 'exec_driver_sql', 'scalar', 'scalars']);
const sql =
  /^[a-zA-Z]*["']+\s*(?:--[^\n]*\n\s*)*(?:select\b[\s\S]*\bfrom\b|select\s+\w+\(|insert\s+into\b|update\b[\s\S]*\bset\b|update\s+["'{]|delete\s+from\b|with\s+\w+\s+as\b|(?:create|alter|drop)\s+(?:or\s+replace\s+|unique\s+)?(?:table|index|view|schema|database|role|user|type|policy)\b|truncate\s|set\s+(?:local\s+|session\s+|role\s+|search_path)|grant\s|revoke\s|call\s+\w+\(|merge\s+into\b)/i;
/** What stands before a value, not before a name of the schema. */
const valuePlace = /(?:[=<>(,]|\blike|\bilike|\blimit|\boffset|\bbetween|\band|\bthen|\belse)\s*$/i;
/** Statements that take no parameters. */
const notBindable =
  /^f["']+\s*(?:set|create|alter|drop|truncate|grant|revoke)\b|\bin\s*\(\s*$|insert\s+into\s+[\w.]+\s*\([^)]*$/i;
const cleaners =
  /(?:^|\.)(?:int|float|bool|len|abs|round|range|enumerate|UUID|uuid4|Decimal|quoted_name|Identifier|\w*quote\w*|\w*escape\w*|\w*saniti[sz]e\w*|\w*identifier\w*)$/;
/** Methods that bring something from the database. */
const reading = /^(?:fetch|get|scalar|execute|query|select|read|load|find)/;
const textMethods = new Set(['strip', 'lstrip', 'rstrip', 'lower', 'upper', 'replace', 'title']);
