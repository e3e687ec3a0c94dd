import assert from 'node:assert/strict';
import { windowsProgram } from '../../../src/git/runGit.ts';

describe('a program on Windows', () => {
  const files = new Set(['C:\\Git\\cmd\\git.exe', 'D:\\later\\git.exe', 'git.exe', '.\\git.exe', 'bin\\git.exe']);
  const find = (name: string, path: string): Promise<string | undefined> => windowsProgram(name, { Path: path }, (file) => Promise.resolve(files.has(file)));

  it('is found on the PATH, the first folder first', async () => {
    assert.equal(await find('git', 'C:\\none;"C:\\Git\\cmd";D:\\later'), 'C:\\Git\\cmd\\git.exe');
    assert.equal(await find('git.exe', 'D:\\later'), 'D:\\later\\git.exe');
  });

  it('is never taken from the current folder', async () => {
    for (const path of ['', '.', ';', 'bin', '.;bin;']) assert.equal(await find('git', path), undefined, path);
    for (const name of ['.\\git.exe', 'bin/git.exe', 'C:git.exe']) assert.equal(await find(name, 'C:\\Git\\cmd'), undefined, name);
  });

  it('stays what it is when it is named in full', async () => {
    assert.equal(await find('E:\\my\\git.exe', ''), 'E:\\my\\git.exe');
  });
});
