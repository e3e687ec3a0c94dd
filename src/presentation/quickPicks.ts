import type { DriverInfo } from '../core/driver.ts';
import type { SessionAction } from '../core/actions.ts';
import { permissionPolicies, type PermissionPolicy } from '../core/session.ts';
import { policyDetail, policyLabel } from './policies.ts';
import { groupIds, groupOf } from './phase.ts';
import { sessionLook } from './sessionLook.ts';
import { elapsedOf, type SessionView } from './sessionView.ts';
import type { Translate } from './translate.ts';
import { groupLabel, rowActions } from './treeModel.ts';
import { formatElapsed } from './durations.ts';
import { rowText } from './untrustedText.ts';

/** An entry of a quick pick. `icon` is a codicon id for `iconPath`. The texts hold no `$(…)` of an agent. */
export type Pick<T> =
  | { readonly kind: 'separator'; readonly label: string }
  | {
      readonly kind: 'item';
      readonly label: string;
      readonly description?: string;
      readonly detail?: string;
      readonly icon?: string;
      readonly value: T;
    };

/** A driver and whether its program was found. */
export interface DriverAvailability {
  readonly info: DriverInfo;
  readonly installed: boolean;
  /** The executable that was found. */
  readonly executable?: string;
}

/**
 * The pick of an agent: the default first, then what is installed, then the others under "Not installed". A quick pick knows
 * no disabled items: when one of these is picked, show `driverMissing` and start nothing.
 */
export function driverPicks(t: Translate, drivers: readonly DriverAvailability[], defaultDriver: string): readonly Pick<DriverAvailability>[] {
  const byLabel = [...drivers].sort((a, b) => compareText(a.info.label, b.info.label));
  const installed = byLabel.filter((driver) => driver.installed);
  const first = installed.filter((driver) => driver.info.id === defaultDriver);
  const rest = installed.filter((driver) => driver.info.id !== defaultDriver);
  const missing = byLabel.filter((driver) => !driver.installed);
  return [
    ...[...first, ...rest].map((driver) => installedPick(t, driver, driver.info.id === defaultDriver)),
    ...(missing.length === 0 ? [] : [{ kind: 'separator', label: t('Not installed') } as const]),
    ...missing.map((driver) => missingPick(t, driver)),
  ];
}

/** The pick of a session for an action: only sessions for which it is valid, under the headings of the tree. */
export function sessionPicks(t: Translate, views: readonly SessionView[], action: SessionAction, now: number): readonly Pick<string>[] {
  const valid = views.filter((view) => rowActions(view).has(action));
  return groupIds.flatMap((group) => {
    const inGroup = valid.filter((view) => groupOf(view) === group).sort((a, b) => b.session.lastActivityAt - a.session.lastActivityAt);
    if (inGroup.length === 0) return [];
    return [{ kind: 'separator', label: groupLabel(t, group) } as const, ...inGroup.map((view) => sessionPick(t, view, now))];
  });
}

/** The pick of a permission policy, the default first. `bypass` comes last and asks for a confirmation: see `confirmBypass`. */
export function policyPicks(t: Translate, defaultPolicy: PermissionPolicy): readonly Pick<PermissionPolicy>[] {
  const order = [...permissionPolicies].sort((a, b) => Number(b === defaultPolicy && b !== 'bypass') - Number(a === defaultPolicy && a !== 'bypass'));
  return order.map((policy) => ({
    kind: 'item',
    label: policyLabel(t, policy),
    detail: policyDetail(t, policy),
    ...(policy === defaultPolicy && policy !== 'bypass' ? { description: t('default') } : {}),
    ...(policy === 'bypass' ? { icon: 'warning' } : {}),
    value: policy,
  }));
}

function installedPick(t: Translate, driver: DriverAvailability, isDefault: boolean): Pick<DriverAvailability> {
  return {
    kind: 'item',
    label: rowText(driver.info.label),
    ...(isDefault ? { description: t('default') } : {}),
    ...(driver.executable === undefined ? {} : { detail: rowText(driver.executable, 200) }),
    icon: 'rocket',
    value: driver,
  };
}

function missingPick(t: Translate, driver: DriverAvailability): Pick<DriverAvailability> {
  return {
    kind: 'item',
    label: rowText(driver.info.label),
    description: t('not installed'),
    detail: rowText(driver.info.installHint, 200),
    icon: 'circle-slash',
    value: driver,
  };
}

function sessionPick(t: Translate, view: SessionView, now: number): Pick<string> {
  const look = sessionLook(t, view, now);
  return {
    kind: 'item',
    label: rowText(view.session.name),
    description: [rowText(view.driverLabel), formatElapsed(t, elapsedOf(view, now))].join(' · '),
    detail: look.sentence,
    icon: look.icon,
    value: view.session.id,
  };
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
