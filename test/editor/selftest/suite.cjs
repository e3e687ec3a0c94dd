// Runs inside the extension host.
const assert = require('node:assert/strict');
const vscode = require('vscode');

exports.run = async () => {
  const extension = vscode.extensions.getExtension('agent-fleet.editor-selftest');
  assert.ok(extension, 'the extension under development is loaded');
  await extension.activate();
  assert.ok((await vscode.commands.getCommands(true)).includes('selftest.pick'));
  assert.equal(vscode.workspace.workspaceFolders?.length, 1);
  console.log('selftest says hello from the extension host');
  assert.equal(process.env.SELFTEST_WISH, 'pass', 'the environment reaches the extension host');
};
