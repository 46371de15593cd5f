import assert from 'node:assert/strict';
import { applyEdits, type Document, fixAll } from '../../server/src/engine/index.ts';
import { rules } from '../../server/src/rules/index.generated.ts';
import { factsOf, only, open } from '../support/engine.ts';
import { run } from '../support/python.ts';

const folder = 'app/modules/calculation/orbit';

function documentOf(code: string, text: string, path = `${folder}/module.py`): Document {
  const rule = rules.find((candidate) => candidate.card.code === code);
  assert.ok(rule, `${code} exists`);
  return open(text, only(rule), factsOf(path, '3.12'));
}

/** The text after every fix of the rule. */
function fixed(code: string, text: string, path?: string): string {
  return fixAll(
    text,
    (now) => documentOf(code, now, path),
    (finding) => finding.code === code,
  ).text;
}

function titles(code: string, text: string, path?: string): string[][] {
  return documentOf(code, text, path)
    .findings()
    .map((finding) => finding.fixes().map((fix) => fix.title));
}

/** Enough of the application for a module class to run; two sessions come where the loop is not left. */
const application = `
import asyncio
from types import SimpleNamespace

opened = []
class BaseModule:
    name = "orbit"
    layer = "calculation"
    started = False
    async def initialize(self):
        BaseModule.started = True
    def default_config(self):
        return {"days": 30}
    async def get_profile(self, user_id):
        return {"user": user_id}
    def extract_insights(self, profile):
        return [f"known: {profile['user']}"]
class Condition:
    def __eq__(self, other):
        return f"name {other}"
    def is_(self, value):
        return f"active {value}"
class SystemConfiguration:
    module_name = Condition()
    is_active = Condition()
class Query:
    def where(self, *conditions):
        return conditions
def select(table):
    return Query()
class Session:
    def __init__(self, row):
        self.row = row
    async def scalar(self, query):
        opened.append(query)
        return self.row
row = None
async def async_get_db():
    yield Session(row)
    yield Session(row)
`;

describe('GR808 fixes', () => {
  const before = [
    'from app.modules.base import BaseModule',
    '',
    '',
    'class OrbitModule(BaseModule):',
    '    async def initialize(self) -> None:',
    '        """Start."""  # once',
    '        async for db in async_get_db():',
    '            found = await db.scalar(',
    '                select(SystemConfiguration).where(',
    '                    SystemConfiguration.module_name == self.name,  # ours',
    '                )',
    '            )',
    '            self.config = found.config  # of the row',
    '',
    '',
  ].join('\n');

  it('make a module that starts as the standard says, with its row and without', () => {
    const after = fixed('GR808', before);
    assert.equal(
      after,
      [
        'from app.modules.base import BaseModule',
        '',
        '',
        'class OrbitModule(BaseModule):',
        '    async def initialize(self) -> None:',
        '        """Start."""  # once',
        '        await super().initialize()',
        '        async for db in async_get_db():',
        '            found = await db.scalar(',
        '                select(SystemConfiguration).where(',
        '                    SystemConfiguration.module_name == self.name,  # ours',
        '                    SystemConfiguration.is_active.is_(True),',
        '                )',
        '            )',
        '            self.config = found.config if found else self.default_config()  # of the row',
        '            break',
        '        self.initialized = True',
        '',
        '',
      ].join('\n'),
    );
    const code = after.replace('from app.modules.base import BaseModule', '');
    const show = 'print(BaseModule.started, m.initialized, m.config, opened)';
    const started = `${code}m = OrbitModule()\nasyncio.run(m.initialize())\n${show}\n`;
    const [without, withRow] = run([started, `row = SimpleNamespace(config={"days": 7})\n${started}`], application);
    assert.equal(without, "True True {'days': 30} [('name orbit', 'active True')]\n");
    assert.equal(withRow, "True True {'days': 7} [('name orbit', 'active True')]\n");
  });

  it('keep line breaks and tabs', () => {
    const crlf = before.replaceAll('    ', '\t').replaceAll('\n', '\r\n');
    const after = fixed('GR808', crlf);
    assert.equal(after, fixed('GR808', before).replaceAll('    ', '\t').replaceAll('\n', '\r\n'));
  });

  it('are not offered where they would not run or not be true', () => {
    const head = 'from app.modules.base import BaseModule\n\n\nclass OrbitModule(BaseModule):\n';
    assert.deepEqual(titles('GR808', `${head}    async def initialize(self) -> None: self.initialized = True\n`), [
      [],
      [],
    ]);
    const raising = [
      '    async def initialize(self) -> None:',
      '        await super().initialize()',
      '        async for db in async_get_db():',
      '            query = select(SystemConfiguration).where(SystemConfiguration.module_name == self.name)',
      '            query = query.where(SystemConfiguration.is_active)',
      '            row = (await db.execute(query)).scalar_one()',
      '            self.config = row.config',
      '            return',
      '',
    ].join('\n');
    assert.deepEqual(titles('GR808', head + raising), [[], ['Set `self.initialized`']]);
    const returning = [
      '    async def initialize(self) -> None:',
      '        started = super().initialize()',
      '        self.config = await load_config(self.name) or self.default_config()',
      '        return await started',
      '',
    ].join('\n');
    assert.deepEqual(titles('GR808', head + returning), [[], []]);
  });

  it('leave subclasses of other files and abstract bases alone', () => {
    const other = [
      'from app.modules.base import BaseModule',
      'from app.modules.cycle import CycleModule',
      '',
      '',
      'class OrbitModule(CycleModule):',
      '    async def initialize(self) -> None:',
      '        self.ready = True',
      '',
      '',
      'class Abstract(BaseModule):',
      '    @abc.abstractmethod',
      '    async def initialize(self) -> None: ...',
      '',
    ].join('\n');
    assert.deepEqual(titles('GR808', other), []);
  });
});

describe('GR809 fixes', () => {
  const head = 'from app.modules.base import BaseModule\n\n\nclass OrbitModule(BaseModule):\n';

  it('give a contribution that has everything', () => {
    const before = [
      '    async def contribute_to_synthesis(self, user_id):',
      '        return {',
      '            "module": self.name,  # who',
      '            "metadata": {',
      '                "version": 1',
      '            }',
      '        }',
      '',
      '',
    ].join('\n');
    const after = fixed('GR809', head + before);
    assert.equal(
      after,
      [
        `${head}    async def contribute_to_synthesis(self, user_id):`,
        '        profile = await self.get_profile(user_id)',
        '        return {',
        '            "module": self.name,  # who',
        '            "metadata": {',
        '                "version": 1,',
        '                "confidence": 1.0',
        '            },',
        '            "layer": self.layer,',
        '            "data": profile,',
        '            "insights": self.extract_insights(profile)',
        '        }',
        '',
        '',
      ].join('\n'),
    );
    const code = after.replace('from app.modules.base import BaseModule', '');
    const [shown] = run(
      [`${code}print(sorted(asyncio.run(OrbitModule().contribute_to_synthesis(5)).items()))\n`],
      application,
    );
    assert.equal(
      shown,
      "[('data', {'user': 5}), ('insights', ['known: 5']), ('layer', 'calculation'), ('metadata', {'version': 1, 'confidence': 1.0}), ('module', 'orbit')]\n",
    );
  });

  it('keep line breaks', () => {
    const before = `${head}    async def contribute_to_synthesis(self, user_id):\n        return {\n            "module": 1,  # one\n        }\n`;
    assert.equal(fixed('GR809', before.replaceAll('\n', '\r\n')), fixed('GR809', before).replaceAll('\n', '\r\n'));
  });

  it('are not offered where no profile can be asked for', () => {
    const sync = '    def contribute_to_synthesis(self, user_id):\n        return {"module": self.name}\n';
    const taken = [
      '    async def contribute_to_synthesis(self, profile):',
      '        return {"module": self.name, "layer": profile}',
      '',
    ].join('\n');
    const oneLine = '    async def contribute_to_synthesis(self, user_id): return {}\n';
    const elsewhere = [
      '    async def contribute_to_synthesis(self, user_id):',
      '        return {"module": 1, "layer": 2, "data": {}, "insights": [], "metadata": {"confidence": 1.0}}',
      '',
    ].join('\n');
    for (const body of [sync, taken, oneLine, elsewhere]) assert.deepEqual(titles('GR809', head + body), [[]], body);
  });

  it('are silent about what may be complete', () => {
    const bodies = [
      'result = {}\n        fill(result)\n        return result',
      'result = {}\n        for key in KEYS:\n            result[key] = 1\n        return result',
      'return self.shape | {"data": 1}',
      'return (await self.build(user_id))',
    ];
    for (const body of bodies)
      assert.deepEqual(
        titles('GR809', `${head}    async def contribute_to_synthesis(self, user_id):\n        ${body}\n`),
        [],
        body,
      );
  });
});

describe('GR831 fixes', () => {
  const path = `${folder}/schemas.py`;

  it('leave out what cannot be spelt', () => {
    const before = [
      'from pydantic import BaseModel',
      '',
      'UUID = str',
      '',
      '',
      'class OrbitRead(BaseModel):',
      '    id: int',
      '    """The key."""',
      '',
      '',
      'class OrbitData(BaseModel):',
      '    angle: float',
      '',
    ].join('\n');
    assert.deepEqual(titles('GR831', before, path), [['Declare `created_at: datetime`']]);
    const [finding] = documentOf('GR831', before, path).findings();
    const [fix] = finding?.fixes() ?? [];
    assert.ok(fix);
    assert.equal(
      applyEdits(before, fix.edits).split('class OrbitRead(BaseModel):\n')[1]?.split('\n\n')[0],
      '    id: int\n    created_at: datetime\n    """The key."""',
    );
  });

  it('keep line breaks', () => {
    const before =
      'from pydantic import BaseModel\n\n\nclass OrbitRead(BaseModel):\n    """Read."""\n\n\nclass DayRead(BaseModel):\n    id: int  # key\n';
    const after = fixed('GR831', before, path);
    assert.match(after, /"""Read."""\n\n {4}id: int\n {4}user_id: UUID\n {4}created_at: datetime\n\n\nclass DayRead/);
    assert.match(after, / {4}id: int {2}# key\n {4}user_id: UUID\n {4}created_at: datetime\n$/);
    assert.equal(fixed('GR831', before.replaceAll('\n', '\r\n'), path), after.replaceAll('\n', '\r\n'));
  });

  it('are not offered for a class on one line', () => {
    assert.deepEqual(titles('GR831', 'from pydantic import BaseModel\n\nclass OrbitRead(BaseModel): id: int\n', path), [
      [],
    ]);
  });
});
