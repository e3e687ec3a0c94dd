import { seed } from './settings.ts';

/** What must never happen. */
export type Failure = 'lost' | 'invented' | 'failedOpens' | 'twoStates' | 'other';

const shown = 12;

/** The figures of one campaign. */
export class Tally {
  readonly #campaign: string;
  readonly #counts: Record<Failure, number> = { lost: 0, invented: 0, failedOpens: 0, twoStates: 0, other: 0 };
  readonly #examples: string[] = [];
  readonly #more = new Map<string, number>();
  runs = 0;
  /** Changes that were acknowledged. */
  acknowledged = 0;
  /** What the registry itself said about damage. */
  skipped = 0;
  reportedLost = 0;

  constructor(campaign: string) {
    this.#campaign = campaign;
  }

  get failures(): number {
    return Object.values(this.#counts).reduce((sum, count) => sum + count, 0);
  }

  found(failure: Failure, what: string): void {
    this.#counts[failure]++;
    if (this.#examples.length < shown) this.#examples.push(`${failure}: ${what.slice(0, 1_500)}`);
  }

  /** A figure of this campaign only. */
  count(what: string, by = 1): void {
    this.#more.set(what, (this.#more.get(what) ?? 0) + by);
  }

  /** Prints the line. @throws if anything happened that must not. */
  end(): void {
    const { lost, invented, failedOpens, twoStates, other } = this.#counts;
    const more = [...this.#more].map(([what, count]) => `, ${what} ${count}`).join('');
    console.log(
      `      ${this.#campaign}: ${this.runs} runs, ${this.acknowledged} acknowledged | lost ${lost}, invented ${invented}, failed opens ${failedOpens}, ` +
        `in two states ${twoStates}${other > 0 ? `, other failures ${other}` : ''} | reported: skipped ${this.skipped}, lost ${this.reportedLost}${more} | seed ${seed}`,
    );
    if (this.failures > 0) throw new Error(`${this.#campaign} (AGENT_FLEET_FAULT_SEED=${seed}):\n${this.#examples.join('\n')}`);
  }
}
