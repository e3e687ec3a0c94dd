import type { FleetArtifactRef } from '../protocol/event.ts';
import type { Tone } from './screen.ts';

/** What a script can do in one turn. Everything that takes time ends with an `AbortError` when the turn is interrupted. */
export interface Turn {
  readonly name: string;
  /** A prompt waits to be taken. */
  readonly hasPrompt: boolean;
  say(text: string, tone?: Tone): void;
  /** Waits for the model, which is not there. */
  think(about: string): Promise<void>;
  /** Runs a tool that is not there. `percent`: progress of the whole turn, 0 to 100. */
  tool(tool: string, detail: string, percent?: number): Promise<void>;
  /** Asks whether `command` may run, and waits for the answer. */
  ask(command: string): Promise<boolean>;
  /** Writes the session's report into the working folder. */
  write(): Promise<void>;
  /** Adds a line to the README of the sample project. False, and nothing is changed, when this is another project. */
  extendReadme(): Promise<boolean>;
  readonly artifacts: readonly FleetArtifactRef[];
}
