import { FleetError } from '../base/errors.ts';
import type { Event } from '../base/event.ts';
import type { TerminalHost } from '../core/ports.ts';
import type { PromptResult } from '../core/prompt.ts';

/** The terminals of this window as other windows may use them. */
export interface WindowTerminals {
  readonly held: readonly string[];
  readonly onDidChangeHeld: Event<void>;
  has(sessionId: string): boolean;
  /** @throws FleetError `NoTerminal`. */
  write(sessionId: string, data: string): Promise<void>;
  /** @throws FleetError `NoTerminal`, and as `SessionController.sendPrompt`. */
  prompt(sessionId: string, text: string): Promise<PromptResult>;
  close(sessionId: string): Promise<void>;
}

type Host = Pick<TerminalHost, 'held' | 'onDidChangeHeld' | 'has' | 'write' | 'close'>;

/** @param sendPrompt `sendPromptFor` of this window's controller, which keeps what several windows send in order. */
export function windowTerminals(host: Host, sendPrompt: (sessionId: string, text: string) => Promise<PromptResult>): WindowTerminals {
  const require = (sessionId: string): void => {
    if (!host.has(sessionId)) throw new FleetError('NoTerminal', 'The terminal of this session is not in that window any more.');
  };
  return {
    get held() {
      return host.held;
    },
    onDidChangeHeld: host.onDidChangeHeld,
    has: (sessionId) => host.has(sessionId),
    async write(sessionId, data) {
      require(sessionId);
      await Promise.resolve(host.write(sessionId, data));
    },
    async prompt(sessionId, text) {
      // Never passed on from here: two windows that each take the other for the holder would do so for ever.
      require(sessionId);
      return await sendPrompt(sessionId, text);
    },
    async close(sessionId) {
      await Promise.resolve(host.close(sessionId));
    },
  };
}
