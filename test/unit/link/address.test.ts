import assert from 'node:assert/strict';
import { folderOfAddress, linkAddress, maxSocketPathBytes } from '../../../src/link/address.ts';

describe('link address', () => {
  it('is in the runtime folder on Linux', () => {
    const where = linkAddress('linux', ['/run/user/1000', '/tmp'], 'abcDEF-_1');
    const next = { address: '/tmp/agent-fleet-abcDEF-_1/s', folder: '/tmp/agent-fleet-abcDEF-_1' };
    assert.deepEqual(where, { address: '/run/user/1000/agent-fleet-abcDEF-_1/s', folder: '/run/user/1000/agent-fleet-abcDEF-_1', next });
  });

  it('is in the temporary folder on macOS, which has no runtime folder', () => {
    const where = linkAddress('darwin', [undefined, '/var/folders/zz/zyxvpxvq6csfxvn_n0000000000000/T/'], 'abcdefgh12');
    assert.ok(Buffer.byteLength(where.address) < maxSocketPathBytes);
    assert.match(where.address, /^\/var\/folders\//);
  });

  it('is a pipe on Windows', () => {
    assert.deepEqual(linkAddress('win32', ['C:\\Temp'], 'abcdef'), { address: '\\\\.\\pipe\\agent-fleet-abcdef' });
  });

  it('goes elsewhere when a folder is too long, counted in bytes, or not absolute', () => {
    assert.equal(linkAddress('linux', [`/${'x'.repeat(90)}`, '/short'], 'abcdef').folder, '/short/agent-fleet-abcdef');
    assert.equal(linkAddress('linux', [`/${'ü'.repeat(40)}`], 'abcdef').folder, '/tmp/agent-fleet-abcdef');
    assert.equal(linkAddress('linux', ['relative'], 'abcdef').folder, '/tmp/agent-fleet-abcdef');
  });

  for (const unique of ['', 'short', '../../etc', 'a/bcdefg', 'x'.repeat(41)]) {
    it(`refuses the unique part ${JSON.stringify(unique)}`, () => assert.throws(() => linkAddress('linux', [], unique), RangeError));
  }

  it('recognises the folders it names, and nothing else', () => {
    assert.equal(folderOfAddress('/tmp/agent-fleet-abcdef/s'), '/tmp/agent-fleet-abcdef');
    for (const foreign of ['/tmp/s', '/tmp/agent-fleet-abcdef', '/tmp/agent-fleet-abcdef/../home/s', '/home/me/s', '\\\\.\\pipe\\agent-fleet-abcdef', '']) {
      assert.equal(folderOfAddress(foreign), undefined, foreign);
    }
  });
});
