import assert from 'node:assert/strict';
import { argumentsOf, type TraceOptions, trace } from '../../server/src/engine/index.ts';
import { open } from '../support/engine.ts';

/** The texts of what the first argument of `sink(…)` may come from. */
function origins(code: string, options: TraceOptions = {}): string[] {
  const document = open(code);
  const calls = document.file.units
    .flatMap((unit) => unit.root.below('call'))
    .filter((call) => call.field('function').text === 'sink');
  const argument = calls.map((call) => argumentsOf(call).positional[0])[0];
  assert.ok(argument, 'no call of sink');
  return trace(document.file, argument, options).map(
    (origin) =>
      (origin.binding ? `${origin.binding.kind} ` : '') +
      origin.node.text +
      (origin.via.length > 0 ? ` via ${origin.via.join(' ')}` : ''),
  );
}

const inFunction = (body: string[]): string =>
  ['def work(user, password):', ...body.map((line) => `    ${line}`), ''].join('\n');

describe('trace', () => {
  it('follows assignments to what they were given', () => {
    assert.deepEqual(origins(inFunction(['query = user.name', 'text = query', 'sink(text)'])), [
      'user.name via assignment assignment',
    ]);
  });

  it('forgets what a later assignment surely replaced', () => {
    assert.deepEqual(origins(inFunction(['text = first()', 'text = second()', 'sink(text)'])), [
      'second() via assignment',
    ]);
  });

  it('joins branches', () => {
    assert.deepEqual(
      origins(
        inFunction(['text = "a"', 'if user:', '    text = first()', 'else:', '    text = second()', 'sink(text)']),
      ),
      ['"a" via assignment', 'first() via assignment', 'second() via assignment'],
    );
  });

  it('sees a branch’s own assignment alone inside the branch', () => {
    assert.deepEqual(origins(inFunction(['text = "a"', 'if user:', '    text = first()', '    sink(text)'])), [
      'first() via assignment',
    ]);
  });

  it('counts what a loop assigns behind the place, unless it is assigned anew before it in every round', () => {
    const loop = (first: string) =>
      origins(inFunction([first, 'for row in user:', '    sink(text)', '    text = second()', 'text = third()']));
    assert.deepEqual(loop('text = first()'), ['first() via assignment', 'second() via assignment']);
    assert.deepEqual(
      origins(
        inFunction([
          'while user:',
          '    text = first()',
          '    for row in user:',
          '        sink(text)',
          '        text = second()',
          '    text = third()',
        ]),
      ),
      ['first() via assignment', 'second() via assignment'],
    );
    assert.deepEqual(
      origins(inFunction(['for row in user:', '    text = first()', '    sink(text)', '    text = second()'])),
      ['first() via assignment'],
    );
  });

  it('takes f-strings, % and format apart', () => {
    assert.deepEqual(origins(inFunction(['sink(f"select {user} where {password!r:>10}")'])), [
      'parameter user via format',
      'parameter password via format',
    ]);
    assert.deepEqual(origins(inFunction(['sink("%s %s" % (user, 1))'])), [
      '"%s %s" via format',
      'parameter user via format element',
      '1 via format element',
    ]);
    assert.deepEqual(origins(inFunction(['sink("{} {x}".format(user, x=password))'])), [
      'parameter user via format',
      'parameter password via format',
    ]);
  });

  it('follows concatenation, containers and conditional expressions', () => {
    assert.deepEqual(origins(inFunction(['sink("a" + user)'])), [
      '"a" via concatenation',
      'parameter user via concatenation',
    ]);
    assert.deepEqual(origins(inFunction(['data = {"p": password, **user}', 'sink(data)'])), [
      'parameter password via assignment element',
      'parameter user via assignment element',
    ]);
    assert.deepEqual(origins(inFunction(['sink(user if user else None)'])), [
      'parameter user via branch',
      'None via branch',
    ]);
  });

  it('ends at calls that clean', () => {
    const cleans = {
      cleans: (call: Parameters<NonNullable<TraceOptions['cleans']>>[0]) =>
        call.field('function').text === 'hash_password',
    };
    assert.deepEqual(origins(inFunction(['sink(hash_password(password))']), cleans), []);
    assert.deepEqual(origins(inFunction(['password = hash_password(password)', 'sink(password)']), cleans), []);
    assert.deepEqual(
      origins(inFunction(['if user:', '    password = hash_password(password)', 'sink(password)']), cleans),
      ['parameter password'],
    );
  });

  it('counts what a loop assigns behind the place', () => {
    assert.deepEqual(origins(inFunction(['text = "a"', 'for item in user:', '    sink(text)', '    text = item'])), [
      '"a" via assignment',
      'parameter user via assignment assignment',
    ]);
  });

  it('adds up augmented assignments', () => {
    assert.deepEqual(origins(inFunction(['text = "a"', 'text += user', 'sink(text)'])), [
      '"a" via assignment',
      'parameter user via assignment',
    ]);
  });

  it('ends at names from elsewhere', () => {
    assert.deepEqual(origins('import secret\n\ndef work():\n    sink(secret)\n'), ['import secret']);
    assert.deepEqual(origins('LIMIT = 5\n\ndef work():\n    sink(LIMIT)\n'), ['5 via assignment']);
    assert.deepEqual(origins('sink(unknown)\n'), ['unknown']);
  });

  it('does not run in circles', () => {
    assert.deepEqual(origins(inFunction(['a = b', 'b = a', 'while user:', '    a = b', '    b = a', '    sink(a)'])), [
      'b via assignment assignment assignment',
    ]);
  });
});
