import * as vscode from 'vscode';
import { leaseMsOf } from '../core/liveness.ts';
import type { Retention } from '../core/sessionEnds.ts';
import { settingBounds, settingDefaults, settingIds, type SettingId, type SettingValue } from '../presentation/contributions.ts';

/** Reads one of our settings; a value of the wrong type counts as absent. */
export function setting<Id extends SettingId>(id: Id): SettingValue<Id> {
  const fallback: SettingValue<Id> = settingDefaults[id];
  const value: unknown = vscode.workspace.getConfiguration().get(id);
  if (Array.isArray(fallback)) return (Array.isArray(value) ? value : fallback) as unknown as SettingValue<Id>;
  return typeof value === typeof fallback ? (value as SettingValue<Id>) : fallback;
}

/** A whole number of our settings, kept between its bounds. */
export function boundedSetting(id: keyof typeof settingBounds): number {
  const value = setting(id);
  const [least, largest] = settingBounds[id];
  return Number.isFinite(value) ? Math.round(Math.min(largest, Math.max(least, value))) : settingDefaults[id];
}

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;

/** How many ended sessions stay in the list, and for how long. */
export function retentionSetting(): Retention {
  return { maxFinished: boundedSetting(settingIds.retentionFinished), maxAgeMs: boundedSetting(settingIds.retentionDays) * dayMs };
}

/** How long a retiring agent has, milliseconds; `undefined`: for ever. */
export function retireDeadlineMs(): number | undefined {
  const minutes = boundedSetting(settingIds.retireDeadlineMinutes);
  return minutes === 0 ? undefined : minutes * minuteMs;
}

/** After how long a silence a busy agent is stale, milliseconds. */
export function staleAfterSetting(): number {
  return leaseMsOf(boundedSetting(settingIds.staleAfterSeconds));
}
