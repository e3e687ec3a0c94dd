import js from '@eslint/js';
import tseslint from 'typescript-eslint';

/** Layers that may not be named from a folder, with the place where such code belongs. */
const wall = (message, ...group) => ({ group, message });
const noVscode = wall('Only src/editor and src/extension.ts may import vscode. Put what needs it behind a port of src/core/ports.ts.', 'vscode');
const noNode = wall('This layer is pure: take what you need through a port (src/base/ports.ts, src/core/ports.ts).', 'node:*');
const siblings = {
  presentation: ['storage', 'drivers', 'hosts', 'git', 'link', 'runner', 'editor', 'demo'],
  storage: ['presentation', 'drivers', 'hosts', 'git', 'link', 'runner', 'editor', 'demo'],
  drivers: ['presentation', 'storage', 'hosts', 'git', 'link', 'runner', 'editor', 'demo'],
  hosts: ['presentation', 'storage', 'drivers', 'git', 'link', 'runner', 'editor', 'demo'],
  git: ['presentation', 'storage', 'drivers', 'hosts', 'link', 'runner', 'editor', 'demo'],
  link: ['presentation', 'storage', 'drivers', 'hosts', 'git', 'runner', 'editor', 'demo'],
  runner: ['presentation', 'storage', 'drivers', 'git', 'editor', 'demo'],
  demo: ['presentation', 'storage', 'drivers', 'hosts', 'git', 'link', 'runner', 'editor', 'core'],
  core: ['presentation', 'storage', 'drivers', 'hosts', 'git', 'link', 'runner', 'editor', 'demo'],
  protocol: ['core', 'presentation', 'storage', 'drivers', 'hosts', 'git', 'link', 'runner', 'editor', 'demo'],
  base: ['protocol', 'core', 'presentation', 'storage', 'drivers', 'hosts', 'git', 'link', 'runner', 'editor', 'demo'],
  editor: ['runner', 'demo'],
};
const pure = new Set(['base', 'protocol', 'core', 'presentation']);

const noClock = [
  { selector: "CallExpression[callee.object.name='Date'][callee.property.name='now']", message: 'Take the time from the Clock port.' },
  { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: 'Take the time from the Clock port.' },
  { selector: "CallExpression[callee.object.name='Math'][callee.property.name='random']", message: 'Take ids from the IdSource port.' },
];
const ids = {
  selector: "Literal[value=/^agentFleet[.:]/]",
  message: 'Ids of commands, views, settings and context keys live in src/presentation/contributions.ts.',
};
const noSync = {
  selector: "CallExpression[callee.property.name=/^(read|write|append|mkdir|rm|unlink|rename|stat|lstat|readdir|exists|copyFile|open|exec|spawn|execFile)(File)?Sync$/]",
  message: 'No synchronous file or process calls here.',
};

export default tseslint.config(
  { ignores: ['dist/', 'out/', 'node_modules/', 'test/editor/**/node_modules/', 'media/', 'test-results/', '**/*.d.ts'] },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      'no-control-regex': 'off',
      'max-lines': ['error', { max: 400 }],
      'no-restricted-exports': ['error', { restrictDefaultExports: { direct: true, named: true, defaultFrom: true, namedFrom: true, namespaceFrom: true } }],
    },
  },
  ...Object.entries(siblings).map(([layer, others]) => ({
    files: [`src/${layer}/**/*.ts`],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          patterns: [
            ...(layer === 'editor' ? [] : [noVscode]),
            ...(pure.has(layer) ? [noNode] : []),
            wall(`src/${layer} may not import from there: arrows point inward (docs/architecture.md).`, ...others.map((other) => `../**/${other}/**`), ...(layer === 'drivers' ? ['!./demo/**'] : [])),
          ],
        },
      ],
      'no-restricted-syntax': [
        'error',
        ...(pure.has(layer) ? noClock : []),
        ...(['storage', 'editor', 'git', 'drivers'].includes(layer) ? [noSync] : []),
        ...(layer === 'editor' ? [ids] : []),
      ],
    },
  })),
  {
    files: ['test/**/*.ts'],
    rules: { '@typescript-eslint/no-floating-promises': ['error', { allowForKnownSafeCalls: [{ from: 'package', package: 'node:test', name: ['it', 'describe'] }] }] },
  },
  {
    files: ['**/*.cjs'],
    languageOptions: { sourceType: 'commonjs', globals: { require: 'readonly', module: 'writable', __dirname: 'readonly' } },
  },
  {
    files: ['**/*.{js,mjs,cjs}'],
    languageOptions: { ecmaVersion: 2024, globals: Object.fromEntries(['process', 'console', 'Buffer', 'URL', 'setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'setImmediate', 'fetch', 'AbortController', 'AbortSignal', 'performance', 'TextDecoder', 'TextEncoder', 'WebSocket', 'structuredClone', 'document', 'window', 'globalThis', 'navigator', 'queueMicrotask'].map((name) => [name, 'readonly'])) },
    rules: { 'max-lines': ['error', { max: 400 }] },
  },
);
