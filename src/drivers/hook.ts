import { dropHook } from './shared/dropHook.ts';

// What a hook runs on Windows, where no shell can be counted on: `hook.cjs EVENT`, payload on stdin. Whatever happens, the agent must not notice.
const exit = (): never => process.exit(0);
dropHook(process.argv[2] ?? '', process.env['FLEET_HOOK_DIR'], process.stdin, process.pid).then(exit, exit);
