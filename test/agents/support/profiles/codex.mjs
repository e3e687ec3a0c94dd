import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Codex. @type {import('./types.mjs').AgentProfile} */
export const codex = {
  driver: 'codex',
  label: 'Codex',
  asksForHooks: true,
  // Drawn in part only, when its terminal is shown for the first time at that moment.
  question: /Would you like to|Press enter to confirm/,
  asksBeforeEditing: false,
  // It works inside its sandbox, and asks only to leave it.
  unattended: 'ask',

  async prepare({ root, url }) {
    const folder = join(root, 'codex');
    await mkdir(folder);
    const provider = {
      ...{ name: '"scripted"', base_url: `"${url}/v1"`, wire_api: '"responses"', requires_openai_auth: 'false' },
      ...{ supports_websockets: 'false', request_max_retries: '0', stream_max_retries: '0' },
    };
    const table = Object.entries(provider).map(([key, value]) => `${key}=${value}`).join(',');
    const settings = [
      // A model that Codex knows: to others it offers no tool for patches.
      'model="gpt-5.5"',
      'notice.model_migrations={"gpt-5.5"="gpt-6-sol"}',
      'model_provider="scripted"',
      `model_providers.scripted={${table}}`,
      'check_for_update_on_startup=false',
      'analytics.enabled=false',
    ];
    return { env: { CODEX_HOME: folder }, extraArgs: settings.flatMap((setting) => ['-c', setting]) };
  },

  quit: (keyboard) => keyboard.press('Control+c'),
};
