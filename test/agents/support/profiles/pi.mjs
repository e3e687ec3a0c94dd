import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const model = {
  ...{ id: 'scripted-model', name: 'Scripted', reasoning: false, input: ['text'], contextWindow: 128_000, maxTokens: 8000 },
  cost: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 },
};

/** pi. @type {import('./types.mjs').AgentProfile} */
export const pi = {
  driver: 'pi',
  label: 'pi',
  byQuickPick: true,
  question: /Allow \w+\?/,
  asksBeforeEditing: true,
  unattended: 'bypass',

  async prepare({ root, url }) {
    const folder = join(root, 'pi');
    await mkdir(folder);
    const provider = { baseUrl: `${url}/v1`, api: 'openai-completions', apiKey: 'scripted-key-000', models: [model] };
    await writeFile(join(folder, 'models.json'), JSON.stringify({ providers: { scripted: provider } }));
    await writeFile(join(folder, 'settings.json'), JSON.stringify({ retry: { enabled: false } }));
    return {
      env: { PI_OFFLINE: '1', PI_SKIP_VERSION_CHECK: '1', PI_TELEMETRY: '0', PI_CODING_AGENT_DIR: folder },
      extraArgs: ['--provider', 'scripted', '--model', 'scripted-model'],
    };
  },

  quit: (keyboard) => keyboard.press('Control+d'),
};
