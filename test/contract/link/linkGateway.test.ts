import assert from 'node:assert/strict';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { nullLogger } from '../../../src/base/ports.ts';
import { systemTimers } from '../../../src/hosts/local/systemPorts.ts';
import { linkAddress } from '../../../src/link/address.ts';
import { readEndpoint } from '../../../src/link/endpointFile.ts';
import { LinkGateway } from '../../../src/link/linkGateway.ts';
import { LinkServer } from '../../../src/link/server.ts';

describe('link/linkGateway', () => {
  let root: string;
  let listens: number;
  let refuse: boolean;
  const make = (): LinkGateway =>
    new LinkGateway({
      endpointFile: path.join(root, 'registry', 'endpoint.json'),
      logger: nullLogger,
      listen: (endpointFile) => {
        listens += 1;
        if (refuse) return Promise.reject(new Error('no socket today'));
        return LinkServer.listen({
          where: linkAddress(process.platform, [root], `gateway-${listens}`),
          endpointFile,
          pid: process.pid,
          authenticate: () => ({ ok: false, reason: 'nobody is known' }),
          sink: () => Promise.resolve(),
          timers: systemTimers,
          logger: nullLogger,
        });
      },
    });
  beforeEach(async () => {
    root = await mkdtemp(path.join(tmpdir(), 'fleet-gateway-'));
    listens = 0;
    refuse = false;
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  it('opens no socket and writes nothing before a runner is expected', async () => {
    const gateway = make();
    assert.equal(gateway.isConnected('agent-a'), false);
    await assert.rejects(gateway.stop('agent-a', { from: 'SIGINT', graceMs: 1 }), { code: 'NotConnected' });
    await assert.rejects(stat(path.join(root, 'registry')));
    await gateway.close();
    assert.equal(listens, 0);
  });

  it('listens once, however often it is asked, and makes the folder', async () => {
    const gateway = make();
    await Promise.all([gateway.start(), gateway.start()]);
    await gateway.start();
    assert.equal(listens, 1);
    assert.equal((await readEndpoint(path.join(root, 'registry', 'endpoint.json')))?.pid, process.pid);
    await gateway.close();
    assert.equal(await readEndpoint(path.join(root, 'registry', 'endpoint.json')), undefined);
  });

  it('tries again after a failure', async () => {
    const gateway = make();
    refuse = true;
    await assert.rejects(gateway.start(), { code: 'LinkFailed' });
    refuse = false;
    await gateway.start();
    assert.equal(listens, 2);
    await gateway.close();
  });

  it('S3: lets go when another window owns the registry, and listens anew when this one does again', async () => {
    const file = path.join(root, 'registry', 'endpoint.json');
    const gateway = make();
    await gateway.start();
    const first = (await readEndpoint(file))?.address;
    await gateway.release();
    assert.equal(await readEndpoint(file), undefined);
    await assert.rejects(gateway.stop('agent-a', { from: 'SIGINT', graceMs: 1 }), { code: 'NotConnected' });
    await gateway.start();
    const second = (await readEndpoint(file))?.address;
    assert.ok(second !== undefined && second !== first);
    await gateway.close();
    assert.equal(listens, 2);
  });

  it('leaves nothing open when it is closed while it starts', async () => {
    const gateway = make();
    const starting = gateway.start();
    await gateway.close();
    await starting;
    assert.equal(await readEndpoint(path.join(root, 'registry', 'endpoint.json')), undefined);
  });
});
