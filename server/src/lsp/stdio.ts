import type { Readable, Writable } from 'node:stream';
import {
  AbstractMessageReader,
  type DataCallback,
  type Disposable,
  type Message,
  StreamMessageWriter,
} from 'vscode-languageserver/node';

/** Bytes kept free for the header: its words, and more digits than a length can have. */
const headerRoom = 48;
/** A UTF-16 code unit has at most three bytes in UTF-8. */
const mostBytes = 3;

function headerOf(bytes: number): string {
  return `Content-Length: ${bytes}\r\n\r\n`;
}

/** Smallest buffer that is made; most messages fit. */
const smallest = 1 << 16;
/** A larger buffer is not kept for the next message. */
const largest = 1 << 22;

/**
 * Writes each message at once and in one go. The protocol library's own writer waits for its turn, and then for the header
 * to be taken before it writes the content, which costs a keystroke two turns of the event loop. The text is encoded
 * once, into a buffer that is used again and again, and its length is what that gave.
 */
export class PromptWriter extends StreamMessageWriter {
  readonly #stream: Writable;
  /** Nobody reads it any more; undefined while the stream holds the last one. */
  #spare: Buffer | undefined;

  constructor(stream: Writable) {
    super(stream);
    this.#stream = stream;
  }

  override write(message: Message): Promise<void> {
    const text = JSON.stringify(message);
    const buffer = this.#take(headerRoom + text.length * mostBytes);
    const end = headerRoom + buffer.write(text, headerRoom);
    const header = headerOf(end - headerRoom);
    const start = headerRoom - header.length;
    buffer.write(header, start, 'latin1');
    return new Promise((resolve, reject) => {
      this.#stream.write(buffer.subarray(start, end), (error) => {
        if (buffer.length <= largest) this.#spare = buffer;
        if (!error) return resolve();
        this.fireError(error, message, 1);
        reject(error);
      });
    });
  }

  /**
   * Writes a message that is JSON already: most of it as bytes, with some text before and behind. Returns whether the
   * stream has taken all; where it has not, the bytes have to stay as they are.
   */
  writeBytes(before: string, bytes: Buffer, behind: string): boolean {
    const length = Buffer.byteLength(before) + bytes.length + Buffer.byteLength(behind);
    const stream = this.#stream;
    const failed = (error: Error | null | undefined): void => {
      if (error) this.fireError(error, undefined, 1);
    };
    // One call to the system for all three.
    stream.cork();
    stream.write(headerOf(length) + before, failed);
    stream.write(bytes);
    stream.write(behind);
    stream.uncork();
    return stream.writableLength === 0;
  }

  #take(bytes: number): Buffer {
    const spare = this.#spare;
    this.#spare = undefined;
    if (spare && spare.length >= bytes) return spare;
    // Powers of two, so that a message that grows by a word does not need another one each time.
    let size = smallest;
    while (size < bytes) size *= 2;
    return Buffer.allocUnsafeSlow(size);
  }
}

/**
 * Hands over each message as soon as its last byte is here. The protocol library's own reader gives every message another
 * turn of the event loop, for decoders that take their time; JSON does not.
 */
export class PromptReader extends AbstractMessageReader {
  readonly #stream: Readable;
  #chunks: Buffer[] = [];
  #bytes = 0;
  /** Length of the message whose header has been read. */
  #length: number | undefined;

  constructor(stream: Readable) {
    super();
    this.#stream = stream;
  }

  listen(callback: DataCallback): Disposable {
    const read = (chunk: Buffer): void => {
      this.#chunks.push(chunk);
      this.#bytes += chunk.length;
      this.#deliver(callback);
    };
    this.#stream.on('data', read);
    this.#stream.on('error', (error) => this.fireError(error));
    this.#stream.on('close', () => this.fireClose());
    return { dispose: () => this.#stream.off('data', read) };
  }

  #deliver(callback: DataCallback): void {
    for (;;) {
      this.#length ??= this.#readHeader();
      if (this.#length === undefined || this.#bytes < this.#length) return;
      const body = this.#take(this.#length);
      this.#length = undefined;
      try {
        callback(JSON.parse(body.toString('utf8')));
      } catch (error) {
        this.fireError(error);
      }
    }
  }

  /** The length that the next header gives, once the header is here as a whole. */
  #readHeader(): number | undefined {
    for (;;) {
      const all = this.#chunks.length > 1 ? Buffer.concat(this.#chunks) : this.#chunks[0];
      if (!all) return undefined;
      this.#chunks = [all];
      const end = all.indexOf('\r\n\r\n');
      if (end < 0) return undefined;
      const header = this.#take(end + 4).toString('latin1');
      const length = /^content-length:[ \t]*(\d+)[ \t]*$/im.exec(header)?.[1];
      if (length !== undefined) return Number(length);
      this.fireError(new Error(`The header of a message gives no Content-Length: ${header.trim()}`));
    }
  }

  /** The first bytes of those that are here. */
  #take(bytes: number): Buffer {
    const [first] = this.#chunks;
    const all = first && (this.#chunks.length === 1 || first.length >= bytes) ? first : Buffer.concat(this.#chunks);
    const rest = all === first ? this.#chunks.slice(1) : [];
    this.#chunks = all.length > bytes ? [all.subarray(bytes), ...rest] : rest;
    this.#bytes -= bytes;
    return all.subarray(0, bytes);
  }
}
