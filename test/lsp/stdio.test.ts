import assert from 'node:assert/strict';
import { PassThrough, Writable } from 'node:stream';
import type { Message } from 'vscode-languageserver/node';
import { PromptReader, PromptWriter } from '../../server/src/lsp/stdio.ts';

const messages = ['plain', 'ä😀 \u2028', '', 'x'.repeat(200_000)].map((text, id) => ({ jsonrpc: '2.0', id, text }));

function framed(message: unknown, header = ''): Buffer {
  const json = Buffer.from(JSON.stringify(message));
  return Buffer.concat([Buffer.from(`${header}Content-Length: ${json.length}\r\n\r\n`), json]);
}

describe('language server: reading from stdio', () => {
  function readerOf(): { stream: PassThrough; read: Message[]; errors: Error[] } {
    const stream = new PassThrough();
    const reader = new PromptReader(stream);
    const read: Message[] = [];
    const errors: Error[] = [];
    reader.onError((error) => errors.push(error));
    reader.listen((message) => read.push(message));
    return { stream, read, errors };
  }

  for (const size of [1, 7, 65_536, Number.POSITIVE_INFINITY]) {
    it(`takes messages apart that come ${size} bytes at a time`, async () => {
      const { stream, read } = readerOf();
      const bytes = Buffer.concat(messages.slice(0, size < 7 ? 3 : 4).map((message) => framed(message)));
      const step = Math.min(size, bytes.length);
      for (let at = 0; at < bytes.length; at += step) stream.write(bytes.subarray(at, at + step));
      await new Promise((resolve) => stream.end(resolve));
      assert.deepEqual(read, messages.slice(0, read.length));
      assert.equal(read.length, size < 7 ? 3 : 4);
    });
  }

  it('hands a message over before it returns from the chunk that ends it', () => {
    const { stream, read } = readerOf();
    stream.emit('data', framed(messages[0]));
    assert.deepEqual(read, [messages[0]]);
  });

  it('reads other headers over, and the length in any case', () => {
    const { stream, read } = readerOf();
    stream.emit('data', framed(messages[0], 'Content-Type: application/vscode-jsonrpc; charset=utf-8\r\n'));
    stream.emit('data', Buffer.from('content-length:2\r\n\r\n{}'));
    assert.deepEqual(read, [messages[0], {}]);
  });

  it('says that a header gives no length or a content is no JSON, and goes on with the next message', () => {
    const { stream, read, errors } = readerOf();
    stream.emit('data', Buffer.concat([Buffer.from('Content-Length: many\r\n\r\n'), framed(messages[1])]));
    stream.emit('data', Buffer.concat([Buffer.from('Content-Length: 3\r\n\r\n{"a'), framed(messages[0])]));
    assert.deepEqual(read, [messages[1], messages[0]]);
    assert.equal(errors.length, 2);
    assert.match(errors[0]?.message ?? '', /Content-Length: many/);
  });

  it('reports that the stream failed and that it closed', async () => {
    const stream = new PassThrough();
    const reader = new PromptReader(stream);
    const failed = new Promise((resolve) => reader.onError(resolve));
    const closed = new Promise<void>((resolve) => reader.onClose(resolve));
    reader.listen(() => undefined);
    stream.destroy(new Error('gone'));
    assert.match(String(await failed), /gone/);
    await closed;
  });
});

describe('language server: writing to stdio', () => {
  /** A stream that takes a chunk only when told to, and looks at its bytes as late as that. */
  function slowStream(): { stream: Writable; written: Buffer[]; release: () => void } {
    const written: Buffer[] = [];
    const waiting: (() => void)[] = [];
    const stream = new Writable({
      write(chunk: Buffer, _encoding, done) {
        waiting.push(() => {
          written.push(Buffer.from(chunk));
          done();
        });
      },
    });
    return { stream, written, release: () => waiting.shift()?.() };
  }

  it('frames every message with the length of its bytes, each in one chunk', async () => {
    const { stream, written, release } = slowStream();
    const writer = new PromptWriter(stream);
    for (const message of messages) {
      const done = writer.write(message);
      release();
      await done;
    }
    assert.deepEqual(
      written,
      messages.map((message) => framed(message)),
    );
  });

  it('keeps what the stream has not taken yet', async () => {
    const { stream, written, release } = slowStream();
    const writer = new PromptWriter(stream);
    const done = Promise.all(messages.map((message) => writer.write(message)));
    for (const _ of messages) {
      release();
      await new Promise((resolve) => setImmediate(resolve));
    }
    await done;
    assert.deepEqual(
      written,
      messages.map((message) => framed(message)),
    );
  });

  it('writes bytes between two texts as one message, and says when they are still needed', async () => {
    const { stream, written, release } = slowStream();
    const writer = new PromptWriter(stream);
    const bytes = Buffer.from('ä😀');
    assert.equal(writer.writeBytes('{"ö":"', bytes, 'ü"}'), false);
    for (let chunk = 0; chunk < 3; chunk++) {
      release();
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.deepEqual(Buffer.concat(written), framed({ ö: 'ä😀ü' }));
    const prompt = new Writable({
      writev: (chunks, done) => {
        for (const { chunk } of chunks) written.push(chunk);
        done();
      },
    });
    written.length = 0;
    assert.equal(new PromptWriter(prompt).writeBytes('{"a":"', bytes, '"}'), true);
    assert.deepEqual(Buffer.concat(written), framed({ a: 'ä😀' }));
  });

  it('fails when the stream does, and says so', async () => {
    const stream = new Writable({ write: (_chunk, _encoding, done) => done(new Error('full')) });
    const writer = new PromptWriter(stream);
    stream.on('error', () => undefined);
    const reported = new Promise((resolve) => writer.onError(([error]) => resolve(error.message)));
    await assert.rejects(writer.write({ jsonrpc: '2.0' }), /full/);
    assert.equal(await reported, 'full');
    const again = new Writable({ write: (_chunk, _encoding, done) => done(new Error('full')) });
    again.on('error', () => undefined);
    const other = new PromptWriter(again);
    const reportedToo = new Promise((resolve) => other.onError(([error]) => resolve(error.message)));
    other.writeBytes('{', Buffer.from('"a":1'), '}');
    assert.equal(await reportedToo, 'full');
  });
});
