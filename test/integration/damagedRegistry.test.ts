import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { endAll, fleetApi, hasEnded, spawn } from './support/fleet.ts';
import { requireStorage } from './support/storage.ts';
import { surface } from './support/surface.ts';
import { until } from './support/until.ts';

/** The registry of the window before this one was truncated after that window had closed. */
describe('a damaged registry', () => {
  after(endAll);

  it('is set aside with one message, and the snapshot before it is used', async () => {
    const api = await fleetApi();
    const warning = await until('the message', () => surface().messages.find(({ severity }) => severity === 'warning'));
    assert.match(warning.text, /damaged/);
    assert.equal(surface().messages.length, 1);
    const names = await readdir(await requireStorage());
    assert.equal(names.filter((name) => name.startsWith('registry.db.corrupt-')).length, 1);
    await until('the sessions of the earlier window', () => api.sessions().length > 0);
  });

  it('does not keep the fleet from going on', async () => {
    assert.equal((await hasEnded(await spawn({ variant: 'works:1' }))).status, 'completed');
  });
});
