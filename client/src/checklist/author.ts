import { extensions, type Uri } from 'vscode';

/** The part of the built-in Git extension's interface that is used here. */
interface GitExtension {
  getAPI(version: 1): { getRepository(uri: Uri): { getConfig(key: string): Promise<string> } | null };
}

/** The name that the person at the editor commits under in a folder, or undefined where Git cannot say. */
export async function authorIn(folder: Uri): Promise<string | undefined> {
  try {
    const extension = extensions.getExtension<GitExtension>('vscode.git');
    const git = await extension?.activate();
    const name = await git?.getAPI(1).getRepository(folder)?.getConfig('user.name');
    return name === undefined || name.trim() === '' ? undefined : name.trim();
  } catch {
    // Git is turned off, or nobody set a name: the tick stands without one.
    return undefined;
  }
}
