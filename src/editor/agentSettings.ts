import type { AgentSettings } from '../drivers/catalog.ts';
import { agentSettingIds, configurableAgents, settingIds } from '../presentation/contributions.ts';
import { boundedSetting, setting } from './settings.ts';

/** Path and extra arguments of an agent, if the settings know it. */
export function agentSettings(driverId: string): AgentSettings | undefined {
  const agent = configurableAgents.find((known) => known === driverId);
  if (agent === undefined) return undefined;
  const ids = agentSettingIds(agent);
  return {
    path: setting(ids.path),
    extraArgs: setting(ids.extraArgs).filter((arg): arg is string => typeof arg === 'string'),
    pathSetting: ids.path,
    hooksAllowed: agent === 'codex' && setting(settingIds.codexHooks) === 'on',
  };
}

/** The setting with the user's own agents; its shape is checked by who reads it. */
export function customAgents(): unknown {
  return setting(settingIds.customAgents);
}

/** A script of the demo agent at the pace of the settings. */
export function demoVariant(script: string): string {
  return `${script}:${boundedSetting(settingIds.demoPace)}`;
}
