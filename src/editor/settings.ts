import * as vscode from 'vscode';
import { settingBounds, settingDefaults, type SettingId, type SettingValue } from '../presentation/contributions.ts';

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
