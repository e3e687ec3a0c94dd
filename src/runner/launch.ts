import { constants } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { FleetError } from '../base/errors.ts';
import { sessionFiles, type LaunchFile } from '../link/launchFile.ts';
import { isRecord } from '../link/wireChecks.ts';

/** Largest launch file, bytes. A prompt is in it, and some are long. */
const maxLaunchBytes = 4 * 1024 * 1024;

/** Where the launch file is while its start is not in the spool yet. It holds the token: delete it then. */
export function takenLaunchPath(path: string): string {
  return join(dirname(path), sessionFiles.takenLaunch);
}

/**
 * Takes the launch file out of the way and reads it: it is good for one start only.
 * @throws FleetError `NoLaunch` when there is none (the editor started an old terminal again), `BadLaunch` when it is not one.
 */
export async function takeLaunchFile(path: string): Promise<LaunchFile> {
  const taken = takenLaunchPath(path);
  let text: string;
  try {
    // Of two that start at once, one finds nothing.
    await rename(path, taken);
    const file = await open(taken, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
    try {
      const { size } = await file.stat();
      if (size > maxLaunchBytes) throw new FleetError('BadLaunch', 'The launch file of this terminal is too large.');
      text = await file.readFile('utf8');
    } finally {
      await file.close();
    }
  } catch (cause) {
    if (cause instanceof FleetError) throw cause;
    throw new FleetError('NoLaunch', 'This session has ended. Start or resume it from the Agent Fleet view.', { cause });
  }
  return parseLaunch(text);
}

/** @throws FleetError `BadLaunch`. */
export function parseLaunch(text: string): LaunchFile {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw bad('it is not JSON');
  }
  if (!isRecord(value) || value['version'] !== 1) throw bad('its version is not 1');
  const { sessionId, name, token, argv, cwd, endpointFile, sessionDir, hideEnv, unsetEnv, graceMs, heartbeatMs } = value;
  if (!isText(sessionId) || !isText(name) || !isText(token)) throw bad('the session is not named');
  if (!isTextList(argv) || argv[0] === undefined || argv[0] === '') throw bad('the command is missing');
  if (!isPath(cwd) || !isPath(endpointFile) || !isPath(sessionDir)) throw bad('a path is not absolute');
  if (!isTextList(hideEnv) || !isTextList(unsetEnv)) throw bad('hideEnv or unsetEnv is not a list of names');
  if (!isDuration(graceMs) || !isDuration(heartbeatMs) || heartbeatMs === 0) throw bad('a duration is not a number of milliseconds');
  const [program, ...args] = argv;
  return { version: 1, sessionId, name, token, argv: [program, ...args], cwd, endpointFile, sessionDir, hideEnv, unsetEnv, graceMs, heartbeatMs };
}

function bad(why: string): FleetError {
  return new FleetError('BadLaunch', `The launch file of this terminal cannot be used: ${why}.`);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function isTextList(value: unknown): value is string[] {
  // A zero byte would end an argument early, and the rest of it would be lost without a word.
  return Array.isArray(value) && value.every((item) => typeof item === 'string' && !item.includes('\0'));
}

function isPath(value: unknown): value is string {
  return isText(value) && isAbsolute(value);
}

function isDuration(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 && value <= 3_600_000;
}
