import { readFile } from 'node:fs/promises';
import type { AgentDriver } from '../../core/driver.ts';
import { geminiHookFacts } from './geminiHooks.ts';
import { planGemini, type GeminiMachine } from './geminiPlan.ts';
import { geminiTitleFacts } from './geminiTitles.ts';

/** Gemini CLI (measured with gemini 0.61.0) on a machine with these variables and files. */
export function createGeminiDriver(machine: GeminiMachine): AgentDriver {
  return {
    info: {
      id: 'gemini',
      label: 'Gemini CLI',
      binaries: ['gemini'],
      installHint: 'Install it with: npm install -g @google/gemini-cli',
      homepage: 'https://geminicli.com',
    },
    provesPrompts: true,
    interrupt: { type: 'keys', keys: '\u001b' },
    plan: (request, context) => planGemini(request, context, machine),
    readHook: geminiHookFacts,
    readTitle: geminiTitleFacts,
  };
}

export const geminiDriver: AgentDriver = createGeminiDriver({ env: (name) => process.env[name], readText: (path) => readFile(path, 'utf8') });
