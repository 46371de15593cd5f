import type { Writable } from 'node:stream';
import { type Message, StreamMessageWriter } from 'vscode-languageserver/node';

/**
 * Writes each message at once and in one go. The protocol library's own writer waits for the header to be taken before it
 * writes the content, which costs a keystroke another turn of the event loop.
 */
export class PromptWriter extends StreamMessageWriter {
  readonly #stream: Writable;

  constructor(stream: Writable) {
    super(stream);
    this.#stream = stream;
  }

  override write(message: Message): Promise<void> {
    return this.writeText(JSON.stringify(message), message);
  }

  /** Writes a message that is JSON already. The promise fails when the stream does. */
  writeText(json: string, message?: Message): Promise<void> {
    return new Promise((resolve, reject) => {
      const framed = `Content-Length: ${Buffer.byteLength(json)}\r\n\r\n${json}`;
      this.#stream.write(framed, 'utf8', (error) => {
        if (!error) return resolve();
        this.fireError(error, message, 1);
        reject(error);
      });
    });
  }
}
