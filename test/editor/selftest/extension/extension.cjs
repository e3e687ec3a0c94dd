// A throw-away extension that shows one of each thing that the page objects read.
const vscode = require('vscode');

const things = [
  { label: 'Apple', description: 'red', children: [{ label: 'Seed', description: 'small' }] },
  { label: 'Pear', description: 'green' },
];

/** @param {import('vscode').ExtensionContext} context */
exports.activate = (context) => {
  const tree = vscode.window.createTreeView('selftest.things', {
    canSelectMany: true,
    treeDataProvider: {
      getChildren: (element) => (element ? element.children : things),
      getTreeItem: (element) => ({
        id: element.label,
        label: element.label,
        description: element.description,
        iconPath: new vscode.ThemeIcon('circle-outline'),
        collapsibleState: element.children ? 1 : 0,
        accessibilityInformation: { label: `${element.label}, ${element.description}` },
      }),
    },
  });
  tree.badge = { value: 2, tooltip: '2 things' };
  const status = vscode.window.createStatusBarItem('selftest.status', vscode.StatusBarAlignment.Left, 100);
  status.text = '$(beaker) ready';
  status.show();
  /** @param {string} id @param {(...args: any[]) => unknown} body */
  const command = (id, body) => context.subscriptions.push(vscode.commands.registerCommand(id, body));
  command('selftest.pick', async () => {
    const picked = await vscode.window.showQuickPick([{ label: '$(zap) First', description: 'one' }, { label: 'Second', description: 'two' }], { title: 'Pick' });
    const name = await vscode.window.showInputBox({ prompt: 'Which name?' });
    status.text = `picked ${picked?.label} as ${name}`;
  });
  command('selftest.ask', async () => {
    status.text = `answered ${await vscode.window.showWarningMessage('Go on?', { modal: true }, 'Go')}`;
  });
  command('selftest.poke', (element) => vscode.window.showInformationMessage(`Poked ${element.label}`, 'Thanks'));
  command('selftest.terminal', () => {
    const script = 'console.log("running as " + process.pid); setInterval(() => {}, 1000)';
    vscode.window.createTerminal({ name: 'selftest', shellPath: process.execPath, shellArgs: ['-e', script] }).show();
  });
  context.subscriptions.push(tree, status);
};
