import { isSensitiveName } from './sensitive.ts';

/** Whether a literal is a secret. Plain names and texts go in, so that TOML and `.env` files can be asked about as well. */

/** Why a literal is taken for a secret. The secret's own text is never part of it. */
export interface Secret {
  /** `format`: a published key format; `name`: the name says so; `entropy`: the name suggests it and the text is random. */
  readonly by: 'format' | 'name' | 'entropy';
  /** What it is, as a noun phrase: `a GitHub token`, `a password`. */
  readonly what: string;
}

/** Names that mean a secret whatever is written behind them, as long as it is no placeholder. */
export const secretNames: readonly string[] = [
  'password',
  'passwd',
  'pwd',
  'passphrase',
  'secret',
  'api_secret',
  'client_secret',
  'jwt_secret',
  'secret_key',
  'private_key',
  'signing_key',
  'encryption_key',
];

/** Names that often mean something public, so that the text behind them has to look random: `token = "start"`. */
export const suggestiveNames: readonly string[] = [
  'token',
  'jwt',
  'api_key',
  'apikey',
  'access_key',
  'access_key_id',
  'auth_key',
  'license_key',
  'account_key',
  'shared_key',
  'master_key',
  'fernet_key',
  'salt',
  'pepper',
  'credential',
  'credentials',
  'authorization',
  'dsn',
];

/**
 * Whether a text is a secret: by its format, else by the name it stands behind (a variable, a key, a keyword; undefined
 * where it has none). Placeholders, references to variables, UUIDs and digests behind names of checksums are none.
 */
export function secretIn(
  name: string | undefined,
  value: string,
  names: readonly string[] = secretNames,
): Secret | undefined {
  const what = keyFormat(value);
  if (what !== undefined) return { by: 'format', what };
  if (name === undefined || value.length < 4 || value.length > 512) return undefined;
  const named = nameOf(name);
  if (/placeholder|example|dummy|fake|sample/i.test(named)) return undefined;
  const isSecret = isSensitiveName(named, names);
  if (!isSecret && !isSensitiveName(named, suggestiveNames)) return undefined;
  if (isPlaceholder(value) || isReference(value)) return undefined;
  if (isSecret) return { by: 'name', what: article(named) };
  return isRandom(value) && !isDigest(name, value) ? { by: 'entropy', what: 'a random key' } : undefined;
}

/** What published key format a text holds, as a noun phrase; undefined for none and for a documented example. */
export function keyFormat(value: string): string | undefined {
  if (value.length < 16 || value.length > 16_384 || !couldHoldKey.test(value)) return undefined;
  for (const [format, what] of formats) {
    const found = format.exec(value)?.[0];
    if (found !== undefined && !isExample(found)) return what;
  }
  return urlPassword(value) === undefined ? undefined : 'a password in a URL';
}

/** Cheap to test: one of these stands in every text with a known format. */
const couldHoldKey =
  /A[KS]IA|gh[pousr]_|github_pat_|xox[abeoprs]-|hooks\.slack|[sr]k_live_|whsec_|AIza|GOCSPX-|eyJ|PRIVATE KEY|SG\.|sk-|npm_|pypi-|glpat-|hf_|dop_v1_|:\/\/[^/\s]*@/;

/** Formats as their issuers, GitHub's secret scanning and Gitleaks describe them. */
const formats: readonly (readonly [RegExp, string])[] = [
  [/(?<![A-Za-z0-9])A[KS]IA[A-Z0-9]{16}(?![A-Za-z0-9])/, 'an AWS access key'],
  [/(?<!\w)gh[pousr]_[A-Za-z0-9]{36,}/, 'a GitHub token'],
  [/(?<!\w)github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{30,}/, 'a GitHub token'],
  [/(?<!\w)xox[abeoprs]-[A-Za-z0-9]*\d[A-Za-z0-9-]{10,}/, 'a Slack token'],
  [/hooks\.slack\.com\/services\/T[A-Z0-9]{6,}\/B[A-Z0-9]{6,}\/[A-Za-z0-9]{20,}/, 'a Slack webhook'],
  [/(?<!\w)[sr]k_live_[A-Za-z0-9]{16,}/, 'a Stripe key'],
  [/(?<!\w)whsec_[A-Za-z0-9+/=]{24,}/, 'a webhook secret'],
  [/(?<!\w)AIza[\w-]{35}(?![\w-])/, 'a Google API key'],
  [/(?<!\w)GOCSPX-[\w-]{28}(?![\w-])/, 'a Google client secret'],
  [/(?<!\w)eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{10,}/, 'a JWT'],
  [/-----BEGIN (?:[A-Z]+ )*PRIVATE KEY(?: BLOCK)?-----(?:\s|\\n)+[A-Za-z0-9+/=:,. \\-]{24,}/, 'a private key'],
  [/(?<!\w)SG\.[\w-]{16,32}\.[\w-]{32,64}(?![\w-])/, 'a SendGrid key'],
  [/(?<![\w-])sk-ant-[\w-]{24,}/, 'an Anthropic key'],
  [/(?<![\w-])sk-(?:proj-|svcacct-|admin-)?(?=[\w-]*\d)(?=[\w-]*[A-Z])[A-Za-z0-9_]{20}[\w-]*/, 'an OpenAI key'],
  [/(?<!\w)npm_[A-Za-z0-9]{36}(?!\w)/, 'an npm token'],
  [/(?<!\w)pypi-[\w-]{50,}/, 'a PyPI token'],
  [/(?<!\w)glpat-[\w-]{20,}/, 'a GitLab token'],
  [/(?<!\w)hf_[A-Za-z0-9]{34}(?!\w)/, 'a Hugging Face token'],
  [/(?<!\w)dop_v1_[a-f0-9]{64}(?!\w)/, 'a DigitalOcean token'],
];

/** The password that a URL states, when it is none of the placeholders and not just the user's name again. */
function urlPassword(value: string): string | undefined {
  const [, user = '', password = ''] = /^[a-z][\w+.-]*:\/\/([^\s:/@]*):([^\s/@]+)@[^\s@]+/i.exec(value) ?? [];
  if (password.length < 4 || password.toLowerCase() === user.toLowerCase()) return undefined;
  return isPlaceholder(password) || isReference(password) || isExample(password) ? undefined : password;
}

/** Whether a text only stands where a secret will be: `changeme`, `<token>`, `${TOKEN}`, `xxxx`, `your-key-here`. */
export function isPlaceholder(value: string): boolean {
  const text = value.trim();
  if (text === '' || /^(.)\1*$/s.test(text) || /\s/.test(text)) return true;
  if (/^(?:<.*>|\[.*\]|\{.*\}|%.*%|\$\w+)$/s.test(text) || /\$\{|\{\{|\{[\w.]*\}|%\(\w+\)s|%s|\*\*\*|\.\.\./.test(text))
    return true;
  if (/x{4,}|0{8,}|change[-_ ]?(?:me|this|it)|replace[-_ ]?(?:me|this|with)|place[-_ ]?holder|example/i.test(text))
    return true;
  const parts = wordsIn(text);
  return parts[0] === 'your' || parts.every((word) => /^\d{0,4}$/.test(word) || fillers.has(word));
}

/** Words of which placeholders and the names of form fields are made. */
const fillers = new Set(
  [
    'a an any authorization auth access admin api bar basic baz bearer client code credential credentials',
    'default demo digest dummy empty fake field file foo form grant hash header hidden id input insert',
    'invalid jwt key keys login missing mock my mypassword mysecret mytoken name new no none not null oauth of old',
    'pass passphrase passwd password passwords path placeholder plain private provided public put pwd redacted refresh',
    'required reset sample secret secretkey secrets set sha signing some something string super test testing text the this',
    'tba tbd todo token tokens type undefined unknown unset url use user username value webhook confirm confirmation here',
    'goes apikey apitoken supersecret topsecret testpassword testsecret confirmpassword textbox textfield fillmein',
  ].flatMap((line) => line.split(' ')),
);

/**
 * Whether a text names where a secret is to be found instead of being one: an environment variable, a path, a URL, an
 * attribute's path, a UUID, a version.
 */
function isReference(value: string): boolean {
  // Keys that their issuers make for browsers and apps: PostHog's project keys, Stripe's and Clerk's publishable ones.
  if (/^(?:phc_|pk_(?:live|test)_)/.test(value)) return true;
  if (/^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*$/.test(value) && (value.includes('_') || !/\d/.test(value))) return true;
  if (/^[a-z][\w+.-]*:\/\//i.test(value) || /^(?:\.{0,2}|~)\//.test(value)) return true;
  if (/^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i.test(value)) return true;
  if (/^\.*[A-Za-z_]+(?:\.[A-Za-z_]+)*$/.test(value) && value.includes('.')) return true;
  if (/^\/|^[A-Za-z]:\\|\.(?:txt|json|ya?ml|pem|key|env|crt|html?|toml|ini|cfg|py)$/i.test(value)) return true;
  // `reset_password`, `client-secret`, `user.token`: words with the name of a secret among them are a name themselves.
  return /^[a-z]+(?:[-_.:/][a-z]+)+$/i.test(value) && wordsIn(value).some((word) => secretWords.has(word));
}

const secretWords = new Set([
  'password',
  'passwd',
  'secret',
  'secrets',
  'token',
  'tokens',
  'key',
  'keys',
  'auth',
  'jwt',
]);

/** Documentation's own examples of a format: `AKIAIOSFODNN7EXAMPLE`, a run of one character. */
function isExample(found: string): boolean {
  if (/example|x{6,}|(.)\1{7,}|placeholder|your[-_]|redacted|\.\.\./i.test(found)) return true;
  // The token of the specification's front page and of every tutorial.
  return found.includes('.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyfQ.');
}

/**
 * Whether a text looks random: long enough, letters and digits mixed, and with the Shannon entropy (bits a character)
 * that texts of that alphabet have when they are drawn by chance.
 */
export function isRandom(value: string): boolean {
  if (value.length < 16 || !/^[\w+/=.~:-]+$/.test(value)) return false;
  if (!/\d/.test(value) || !/[A-Za-z]/.test(value)) return false;
  return shannonEntropy(value) >= (/^[0-9a-f-]+$/i.test(value) ? 3 : 3.5) && !isReadable(value);
}

/** Words behind separators, as in `model-v2-2024-large`, are no key, however many characters they mix. */
function isReadable(value: string): boolean {
  const parts = value.split(/[-_.:/+=]+/).filter((part) => part !== '');
  return parts.length > 1 && parts.every((part) => part.length <= 12 && /^(?:[A-Za-z]+\d{0,2}|v?\d{1,8})$/.test(part));
}

/** Shannon entropy of a text in bits a character. */
export function shannonEntropy(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  let entropy = 0;
  for (const count of counts.values()) entropy -= (count / text.length) * Math.log2(count / text.length);
  return entropy;
}

/** A digest of standard length behind the name of a checksum, or one that names its algorithm as lock files do. */
function isDigest(name: string, value: string): boolean {
  if (/^(?:md5|sha\d+)[:-]/i.test(value)) return true;
  return /^(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{56}|[0-9a-f]{64}|[0-9a-f]{96}|[0-9a-f]{128})$/i.test(value)
    ? /hash|digest|checksum|sha\d*|md5|etag|commit|revision|cache|fingerprint/i.test(name)
    : false;
}

/** Settings often end a name with the environment: `DB_PASSWORD_DEV`. */
function nameOf(name: string): string {
  return name.replace(/[-_](?:default|dev|prod|test|staging|local)$/i, '');
}

function article(name: string): string {
  const [last = 'secret'] = wordsIn(name).slice(-1);
  return /pass|pwd/.test(last) ? 'a password' : last === 'key' ? 'a key' : 'a secret';
}

function wordsIn(text: string): string[] {
  return text
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .map((word) => word.replace(/(?<=[a-z])\d{1,4}$/, ''))
    .filter((word) => word !== '');
}
