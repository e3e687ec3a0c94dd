import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';

/** Numbers that decide what happens next; the same seed gives the same numbers. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** At least 0, below 1 (mulberry32). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }

  /** A whole number from 0 on, below `below`. */
  int(below: number): number {
    return Math.floor(this.next() * below);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** @throws for an empty list. */
  pick<T>(list: readonly T[]): T {
    const found = list[this.int(list.length)];
    if (found === undefined) throw new RangeError('Nothing to pick from.');
    return found;
  }
}

/** Set it to see the same numbers again. Moments of kills are not repeatable: the system decides what a process has done by then. */
export const seed = Number(process.env['AGENT_FLEET_FAULT_SEED'] ?? Date.now() % 1_000_000_007);

/** Runs of a campaign: so many as it wants, or $AGENT_FLEET_FAULT_RUNS. */
export function runsOf(wanted: number): number {
  return Number(process.env['AGENT_FLEET_FAULT_RUNS'] ?? wanted);
}

/** Random numbers of one run of a campaign. */
export function randomOf(campaign: string, run: number): Random {
  let hash = 2_166_136_261 ^ seed;
  for (const character of `${campaign} ${run}`) hash = Math.imul(hash ^ character.charCodeAt(0), 16_777_619);
  return new Random(hash);
}

/** Runs `run` for 0, 1, … `runs - 1` in two lanes: the machines that this is for have two cores. */
export async function inTwoLanes(runs: number, run: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < runs) await run(next++);
  };
  const ends = await Promise.allSettled([lane(), lane()]);
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}

/** Where faults are simulated a disk in memory will do, and a sync costs nothing there. */
export const scratchFolder = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
