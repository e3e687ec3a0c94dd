import { readFile } from 'node:fs/promises';
import type { Clock, Timers } from '../base/ports.ts';
import { parseWrittenChars } from '../hosts/local/procfs.ts';

/** How long nobody may have written, and how long such a moment is waited for; milliseconds. */
const quietMs = 40;
const patienceMs = 1000;

/**
 * Waits until the agent draws nothing, so that a sequence of ours does not land inside one of its own: it writes straight to the terminal,
 * and what Linux tells is how much its processes have written. Elsewhere, and with an agent that never rests, this is best effort.
 */
export async function quietMoment(
  written: () => Promise<number | undefined>,
  ports: { readonly clock: Clock; readonly timers: Timers },
): Promise<void> {
  const start = ports.clock.monotonic();
  let before = await written();
  while (before !== undefined && ports.clock.monotonic() - start < patienceMs) {
    await new Promise<void>((resolve) => ports.timers.after(quietMs, resolve));
    const after = await written();
    if (after === before) return;
    before = after;
  }
}

/** Characters that these processes have written so far; undefined where the system does not tell. */
export async function charactersWritten(pids: readonly number[]): Promise<number | undefined> {
  if (process.platform !== 'linux') return undefined;
  let sum: number | undefined;
  for (const pid of pids) {
    try {
      const written = parseWrittenChars(await readFile(`/proc/${pid}/io`, 'utf8'));
      if (written !== undefined) sum = (sum ?? 0) + written;
    } catch {
      // It has ended.
    }
  }
  return sum;
}
