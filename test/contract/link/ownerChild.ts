import { aSession } from '../../fakes/sessions.ts';
import { LinkedWindow } from './windowHarness.ts';

/** A process that owns the fleet of the folder in its argument and takes changes, but never gets one onto the disk. It lives until it is killed. */
const window = new LinkedWindow(process.argv[2] ?? '', 'child', 'owner', [aSession()]);
await window.core.fleet.open();
window.core.store.hold();
window.core.fleet.onDidChange(() => process.send?.('changed'));
await window.listen();
process.send?.('listening');
