import type { PermissionPolicy } from '../../core/session.ts';
import { confirmBypass } from '../../presentation/messages.ts';
import { askForHooks } from '../hookConsent.ts';
import { confirm, type CommandContext } from './context.ts';

/**
 * What a person must agree to before an agent starts, also when it starts again: running without permission checks, each time, and hooks where
 * the agent wants consent for them, once.
 * @returns false when the person did not go on.
 */
export async function confirmStart(context: CommandContext, start: { readonly driver: string; readonly policy: PermissionPolicy; readonly cwd: string }): Promise<boolean> {
  const info = context.drivers.get(start.driver)?.info;
  if (start.policy === 'bypass' && !(await confirm(confirmBypass(context.t, info?.label ?? start.driver, start.cwd)))) return false;
  return info === undefined || askForHooks(context.t, info);
}
