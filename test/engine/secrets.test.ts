import assert from 'node:assert/strict';
import { isPlaceholder, keyFormat, secretIn, shannonEntropy } from '../../server/src/engine/index.ts';

/** Put together here, so that no scanner takes the test's own text for a leak. */
const random = 'k3Jd92mXq7LsPvBn4TzRw8YcHf1GaEu5WoZi';
const joined = (...parts: string[]): string => parts.join('');

describe('secrets', () => {
  const formats: [string, string][] = [
    [joined('AKIA', 'Q4ZJ7MVT2XKLW3PB'), 'an AWS access key'],
    [joined('gh', 'p_', random), 'a GitHub token'],
    [joined('github', '_pat_', random.slice(0, 22), '_', random), 'a GitHub token'],
    [joined('xo', 'xb-', '123456789012-', random.slice(0, 24)), 'a Slack token'],
    [joined('sk', '_live_', random.slice(0, 24)), 'a Stripe key'],
    [joined('AI', 'za', random.slice(0, 35)), 'a Google API key'],
    [joined('ey', 'JhbGciOiJIUzI1NiJ9', '.ey', 'JzdWIiOiI3In0x.', random), 'a JWT'],
    [joined('-----BEGIN ', 'RSA PRIVATE KEY-----\n', random, '\n'), 'a private key'],
    [joined('S', 'G.', random.slice(0, 22), '.', random, 'abcdefg'), 'a SendGrid key'],
    [joined('sk', '-proj-', random), 'an OpenAI key'],
    [joined('np', 'm_', random), 'an npm token'],
    [joined('py', 'pi-', random, random), 'a PyPI token'],
    [joined('postgresql://app:', 'tulip-Walk9', '@db.acme.io/app'), 'a password in a URL'],
  ];
  for (const [text, what] of formats) {
    it(`knows ${what} by its format, alone and in a longer text`, () => {
      assert.equal(keyFormat(text), what);
      assert.deepEqual(secretIn(undefined, text), { by: 'format', what });
      if (!what.includes('URL')) assert.equal(keyFormat(`Bearer ${text}`), what);
    });
  }

  it('does not take examples, short texts and heads of formats for keys', () => {
    for (const text of [
      'AKIAIOSFODNN7EXAMPLE',
      joined('gh', 'p_', 'x'.repeat(36)),
      'ghp_short',
      '-----BEGIN PRIVATE KEY-----',
      'task-management-for-everybody-1',
      'postgresql://postgres:postgres@localhost/app',
      'postgresql://app:changeme@localhost/app',
      'postgresql://db.acme.io/app',
      'https://acme.io/@name:tag@2',
    ])
      assert.equal(keyFormat(text), undefined, text);
  });

  it('goes by the name, in any way of writing it', () => {
    for (const name of ['password', 'DB_PASSWORD', 'dbPassword', 'client-secret', 'JWT_SECRET_KEY', 'DB_PASSWORD_DEV'])
      assert.equal(secretIn(name, 'tulip-Walk9')?.by, 'name', name);
    for (const name of [
      'password_hint',
      'token_type',
      'has_password',
      'hashed_password',
      'max_tokens',
      'EXAMPLE_SECRET',
    ])
      assert.equal(secretIn(name, 'tulip-Walk9'), undefined, name);
  });

  it('asks names that only suggest a secret for a random text', () => {
    assert.deepEqual(secretIn('token', random), { by: 'entropy', what: 'a random key' });
    assert.equal(secretIn('api_key', 'weather-service-v2'), undefined);
    assert.equal(secretIn('token', 'NUMBER'), undefined);
  });

  it('leaves placeholders, references, UUIDs and digests of lock files', () => {
    for (const text of [
      '',
      'changeme',
      'change-me-please',
      'your-secret-here',
      'xxxxxxxx',
      '********',
      '<password>',
      joined('$', '{PASSWORD}'),
      '{{ password }}',
      'example-password',
      'password',
      'secret',
    ])
      assert.equal(isPlaceholder(text), true, text);
    for (const text of [
      'DATABASE_PASSWORD',
      '/run/secrets/db',
      'https://acme.io/login',
      'reset_password',
      'app.settings.password',
      '3f2504e0-4f89-11d3-9a0c-0305e82c3301',
      'The password is too short.',
    ])
      assert.equal(secretIn('password', text), undefined, text);
    const digest = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08';
    assert.equal(secretIn('checksum_token', digest), undefined);
    assert.equal(secretIn('token', `sha256:${digest}`), undefined);
    assert.equal(secretIn('token', digest)?.by, 'entropy');
  });

  it('measures entropy in bits a character', () => {
    assert.equal(shannonEntropy('aaaa'), 0);
    assert.equal(shannonEntropy('abab'), 1);
    assert.equal(shannonEntropy('abcd'), 2);
  });
});
