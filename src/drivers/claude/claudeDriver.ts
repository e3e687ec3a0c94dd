import type { AgentDriver } from '../../core/driver.ts';
import { claudeHookFacts } from './claudeHooks.ts';
import { planClaude } from './claudePlan.ts';
import { claudeTitleFacts } from './claudeTitles.ts';

/** Claude Code (measured with claude 2.1.329). */
export const claudeDriver: AgentDriver = {
  info: {
    id: 'claude',
    label: 'Claude Code',
    binaries: ['claude'],
    installHint: 'Install it with: npm install -g @anthropic-ai/claude-code',
    homepage: 'https://code.claude.com/docs',
  },
  provesPrompts: true,
  interrupt: { type: 'keys', keys: '\u001b' },
  // Ctrl-U takes away one line, or does nothing; 200 at once would be read as pasted text (measured). Not Esc Esc: on an empty line it opens
  // the list of earlier prompts.
  clearInput: '\u0015'.repeat(60),
  plan: (request, context) => Promise.resolve().then(() => planClaude(request, context)),
  readHook: claudeHookFacts,
  readTitle: claudeTitleFacts,
};
