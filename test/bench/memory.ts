import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { findEditPlaces, type SourceFile } from './corpus.ts';
import { createRandom, type Edit, makeEditScript, pick } from './edit-script.ts';
import { type ServerCommand, startServer } from './lsp-driver.ts';

export interface MemoryResult {
  server: string;
  edits: number;
  /** Resident bytes once all files are open, then after every tenth of the edits. */
  samples: number[];
}

/** Opens all files in one server and spreads `edits` over them at random; `folder` should be empty. */
export async function measureMemory(
  server: ServerCommand,
  files: readonly SourceFile[],
  edits: number,
  folder: string,
  seed: number,
): Promise<MemoryResult> {
  const driver = await startServer(server, folder);
  try {
    const queues: { uri: string; edits: Edit[] }[] = [];
    for (const [index, file] of files.entries()) {
      const target = path.join(folder, `open_${index}.py`);
      await writeFile(target, file.text);
      const uri = pathToFileURL(target).href;
      await driver.open(uri, file.text);
      const places = await findEditPlaces(file.text);
      const script = makeEditScript(file.text, places, Math.ceil(edits / files.length), seed + index);
      queues.push({ uri, edits: script.reverse() });
    }
    const random = createRandom(seed);
    const samples = [driver.residentBytes()];
    for (let done = 1; done <= edits; done++) {
      const queue = pick(
        queues.filter((candidate) => candidate.edits.length > 0),
        random,
      );
      const edit = queue.edits.pop();
      if (edit === undefined) break;
      await driver.change(queue.uri, edit.range, edit.text);
      if (done % Math.ceil(edits / 10) === 0) samples.push(driver.residentBytes());
    }
    return { server: server.name, edits, samples };
  } finally {
    await driver.stop();
  }
}
