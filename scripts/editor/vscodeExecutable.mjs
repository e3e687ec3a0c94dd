// A program that @vscode/test-electron can start in place of a downloaded desktop editor:
// `runTests({ vscodeExecutablePath: await vscodeExecutable(), … })`. The work is done by testHost.mjs.
import { createHash } from 'node:crypto';
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder, repoRoot } from './paths.mjs';

/**
 * Writes the program into the cache folder, if it is not there yet, and says where it is.
 * @returns {Promise<string>}
 */
export async function vscodeExecutable() {
  const host = join(repoRoot, 'scripts', 'editor', 'testHost.mjs');
  const windows = process.platform === 'win32';
  const text = windows
    ? `@echo off\r\n"${process.execPath}" "${host}" %*\r\n`
    : `#!/bin/sh\nexec ${quote(process.execPath)} ${quote(host)} "$@"\n`;
  const key = createHash('sha256').update(text).digest('hex').slice(0, 8);
  const file = join(cacheFolder(), `test-editor-${key}${windows ? '.cmd' : ''}`);
  if ((await readFile(file, 'utf8').catch(() => '')) === text) return file;
  await mkdir(cacheFolder(), { recursive: true });
  // Renamed into place, as another test run may be about to start it.
  const temp = `${file}.${process.pid}`;
  await writeFile(temp, text);
  await chmod(temp, 0o755);
  await rename(temp, file);
  return file;
}

/** @param {string} text */
const quote = (text) => `'${text.replaceAll("'", "'\\''")}'`;
