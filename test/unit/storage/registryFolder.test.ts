import assert from 'node:assert/strict';
import { registryFolder } from '../../../src/storage/registryFolder.ts';

describe('registryFolder', () => {
  const root = '/home/u/.config/Code/User/workspaceStorage';
  const hash = '0cc175b9c0f1b6a831c399e269772661';

  it('S3: the nine names of further windows are one registry', () => {
    for (let n = 1; n <= 9; n++) assert.equal(registryFolder(`${root}/${hash}-${n}/publisher.agent-fleet`), `${root}/${hash}/publisher.agent-fleet`);
    assert.equal(registryFolder(`C:\\Code\\User\\workspaceStorage\\${hash}-1\\publisher.agent-fleet`), `C:\\Code\\User\\workspaceStorage\\${hash}\\publisher.agent-fleet`);
  });

  for (const path of [
    `${root}/${hash}/publisher.agent-fleet`,
    `${root}/${hash}-10/publisher.agent-fleet`,
    `${root}/${hash}-0/publisher.agent-fleet`,
    // Ids of the web are signed numbers.
    `${root}/-7/publisher.agent-fleet`,
    `${root}/${hash}/publisher.agent-fleet-1`,
    `/home/u-1/workspaceStorage/${hash}/publisher.agent-fleet`,
    `${root}/x-1/${hash}/publisher.agent-fleet`,
    '/home/u/.config/Code/User/globalStorage-1/publisher.agent-fleet',
    '/home/u/.config/Code/User/globalStorage/publisher.agent-fleet',
  ]) {
    it(`leaves ${path} alone`, () => assert.equal(registryFolder(path), path));
  }

  it('takes the suffix of a signed id off as well', () => {
    assert.equal(registryFolder(`${root}/-47c8a4a1-2/publisher.agent-fleet`), `${root}/-47c8a4a1/publisher.agent-fleet`);
  });
});
