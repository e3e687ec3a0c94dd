import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const key = 'sk-ant-scripted-000000000001';

/** Claude Code. @type {import('./types.mjs').AgentProfile} */
export const claude = {
  driver: 'claude',
  label: 'Claude Code',
  readsBeforeEditing: true,
  question: /Do you want to/,
  asksBeforeEditing: true,
  unattended: 'bypass',

  async prepare({ home, folder, url }) {
    const project = { hasTrustDialogAccepted: true, hasCompletedProjectOnboarding: true, allowedTools: [] };
    const state = {
      ...{ hasCompletedOnboarding: true, theme: 'dark', bypassPermissionsModeAccepted: true },
      customApiKeyResponses: { approved: [key.slice(-20)], rejected: [] },
      projects: { [folder]: project },
    };
    await writeFile(join(home, '.claude.json'), JSON.stringify(state));
    return {
      env: {
        ...{ ANTHROPIC_BASE_URL: url, ANTHROPIC_API_KEY: key, CLAUDE_CODE_MAX_RETRIES: '0' },
        ...{ CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1', DISABLE_AUTOUPDATER: '1', DISABLE_TELEMETRY: '1', DISABLE_ERROR_REPORTING: '1' },
        // As root it takes the policy without checks only where it believes in a sandbox.
        IS_SANDBOX: '1',
      },
    };
  },

  async quit(keyboard) {
    await keyboard.press('Control+c');
    await keyboard.sees(/Press Ctrl-C again/i);
    await keyboard.press('Control+c');
  },
};
