import type { AgentDriver } from '../../core/driver.ts';
import { codexHookFacts } from './codexHooks.ts';
import { planCodex } from './codexPlan.ts';
import { codexTitleFacts } from './codexTitles.ts';
import { cachedHashes, type HookHashes } from './hookHashes.ts';
import { askCodexForHashes } from './appServer.ts';

/** Codex CLI (measured with codex 0.169.0). `hashes` is how Codex' names for our hooks are learned. */
export function createCodexDriver(hashes: HookHashes): AgentDriver {
  return {
    info: {
      id: 'codex',
      label: 'Codex',
      binaries: ['codex'],
      installHint: 'Install it with: npm install -g @openai/codex',
      homepage: 'https://developers.openai.com/codex/cli',
      asksForHooks: true,
    },
    provesPrompts: true,
    interrupt: { type: 'keys', keys: '\u001b' },
    plan: (request, context) => planCodex(request, context, hashes),
    readHook: codexHookFacts,
    readTitle: codexTitleFacts,
  };
}

export const codexDriver: AgentDriver = createCodexDriver(cachedHashes(askCodexForHashes));
