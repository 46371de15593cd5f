import { Uri } from 'vscode';

/** The URI of a file that is named by path or by URI. A scheme has two letters at least, a Windows drive has one. */
export function fileUri(pathOrUri: string): Uri {
  return /^[a-z][a-z0-9+.-]+:/i.test(pathOrUri) ? Uri.parse(pathOrUri) : Uri.file(pathOrUri);
}
