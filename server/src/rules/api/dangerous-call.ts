import {
  argumentsOf,
  defineRule,
  type Edit,
  type Finding,
  type Fix,
  isTestFile,
  madeBy,
  type Node,
  py,
  type SourceFile,
  spell,
  type TypedNode,
  without,
} from '../../engine/index.ts';

type Call = TypedNode<'call'>;

export default defineRule({
  code: 'GR621',
  name: 'dangerous-call',
  family: 'api',
  severity: 'error',
  standards: ['architecture', 'backend'],
  summary: 'A call that runs code from data, or turns a protection off',
  advice: 'Use the form that does not',
  why: '`eval`, `exec`, `pickle` and the full YAML loaders run what their input says, a shell splits and expands it, and without verification a TLS connection may end anywhere. `mktemp` gives a name that somebody else can take before the file is made.',
  fix: 'unsafe',
  fixSafety: 'What only worked because of the danger no longer does.',
  requirements: ['001-121', '001-131', '004-342'],
  peers: [
    'S102',
    'S301',
    'S306',
    'S307',
    'S501',
    'S506',
    'S602',
    'S604',
    'bandit B102',
    'bandit B301',
    'bandit B306',
    'bandit B307',
    'bandit B501',
    'bandit B506',
    'bandit B602',
  ],
  mentions: ['eval', 'exec', 'pickle', 'dill', 'yaml', 'shell', 'verify', 'mktemp'],
  applies: (file) => !isTestFile(file),
  examples: [
    {
      bad: py`
        import yaml
        from yaml import load

        config = yaml.load(stream)
        #        ^^^^^^^^^^^^^^^^^ GR621 unsafe: \`yaml.load\` makes any object that the document asks for; use \`safe_load\`.
        other = yaml.load(stream, Loader=yaml.FullLoader)
        #       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR621 unsafe
        third = load(stream, yaml.Loader)
        #       ^^^^^^^^^^^^^^^^^^^^^^^^^ GR621 unsafe
        every = yaml.unsafe_load_all(stream)
        #       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR621 unsafe: \`yaml.unsafe_load_all\` makes any object that the document asks for; use \`safe_load_all\`.
      `,
      good: py`
        import yaml
        from yaml import load

        config = yaml.safe_load(stream)
        other = yaml.safe_load(stream)
        third = yaml.safe_load(stream)
        every = yaml.safe_load_all(stream)
      `,
    },
    {
      bad: py`
        import requests
        import httpx

        requests.get(url, verify=False)
        #                 ^^^^^^^^^^^^ GR621 unsafe: \`verify=False\` accepts any certificate, so anybody on the way can answer; leave verification on.
        client = httpx.AsyncClient(
            verify=False,
        #   ^^^^^^^^^^^^ GR621 unsafe
            timeout=10,
        )
        session = requests.Session()
        session.post(url, json=data, verify=False)
        #                            ^^^^^^^^^^^^ GR621 unsafe
      `,
      good: py`
        import requests
        import httpx

        requests.get(url)
        client = httpx.AsyncClient(
            timeout=10,
        )
        session = requests.Session()
        session.post(url, json=data)
      `,
    },
    {
      bad: py`
        import pickle
        import subprocess as sp
        from tempfile import mktemp

        value = eval(expression)
        #       ^^^^^^^^^^^^^^^^ GR621 none: \`eval\` runs its input as code; parse it instead (\`ast.literal_eval\`, \`json.loads\`).
        exec(source, {})
        ^^^^^^^^^^^^^^^^ GR621 none: \`exec\` runs its input as code; call a function instead.
        order = pickle.loads(body)
        #       ^^^^^^^^^^^^^^^^^^ GR621 none: \`pickle.loads\` runs what its input says; keep the data as JSON or in a Pydantic model.
        sp.run(f"convert {name}", shell=True)
        #                         ^^^^^^^^^^ GR621 none: \`shell=True\` hands the command to a shell; pass a list of arguments without it.
        path = mktemp(suffix=".csv")
        #      ^^^^^^^^^^^^^^^^^^^^^ GR621 none: \`tempfile.mktemp\` gives a name that somebody else can take first; use \`mkstemp\` or \`NamedTemporaryFile\`.
      `,
    },
    {
      ok: py`
        import ast
        import copyreg
        import pickle
        import subprocess

        import requests
        import yaml

        config = yaml.safe_load(stream)
        other = yaml.load(stream, Loader=yaml.CSafeLoader)
        third = yaml.load(stream, Loader=loader)
        value = ast.literal_eval(expression)
        model.eval()
        clone = pickle.loads(pickle.dumps(order))
        data = pickle.dumps(order)
        subprocess.run(["convert", name], shell=False)
        subprocess.run(["convert", name])
        requests.get(url, verify=True)
        requests.get(url, verify=bundle)
      `,
    },
    {
      ok: py`
        import jwt
        import yaml


        class Loader(yaml.SafeLoader):
            pass


        def eval(text):
            return text


        config = yaml.load(stream, Loader=Loader)
        result = eval(expression)
        claims = jwt.decode(token, verify=False)
        client.call(verify=False, shell=True)
      `,
    },
    {
      ok: py`
        import pickle

        def test_order_can_be_pickled(order):
            assert pickle.loads(order.dump()) == order
      `,
      path: 'tests/test_order.py',
    },
  ],
  on: {
    call(call, file) {
      return ofName(call, file) ?? ofShell(call, file) ?? ofVerify(call, file);
    },
  },
});

function ofName(call: Call, file: SourceFile): Finding | undefined {
  const callee = call.field('function');
  if (!callee.is('identifier', 'attribute')) return undefined;
  const name = file.qualified(callee);
  if (name === undefined || !suspect.test(name)) return undefined;
  if (name.startsWith('yaml.')) return ofYaml(call, name.slice('yaml.'.length), file);
  const last = callee.is('attribute') ? callee.field('attribute').text : callee.text;
  const { positional } = argumentsOf(call);
  const [first] = positional;
  if (name === 'builtins.eval' || name === 'builtins.exec') {
    // What stands in the code is as trustworthy as the code.
    if (!first || (first.is('string', 'concatenated_string') && first.below('interpolation').length === 0))
      return undefined;
    const instead =
      last === 'eval' || name.endsWith('eval')
        ? 'parse it instead (`ast.literal_eval`, `json.loads`)'
        : 'call a function instead';
    return { at: call, message: `\`${name.slice('builtins.'.length)}\` runs its input as code; ${instead}.` };
  }
  if (name === 'tempfile.mktemp')
    return {
      at: call,
      message:
        '`tempfile.mktemp` gives a name that somebody else can take first; use `mkstemp` or `NamedTemporaryFile`.',
    };
  const [, module, member] = /^(_?c?[pP]ickle|dill|cloudpickle)\.(loads?)$/.exec(name) ?? [];
  if (module === undefined || isRoundTrip(first, file)) return undefined;
  return {
    at: call,
    message: `\`${module}.${member}\` runs what its input says; keep the data as JSON or in a Pydantic model.`,
  };
}

/** Every name that `ofName` has something to say of begins so. */
const suspect = /^(?:yaml\.|builtins\.e(?:val|xec)$|tempfile\.mktemp$|_?c?[pP]ickle\.|dill\.|cloudpickle\.)/;

/** `pickle.loads(pickle.dumps(x))` copies what is in memory already. */
function isRoundTrip(first: Node | undefined, file: SourceFile): boolean {
  return (
    first?.is('call') === true && /pickle\.dumps$|^dill\.dumps$/.test(file.qualified(first.field('function')) ?? '')
  );
}

const safeForms = new Map([
  ['load', 'safe_load'],
  ['load_all', 'safe_load_all'],
  ['unsafe_load', 'safe_load'],
  ['unsafe_load_all', 'safe_load_all'],
  ['full_load', 'safe_load'],
  ['full_load_all', 'safe_load_all'],
]);
const unsafeLoaders = /^yaml\.(?:loader\.|cyaml\.)?C?(?:Full|Unsafe)?Loader$/;

function ofYaml(call: Call, member: string, file: SourceFile): Finding | undefined {
  const safe = safeForms.get(member);
  if (safe === undefined) return undefined;
  const given = argumentsOf(call);
  const loader = given.at(1, 'Loader');
  if (loader && !unsafeLoaders.test(file.qualified(loader) ?? '')) return undefined;
  if (!loader && (given.hasSplat || given.hasDoubleSplat)) return undefined;
  return {
    at: call,
    message: `\`yaml.${member}\` makes any object that the document asks for; use \`${safe}\`.`,
    fix: () => safeYaml(call, safe, file),
  };
}

function safeYaml(call: Call, safe: string, file: SourceFile): Fix | undefined {
  const callee = call.field('function');
  const { list, positional, keywords } = argumentsOf(call);
  const loader = keywords.get('Loader') ?? positional[1];
  if (loader && file.commentsIn(call).length > 0) return undefined;
  const edits: Edit[] = loader ? [without(loader, list.namedChildren)] : [];
  if (callee.is('attribute')) {
    const name = callee.field('attribute');
    edits.unshift({ start: name.start, end: name.end, text: safe });
  } else {
    const spelling = spell(file, 'yaml', safe, call);
    if (!spelling) return undefined;
    edits.unshift(...spelling.edits, { start: callee.start, end: callee.end, text: spelling.text });
  }
  return {
    title: `Use \`${safe}\``,
    safety: 'unsafe',
    reason: 'Documents with tags of Python objects are refused.',
    edits,
  };
}

function ofShell(call: Call, file: SourceFile): Finding | undefined {
  if (!mayHave(call, 'shell')) return undefined;
  const shell = argumentsOf(call).keywords.get('shell');
  if (!shell?.field('value').is('true')) return undefined;
  if (!/^subprocess\.(?:run|call|check_call|check_output|Popen)$/.test(file.qualified(call.field('function')) ?? ''))
    return undefined;
  return {
    at: shell,
    message: '`shell=True` hands the command to a shell; pass a list of arguments without it.',
  };
}

const clients =
  /^(?:requests|httpx)\.(?:\w+\.)*(?:get|post|put|patch|delete|head|options|request|stream|Session|session|Client|AsyncClient|HTTPTransport|AsyncHTTPTransport)$/;

function ofVerify(call: Call, file: SourceFile): Finding | undefined {
  if (!mayHave(call, 'verify')) return undefined;
  const { list, keywords } = argumentsOf(call);
  const verify = keywords.get('verify');
  if (!verify?.field('value').is('false')) return undefined;
  const callee = call.field('function');
  const owner = callee.is('attribute') ? madeBy(file, callee.field('object')) : undefined;
  if (!clients.test(file.qualified(callee) ?? '') && !/^requests\.(?:sessions\.)?[Ss]ession$/.test(owner ?? ''))
    return undefined;
  return {
    at: verify,
    message: '`verify=False` accepts any certificate, so anybody on the way can answer; leave verification on.',
    fix: () =>
      file.commentsIn(verify).length > 0
        ? undefined
        : {
            title: 'Verify the certificate',
            safety: 'unsafe',
            reason: 'A host with a certificate of its own making is refused; give `verify` its bundle.',
            edits: [without(verify, list.namedChildren)],
          },
  };
}

/** Whether a keyword stands in the arguments, told by a look at the text. */
function mayHave(call: Call, keyword: string): boolean {
  const list = call.field('arguments');
  return list.child('keyword_argument') !== undefined && list.text.includes(keyword);
}
