import type { AgentDriver } from '../../core/driver.ts';
import { piHookFacts } from './piHooks.ts';
import { planPi } from './piPlan.ts';

/** pi (measured with pi 0.87.1). Its title never changes, so it says nothing. */
export const piDriver: AgentDriver = {
  info: {
    id: 'pi',
    label: 'pi',
    binaries: ['pi'],
    installHint: 'Install it with: npm install -g @earendil-works/pi-coding-agent',
    homepage: 'https://pi.dev',
  },
  provesPrompts: true,
  interrupt: { type: 'keys', keys: '\u001b' },
  plan: (request, context) => Promise.resolve().then(() => planPi(request, context)),
  readHook: piHookFacts,
  readTitle: () => [],
};
