import { posix, win32 } from 'node:path';
import type { LaunchContext } from '../../core/driver.ts';

/** A path on the platform that a plan is for. */
export function joinPath(platform: LaunchContext['platform'], folder: string, ...parts: readonly string[]): string {
  return (platform === 'win32' ? win32 : posix).join(folder, ...parts);
}
