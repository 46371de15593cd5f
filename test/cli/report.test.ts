import assert from 'node:assert/strict';
import { unifiedDiff } from '../../server/src/cli/report/diff.ts';
import { githubFormat } from '../../server/src/cli/report/github.ts';
import { jsonFormat } from '../../server/src/cli/report/json.ts';
import { createPlaces } from '../../server/src/cli/report/places.ts';
import { sarifFormat } from '../../server/src/cli/report/sarif.ts';
import { statisticsJson, statisticsText } from '../../server/src/cli/report/statistics.ts';
import { addReport, addTally, emptyTally } from '../../server/src/cli/report/tally.ts';
import { textFormat } from '../../server/src/cli/report/text.ts';
import type { FileReport, ReportFormat } from '../../server/src/cli/report/types.ts';
import type { RuleCard } from '../../shared-rules/src/index.ts';

const first = 'import os\nx = "😀" ; y = datetime.utcnow()\n';
const second = 'try:\n  pass\nexcept:\n  pass\n';

const reports: FileReport[] = [
  {
    path: '/repo/app/a.py',
    shownPath: 'app/a.py',
    text: first,
    findings: [
      {
        code: 'GR101',
        name: 'utcnow',
        message: '`datetime.utcnow()` is naive',
        severity: 'error',
        start: first.indexOf('datetime'),
        end: first.indexOf('()') + 2,
        noqaRow: 2,
        mayFix: false,
        url: 'https://example.org/GR101.md',
        fix: {
          title: 'Use `datetime.now(UTC)`',
          safety: 'unsafe',
          applies: false,
          edits: [
            { start: 0, end: 0, text: 'from datetime import UTC\n' },
            { start: first.indexOf('utcnow'), end: first.indexOf('()') + 2, text: 'now(UTC)' },
          ],
        },
      },
    ],
  },
  { path: '/repo/app/empty.py', shownPath: 'app/empty.py', text: '', findings: [] },
  {
    path: '/repo/b,1.py',
    shownPath: 'b,1.py',
    text: second,
    findings: [
      {
        code: 'GR402',
        name: 'bare-except',
        message: 'bare `except:` 100%\nsecond line',
        severity: 'information',
        start: second.indexOf('except'),
        end: second.length,
        noqaRow: 3,
        mayFix: false,
        fix: {
          title: 'Catch `Exception`',
          safety: 'safe',
          applies: true,
          edits: [{ start: 12, end: 18, text: 'except Exception' }],
        },
      },
      {
        code: 'GR101',
        name: 'utcnow',
        message: 'again',
        severity: 'error',
        start: 12,
        end: 12,
        noqaRow: 3,
        mayFix: false,
      },
    ],
  },
];

function tallyOf(all: readonly FileReport[]) {
  const tally = emptyTally();
  for (const report of all) addReport(tally, report);
  return tally;
}

function write(format: ReportFormat, all: readonly FileReport[] = reports): string {
  const parts = all.map((report) => format.file(report)).filter((part) => part !== '');
  return format.begin + parts.join(format.between) + format.end(tallyOf(all));
}

describe('places', () => {
  it('count from 1, in code points, without the byte order mark', () => {
    const text = '\ufeffa😀b\r\nc\rd\n\n\u2028e\f';
    const place = createPlaces(text);
    const places = [1, 2, 4, 5, 7, 9, 11, 12, 13, 14, 15].map((offset) => {
      const { row, column } = place(offset);
      return `${text
        .slice(offset, offset + 1)
        .codePointAt(0)
        ?.toString(16)} ${row}:${column}`;
    });
    assert.deepEqual(places, [
      '61 1:1',
      'd83d 1:2',
      '62 1:3',
      'd 1:4',
      '63 2:1',
      '64 3:1',
      'a 4:1',
      '2028 5:1',
      '65 5:2',
      'c 5:3',
      'undefined 5:4',
    ]);
    assert.deepEqual(place(1), { row: 1, column: 1 });
  });
});

describe('reports', () => {
  it('as text', () => {
    assert.equal(
      write(textFormat),
      `app/a.py:2:15: GR101 \`datetime.utcnow()\` is naive
b,1.py:3:1: GR402 [*] bare \`except:\` 100% second line
b,1.py:3:1: GR101 again
Found 3 findings in 2 files.
[*] 1 fixable with \`--fix\`, up to 1 more with \`--unsafe-fixes\`.
`,
    );
    assert.equal(write(textFormat, reports.slice(1, 2)), 'No findings in 1 file.\n');
  });

  it('says how many were fixed', () => {
    const tally = tallyOf(reports.slice(0, 1));
    tally.fixed = 4;
    assert.equal(textFormat.end(tally), 'Found 5 findings (4 fixed, 1 remaining).\n');
  });

  it('as json, in the shape of Ruff', () => {
    const written = write(jsonFormat);
    assert.deepEqual(JSON.parse(written), [
      {
        cell: null,
        code: 'GR101',
        end_location: { column: 32, row: 2 },
        filename: '/repo/app/a.py',
        fix: {
          applicability: 'unsafe',
          edits: [
            {
              content: 'from datetime import UTC\n',
              end_location: { column: 1, row: 1 },
              location: { column: 1, row: 1 },
            },
            { content: 'now(UTC)', end_location: { column: 32, row: 2 }, location: { column: 24, row: 2 } },
          ],
          message: 'Use `datetime.now(UTC)`',
        },
        location: { column: 15, row: 2 },
        message: '`datetime.utcnow()` is naive',
        name: 'utcnow',
        noqa_row: 2,
        severity: 'error',
        url: 'https://example.org/GR101.md',
      },
      {
        cell: null,
        code: 'GR402',
        end_location: { column: 1, row: 5 },
        filename: '/repo/b,1.py',
        fix: {
          applicability: 'safe',
          edits: [
            { content: 'except Exception', end_location: { column: 7, row: 3 }, location: { column: 1, row: 3 } },
          ],
          message: 'Catch `Exception`',
        },
        location: { column: 1, row: 3 },
        message: 'bare `except:` 100%\nsecond line',
        name: 'bare-except',
        noqa_row: 3,
        severity: 'info',
        url: null,
      },
      {
        cell: null,
        code: 'GR101',
        end_location: { column: 1, row: 3 },
        filename: '/repo/b,1.py',
        fix: null,
        location: { column: 1, row: 3 },
        message: 'again',
        name: 'utcnow',
        noqa_row: 3,
        severity: 'error',
        url: null,
      },
    ]);
    // Indented as Ruff indents it, keys in its order.
    assert.equal(written, `${JSON.stringify(JSON.parse(written), null, 2)}\n`);
    assert.equal(write(jsonFormat, []), '[]\n');
  });

  it('as SARIF', () => {
    const card: RuleCard = {
      code: 'GR101',
      name: 'utcnow',
      family: 'time',
      severity: 'error',
      standards: [],
      summary: 'It is naive',
      advice: 'Use `now(UTC)`',
      why: 'Because.',
      fix: 'unsafe',
      requirements: [],
      peers: [],
    };
    const tool = {
      version: '1.2.3',
      cards: [card, { ...card, code: 'GR999' }],
      urlOf: () => 'https://example.org/GR101.md',
    };
    assert.deepEqual(JSON.parse(write(sarifFormat(tool), reports.slice(0, 1))), {
      $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
      version: '2.1.0',
      runs: [
        {
          results: [
            {
              ruleId: 'GR101',
              level: 'error',
              message: { text: '`datetime.utcnow()` is naive' },
              locations: [
                {
                  physicalLocation: {
                    artifactLocation: { uri: 'file:///repo/app/a.py' },
                    region: { startLine: 2, startColumn: 15, endLine: 2, endColumn: 32 },
                  },
                },
              ],
              fixes: [
                {
                  description: { text: 'Use `datetime.now(UTC)` (unsafe)' },
                  artifactChanges: [
                    {
                      artifactLocation: { uri: 'file:///repo/app/a.py' },
                      replacements: [
                        {
                          deletedRegion: { startLine: 1, startColumn: 1, endLine: 1, endColumn: 1 },
                          insertedContent: { text: 'from datetime import UTC\n' },
                        },
                        {
                          deletedRegion: { startLine: 2, startColumn: 24, endLine: 2, endColumn: 32 },
                          insertedContent: { text: 'now(UTC)' },
                        },
                      ],
                    },
                  ],
                },
              ],
            },
          ],
          columnKind: 'unicodeCodePoints',
          tool: {
            driver: {
              name: 'Groundrules',
              version: '1.2.3',
              rules: [
                {
                  id: 'GR101',
                  name: 'utcnow',
                  shortDescription: { text: 'It is naive' },
                  fullDescription: { text: 'Because.' },
                  help: { text: 'Use `now(UTC)`' },
                  helpUri: 'https://example.org/GR101.md',
                  defaultConfiguration: { level: 'error' },
                },
              ],
            },
          },
        },
      ],
    });
    assert.deepEqual(JSON.parse(write(sarifFormat(tool), [])).runs[0].results, []);
    assert.equal(JSON.parse(write(sarifFormat(tool))).runs[0].results.length, 3);
  });

  it('as workflow commands of GitHub', () => {
    assert.equal(
      write(githubFormat),
      `::error title=Groundrules (GR101),file=/repo/app/a.py,line=2,col=15,endLine=2,endColumn=32::app/a.py:2:15: GR101 \`datetime.utcnow()\` is naive
::notice title=Groundrules (GR402),file=/repo/b%2C1.py,line=3,endLine=5::b,1.py:3:1: GR402 bare \`except:\` 100%25%0Asecond line
::error title=Groundrules (GR101),file=/repo/b%2C1.py,line=3,col=1,endLine=3,endColumn=1::b,1.py:3:1: GR101 again
`,
    );
  });

  it('as statistics', () => {
    const tally = emptyTally();
    addTally(tally, tallyOf(reports.slice(0, 2)));
    addTally(tally, tallyOf(reports.slice(2)));
    assert.deepEqual(tally, tallyOf(reports));
    assert.equal(
      statisticsText(tally),
      `2\tGR101\t[ ] utcnow
1\tGR402\t[*] bare-except
Found 3 findings in 2 files.
[*] 1 fixable with \`--fix\`, up to 1 more with \`--unsafe-fixes\`.
`,
    );
    assert.deepEqual(JSON.parse(statisticsJson(tally)), [
      { code: 'GR101', name: 'utcnow', count: 2, fixable: false, fixable_count: 0 },
      { code: 'GR402', name: 'bare-except', count: 1, fixable: true, fixable_count: 1 },
    ]);
  });

  it('as a unified diff', () => {
    assert.equal(
      unifiedDiff('app/a.py', 'a\nb\nc\nd\ne\nf', 'a\nb\nc\nD\ne\nf'),
      `--- app/a.py
+++ app/a.py
@@ -1,6 +1,6 @@
 a
 b
 c
-d
+D
 e
 f
\\ No newline at end of file
`,
    );
    assert.equal(
      unifiedDiff('a.py', 'x\r\ny\r\n', 'x\r\nz\r\n'),
      '--- a.py\n+++ a.py\n@@ -1,2 +1,2 @@\n x\r\n-y\r\n+z\r\n',
    );
    assert.equal(unifiedDiff('a.py', 'x\n', 'x\n'), '');
  });
});
