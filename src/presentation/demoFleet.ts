import type { Translate } from './translate.ts';

/** One of the scripted sessions that *Try the Demo Fleet* spawns. */
export interface DemoSession {
  readonly name: string;
  /** The script of the demo agent. */
  readonly variant: 'works' | 'asks' | 'fails' | 'waits';
  readonly prompt: string;
}

/** Four agents that show the four things an agent can do: finish, ask, fail, go on. */
export function demoFleet(t: Translate): readonly DemoSession[] {
  return [
    { name: 'changelog', variant: 'works', prompt: t('Write a short changelog for this project.') },
    { name: 'login-flow', variant: 'asks', prompt: t('Write down the steps of the login flow.') },
    { name: 'migrate', variant: 'fails', prompt: t('Try a migration that cannot work.') },
    { name: 'watcher', variant: 'waits', prompt: t('Watch this project until you are told to stop.') },
  ];
}
