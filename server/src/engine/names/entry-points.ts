import { Node, type TypedNode } from '../syntax/node.ts';
import { afterColumn, kindColumn, kindMask, kindNumber, rowSize } from '../syntax/rows.ts';
import type { Unit } from '../unit.ts';

/** What is said of a segment that makes the file a part of what serves the web. */
export const webEntry = '<web>';

/**
 * What a segment of the module tells of how the file is run: for a main guard the names of what it hands over to, by a
 * call or as an argument of one, parted by spaces; undefined for most.
 */
export function entryPointOf(unit: Unit): string | undefined {
  if (unit.role === 'member') return undefined;
  if (unit.scopes.importsWeb) return webEntry;
  const guard = mainGuardOf(unit);
  if (!guard) return undefined;
  const calls = guard.below('call');
  if (calls.some((call) => startsApplication(call.field('function')))) return webEntry;
  const names = calls
    .filter(isLastWord)
    .flatMap((call) =>
      [call.field('function'), ...call.field('arguments').namedChildren].flatMap((node) =>
        node.is('identifier') ? [node.text] : [],
      ),
    );
  return [...new Set(names)].join(' ');
}

/** Whether nothing is done with what a call gives, but to leave with it: `main()`, `sys.exit(asyncio.run(main()))`. */
function isLastWord(call: Node): boolean {
  let { parent } = call;
  while (parent?.is('argument_list', 'call', 'await', 'parenthesized_expression')) ({ parent } = parent);
  return parent?.is('expression_statement', 'raise_statement') === true;
}

/** Whether an `if` holds only when the file is run itself: `if __name__ == "__main__":`. */
export function isMainGuard(statement: TypedNode<'if_statement'>): boolean {
  return asksForMain(statement.field('condition'));
}

function asksForMain(condition: Node | undefined): boolean {
  if (condition?.is('parenthesized_expression')) return asksForMain(condition.firstNamed);
  if (condition?.is('boolean_operator'))
    return condition.child('"and"') !== undefined && condition.namedChildren.some(asksForMain);
  if (!condition?.is('comparison_operator') || !condition.child('"=="')) return false;
  const [left, right, more] = condition.namedChildren;
  if (!left || !right || more) return false;
  return (isModuleName(left) && isMain(right)) || (isMain(left) && isModuleName(right));
}

function isModuleName(node: Node): boolean {
  return node.is('identifier') && node.text === '__name__';
}

function isMain(node: Node): boolean {
  return node.is('string') && /^(["'])__main__\1$/.test(node.text);
}

/** The main guard among the statements of a segment; rows are read, since every segment is asked. */
function mainGuardOf(unit: Unit): TypedNode<'if_statement'> | undefined {
  const { rows } = unit;
  const count = rows.length / rowSize;
  for (let row = 1; row < count; row = rows[row * rowSize + afterColumn] ?? count) {
    if (((rows[row * rowSize + kindColumn] ?? 0) & kindMask) !== ifKind) continue;
    const statement = Node.at(unit, row);
    if (statement.is('if_statement') && isMainGuard(statement)) return statement;
  }
  return undefined;
}

/** `app.run(…)`: an application that is imported is known by its name only. */
function startsApplication(callee: Node): boolean {
  if (!callee.is('attribute') || callee.field('attribute').text !== 'run') return false;
  const object = callee.field('object');
  const name = object.is('attribute') ? object.field('attribute').text : object.text;
  return /^(?:app|application|server)$/.test(name);
}

/** Whether an import brings a web server, or what web applications and their routes are made of. */
export function isWebImport(target: string): boolean {
  const end = target.indexOf('.');
  const root = end < 0 ? target : target.slice(0, end);
  return webServers.has(root) || (webFrameworks.has(root) && (end < 0 || webClass.test(target)));
}

const webServers = new Set(['uvicorn', 'hypercorn', 'gunicorn', 'granian']);
const webFrameworks = new Set(['fastapi', 'starlette', 'flask', 'quart', 'sanic', 'litestar']);
const webClass = /\.(?:FastAPI|APIRouter|Starlette|Flask|Quart|Sanic|Litestar|Blueprint)$/;

const ifKind = kindNumber('if_statement');
