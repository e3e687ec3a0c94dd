// npm run screenshots: the pictures of the README (media/readme), and more of the same in test-results/screenshots for whoever
// judges how the fleet looks: light, dark and high contrast; empty, one session, the demo fleet, many sessions with long names.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { repoRoot } from './editor/paths.mjs';
import { build, ensurePackages } from './start/prepare.mjs';

const readme = join(repoRoot, 'media', 'readme');
const gallery = join(repoRoot, 'test-results', 'screenshots');
const themes = { light: 'Default Light Modern', dark: 'Default Dark Modern', contrast: 'Default High Contrast' };
const viewport = { width: 1200, height: 720 };
const sideBarWidth = 480;
/** Nothing in the picture but what it is about. */
const plainEditor = {
  'editor.minimap.enabled': false,
  'editor.stickyScroll.enabled': false,
  'editor.occurrencesHighlight': 'off',
  'git.enabled': false,
  'remote.autoForwardPorts': false,
};

/** @typedef {import('../test/ui/fixtures/fleet.mjs').FleetWindow} FleetWindow */

const tasks = [
  ['waits', 'port the payment service to the new queue'],
  ['asks', 'rewrite the onboarding guide for self-hosted installations'],
  ['works', 'sort imports'],
  ['fails', 'upgrade every dependency of the monorepo at once'],
];
/** Thirty agents of all kinds, with names as people give them. */
const crowd = Array.from({ length: 30 }, (_, index) => {
  const [script, prefix] = tasks[index % tasks.length] ?? [];
  return { driver: 'demo', variant: `${script}:${400 + index * 10}`, name: `${prefix} ${index + 1}`, policy: 'ask', prompt: 'Do it.' };
});

const wanted = process.argv.slice(2);
await ensurePackages();
await build();
// Only now: they need the packages.
const { container, openFleet } = await import('../test/ui/fixtures/fleet.mjs');
const { until } = await import('../test/ui/support/until.mjs');
await mkdir(readme, { recursive: true });
await mkdir(gallery, { recursive: true });

/** @type {Record<string, () => Promise<void>>} */
const series = {
  dark: () => demo('dark', true),
  light: () => demo('light', false),
  contrast: () => demo('contrast', false),
  many: () => many(),
};
const unknown = wanted.filter((name) => !(name in series));
if (unknown.length > 0) {
  console.error(`There is no series ${unknown.join(', ')}: choose among ${Object.keys(series).join(', ')}.`);
  process.exitCode = 2;
}
for (const [name, make] of Object.entries(series)) {
  if (unknown.length > 0 || (wanted.length > 0 && !wanted.includes(name))) continue;
  await make();
  console.log(`made ${name}`);
}

/**
 * The empty view, one session, the demo fleet, a review and an inspect document.
 * @param {keyof typeof themes} theme
 * @param {boolean} forReadme
 */
async function demo(theme, forReadme) {
  const fleet = await openFleet({ colorTheme: themes[theme], viewport, settings: { 'agentFleet.demo.pace': 700, ...plainEditor } });
  const picture = (/** @type {string} */ name) => fleet.window.screenshot(forReadme && ['fleet', 'review', 'inspect'].includes(name) ? join(readme, `${name}.png`) : join(gallery, `${theme}-${name}.png`));
  const { window, tree } = fleet;
  try {
    await fleet.showView();
    await widen(fleet);
    await rest(fleet);
    await picture('empty');
    // A selected row has the colours of the selection: none in the README.
    if (!forReadme) {
      await fleet.spawn('Demo agent', 'release notes');
      await fleet.rowWhen('release notes', /^(waits for the model|runs)/);
      await rest(fleet);
      await picture('one');
    }
    await window.runCommand('Agent Fleet: Try the Demo Fleet');
    await fleet.groupsAre({ 'Needs you': ['login-flow'], Active: ['watcher'], Finished: [...(forReadme ? [] : ['release notes']), 'changelog', 'migrate'] }, 60_000);
    await fleet.showTerminal('login-flow');
    await until('the question', () => window.terminalText(), (text) => text.includes('May I?'));
    await rest(fleet);
    await picture('notified');
    await fleet.clearNotifications();
    await tree.inlineAction('changelog', 'Open Artifact…');
    await window.quickPick.wait('Which file?');
    await rest(fleet);
    await picture('artifacts');
    await window.quickPick.pick('changelog.md');
    await window.editors.wait('changelog.md');
    // The outline comes last.
    await window.page.locator('.breadcrumbs-control', { hasText: '# changelog' }).waitFor();
    await rest(fleet);
    await picture('fleet');
    await window.runCommand('View: Toggle Panel Visibility');
    await tree.inlineAction('changelog', 'Open Artifact…');
    await window.quickPick.wait('Which file?');
    await window.quickPick.pick('README.md');
    await until('the comparison', () => window.isDiffEditor());
    await until('the new line', () => window.editorText(), (text) => text.includes('- changelog'));
    await rest(fleet);
    await picture('review');
    await fleet.choose('login-flow', 'Inspect');
    await until('the document', () => window.editorText(), (text) => text.startsWith('login-flow · Demo agent'));
    // Down to the evidence; what follows speaks of this machine.
    await window.page.setViewportSize({ ...viewport, height: 520 });
    await rest(fleet);
    await picture('inspect');
    await window.page.setViewportSize(viewport);
    await tree.tooltip('login-flow');
    await picture('tooltip');
    await window.runCommand('Agent Fleet: Spawn Agent…');
    await window.quickPick.wait('Which agent?');
    await rest(fleet);
    await picture('spawn');
    await window.quickPick.escape();
  } finally {
    await fleet.dispose();
  }
}

/** Thirty sessions, started by one key that stands for thirty calls of the public command. */
async function many() {
  const fleet = await openFleet({
    colorTheme: themes.dark,
    viewport,
    keybindings: (folder) => [{ key: 'ctrl+alt+m', command: 'runCommands', args: { commands: crowd.map((args) => ({ command: 'agentFleet.spawn', args: { ...args, cwd: folder } })) } }],
    settings: { 'agentFleet.notifications': 'off' },
  });
  try {
    await fleet.showView();
    await fleet.window.page.keyboard.press('Control+Alt+m');
    const started = async () => (await fleet.tree.rows()).filter((row) => row.level === 1).reduce((sum, row) => sum + Number(row.description), 0);
    await until('thirty sessions', started, (count) => count === 30, 120_000);
    await until('all that ask', () => fleet.window.viewBadge(container), (badge) => badge.text === '8', 60_000);
    await rest(fleet);
    await fleet.window.screenshot(join(gallery, 'many-narrow.png'));
    await widen(fleet);
    await rest(fleet);
    await fleet.window.screenshot(join(gallery, 'many.png'));
  } finally {
    await fleet.dispose();
  }
}

/**
 * Makes the side bar wide enough to read a row.
 * @param {FleetWindow} fleet
 */
async function widen({ window: { page } }) {
  const box = await page.locator('.part.sidebar').boundingBox();
  if (!box) throw new Error('The side bar is not shown.');
  const [edge, middle] = [box.x + box.width + 1, box.y + box.height / 2];
  await page.mouse.move(edge, middle);
  await page.mouse.down();
  await page.mouse.move(box.x + sideBarWidth, middle, { steps: 5 });
  await page.mouse.up();
}

/**
 * Takes the pointer away from everything that would react to it.
 * @param {FleetWindow} fleet
 */
async function rest({ window: { page } }) {
  await page.mouse.move(viewport.width / 2, (page.viewportSize() ?? viewport).height - 3);
  await page.locator('.monaco-hover:visible, .workbench-hover:visible').first().waitFor({ state: 'hidden' });
  await page.locator('.statusbar-item', { hasText: 'Activating Extensions' }).waitFor({ state: 'hidden' });
}
