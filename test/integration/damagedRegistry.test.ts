import assert from 'node:assert/strict';
import { endAll, fleetApi, hasEnded, spawn } from './support/fleet.ts';
import { surface } from './support/surface.ts';
import { until } from './support/until.ts';

/** Some bytes of the journal were overwritten after the window before this one had closed. */
describe('a damaged registry', () => {
  after(endAll);

  it('S4: is told once, and what can be read is kept', async () => {
    const api = await fleetApi();
    const warning = await until('the message', () => surface().messages.find(({ severity }) => severity === 'warning'));
    assert.match(warning.text, /damaged.*left out.*kept: \d+/);
    assert.equal(surface().messages.length, 1);
    await until('the sessions of the earlier window', () => api.sessions().length > 0);
  });

  it('does not keep the fleet from going on', async () => {
    assert.equal((await hasEnded(await spawn({ variant: 'works:1' }))).status, 'completed');
  });
});
