import { defineRule, isTestFile, type Node, py, type TypedNode } from '../../engine/index.ts';

export default defineRule({
  code: 'GR618',
  name: 'plain-http-url',
  family: 'api',
  severity: 'warning',
  standards: ['backend'],
  summary: 'A URL of another host is called without encryption',
  advice: 'Use `https://`',
  why: 'What travels over `http://` can be read and changed by everybody on the way: tokens, personal data, and the answer that the program then trusts.',
  fix: 'unsafe',
  fixSafety: 'The host must answer over HTTPS as well.',
  requirements: ['004-160'],
  peers: ['Sonar S5332'],
  mentions: ['http://'],
  applies: (file) => !isTestFile(file),
  examples: [
    {
      bad: py`
        PAYMENTS = "http://api.payments.io/v1"
        #          ^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR618 unsafe: \`http://api.payments.io\` is called without encryption; use \`https://\`.
        client.get(f"http://api.payments.io/v1/{order_id}")
        #          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR618 unsafe
      `,
      good: py`
        PAYMENTS = "https://api.payments.io/v1"
        client.get(f"https://api.payments.io/v1/{order_id}")
      `,
    },
    {
      ok: py`
        """Talks to http://api.payments.io/v1."""

        ORIGINS = ["http://localhost:3000", "http://127.0.0.1:8000", "http://[::1]:80", "http://0.0.0.0"]
        SERVICES = ["http://redis-exporter:9121", "http://printer.local/", "http://api.example.com", "http://10.0.0.4/"]
        METADATA = "http://169.254.169.254/latest/meta-data/"
      `,
    },
    {
      ok: py`
        NAMESPACES = ["http://www.w3.org/2000/svg", "http://json-schema.org/draft-07/schema#"]
        ATOM_NS = "http://atom.acme.io/2005"
        parse(document, xmlns="http://acme.io/orders")
        HANDLERS = {"http://acme.io/orders": read_orders}
      `,
    },
    {
      ok: py`
        def secure(url, host):
            if url.startswith("http://") or url == "http://acme.io":
                raise ValueError("Use https:// instead of http://acme.io")
            return f"http://{host}/health", url.replace("http://acme.io", "https://acme.io")
      `,
    },
    {
      ok: py`
        SIGNAL = "http://runbook.com"
      `,
      path: 'tests/signals.py',
    },
  ],
  on: {
    string(literal) {
      const content = literal.child('string_content');
      // The opening quotes come first, so a field put in before the host leaves no content to start with.
      if (!content || content.end - content.start < 8 || !content.text.startsWith('http://')) return undefined;
      const [opening] = literal.namedChildren;
      if (opening && opening.end !== content.start) return undefined;
      const host = hostIn(content);
      if (host === undefined || isLocal(host) || isIdentifier(host)) return undefined;
      if (!isCalled(literal)) return undefined;
      return {
        at: literal,
        message: `\`http://${host}\` is called without encryption; use \`https://\`.`,
        fix: () => ({
          title: 'Use `https://`',
          safety: 'unsafe',
          edits: [{ start: content.start + 4, end: content.start + 4, text: 's' }],
        }),
      };
    },
  },
});

/** The host, when it is written out; a field of an f-string or of `format` may stand in its place. */
function hostIn(content: Node): string | undefined {
  const [, host = '', after = ''] = /^http:\/\/(?:[^\s/@]*@)?([\w.-]+|\[[^\]]*\])(.?)/s.exec(content.text) ?? [];
  if (host === '' || after === '{' || after === '%') return undefined;
  const { parent } = content;
  const isWhole = content.text.length === `http://${host}`.length;
  return isWhole && parent?.child('interpolation') ? undefined : host.toLowerCase();
}

/** A host of this machine or this network: a name without a dot, a private address, a reserved top-level name. */
function isLocal(host: string): boolean {
  if (host.startsWith('[') || !host.includes('.')) return true;
  if (/^(?:127|10|0)\.|^192\.168\.|^169\.254\.|^172\.(?:1[6-9]|2\d|3[01])\.|^192\.0\.2\./.test(host)) return true;
  return /(?:^|\.)(?:local|localhost|internal|lan|intranet|test|invalid|example|home\.arpa|svc|example\.(?:com|org|net|edu))\.?$/.test(
    host,
  );
}

/** Hosts whose URLs name a vocabulary and are never called. */
function isIdentifier(host: string): boolean {
  return /^(?:schemas?|xmlns|ns|xml|purl|specs)\./.test(host) || vocabularies.has(host.replace(/^www\./, ''));
}

const vocabularies = new Set([
  'w3.org',
  'json-schema.org',
  'schema.org',
  'purl.org',
  'opengis.net',
  'sitemaps.org',
  'docbook.org',
  'openid.net',
  'tempuri.org',
  'topografix.com',
  'relaxng.org',
  'java.sun.com',
  'itunes.com',
  'search.yahoo.com',
  'iptc.org',
  'ogp.me',
  'xmlsoap.org',
  'openarchives.org',
  'id3.org',
  'python.org',
]);

/** A literal that is compared, matched, searched for or a key names something; behind the name of a namespace too. */
function isCalled(literal: TypedNode<'string'>): boolean {
  let node: Node = literal;
  for (let parent = node.parent; parent; parent = node.parent) {
    if (parent.is('expression_statement', 'comparison_operator', 'case_pattern', 'subscript')) return false;
    if (parent.is('pair')) return parent.field('value').row === node.row && !naming.test(parent.field('key').text);
    if (parent.is('keyword_argument')) return !naming.test(parent.field('name').text);
    if (parent.is('assignment')) return !naming.test(parent.field('left').text.slice(0, 80));
    if (parent.is('argument_list')) {
      const callee = parent.parent?.is('call') ? parent.parent.field('function') : undefined;
      return !(callee?.is('attribute') && textMethods.has(callee.field('attribute').text));
    }
    if (!parent.is('concatenated_string', 'tuple', 'list', 'set', 'parenthesized_expression', 'binary_operator'))
      return true;
    node = parent;
  }
  return true;
}

const naming = /(?:^|[^a-z])(?:ns|nsmap|xmlns|dtd|iri|rdf|uri_ref)(?:$|[^a-z])|namespace|schema|xmlns|vocab|ontology/i;
const textMethods = new Set([
  'startswith',
  'endswith',
  'replace',
  'removeprefix',
  'split',
  'find',
  'index',
  'count',
  'strip',
  'lstrip',
  'partition',
  'register_namespace',
  'match',
  'search',
]);
