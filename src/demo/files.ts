import { createHash } from 'node:crypto';
import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FleetArtifactRef } from '../protocol/event.ts';

/** The folder below the working folder in which all demo files are. */
export const outputFolder = 'demo-output';

const sampleSentence = /a very small project to try agents on/i;

/** Path of the file for `name`, relative to the working folder, with forward slashes. */
export function outputPath(name: string): string {
  const slug = name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 60)
    .replace(/^-|-$/g, '');
  return `${outputFolder}/${slug === '' ? 'notes' : slug}.md`;
}

/** Writes the report of a demo session and describes it. */
export async function writeReport(cwd: string, name: string, steps: readonly string[], prompt: string | undefined): Promise<FleetArtifactRef> {
  const path = outputPath(name);
  const asked = prompt === undefined ? [] : ['## Asked', '', ...prompt.split('\n').map((line) => `> ${line}`), ''];
  const text = [`# ${name}`, '', 'Written by the demo agent of Agent Fleet.', '', ...asked, '## Done', '', ...steps.map((step) => `- ${step}`), ''].join('\n');
  await mkdir(join(cwd, outputFolder), { recursive: true });
  await writeFile(join(cwd, path), text);
  return describe(path, text);
}

/**
 * Adds one line to the README.md of the sample project. Any other README is left alone: `undefined`.
 * The sample (`media/sample`) is recognised by what its README says of itself.
 */
export async function extendSampleReadme(cwd: string, name: string): Promise<FleetArtifactRef | undefined> {
  const path = 'README.md';
  let text: string;
  try {
    text = await readFile(join(cwd, path), 'utf8');
  } catch {
    return undefined;
  }
  if (!sampleSentence.test(text)) return undefined;
  const line = `${text === '' || text.endsWith('\n') ? '' : '\n'}- ${name}: see ${outputPath(name)}\n`;
  await appendFile(join(cwd, path), line);
  return describe(path, text + line);
}

function describe(path: string, text: string): FleetArtifactRef {
  return {
    kind: 'report',
    path,
    checksum: `sha256:${createHash('sha256').update(text).digest('hex')}`,
    mime_type: 'text/markdown',
    size_bytes: Buffer.byteLength(text),
  };
}
