import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Gemini CLI. @type {import('./types.mjs').AgentProfile} */
export const gemini = {
  driver: 'gemini',
  label: 'Gemini CLI',
  guardedEditor: true,
  question: /Apply this change|Allow execution/,
  asksBeforeEditing: true,
  unattended: 'bypass',

  async prepare({ home, url }) {
    const folder = join(home, '.gemini');
    await mkdir(folder);
    // Else it offers to change the editor's key bindings.
    await writeFile(join(folder, 'state.json'), JSON.stringify({ terminalSetupPromptShown: true, tipsShown: 10 }));
    const settings = {
      security: { auth: { selectedType: 'gemini-api-key' } },
      general: { enableAutoUpdate: false, enableAutoUpdateNotification: false },
      privacy: { usageStatisticsEnabled: false },
      ide: { hasSeenNudge: true, enabled: false },
    };
    await writeFile(join(folder, 'settings.json'), JSON.stringify(settings));
    return { env: { GEMINI_API_KEY: 'scripted-key-000', GOOGLE_GEMINI_BASE_URL: url } };
  },

  async quit(keyboard) {
    await keyboard.press('Control+c');
    await keyboard.sees(/Press Ctrl\+C again/i);
    await keyboard.press('Control+c');
  },
};
