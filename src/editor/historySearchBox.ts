import * as vscode from 'vscode';
import { DisposableStore } from '../base/disposable.ts';
import { messageOf } from '../base/errors.ts';
import { Latest } from '../base/latest.ts';
import type { Clock, Timers } from '../base/ports.ts';
import type { FleetService } from '../core/fleetService.ts';
import type { DriverCatalog } from '../core/ports.ts';
import { historyButton, historyFailed, historyInput, historyPicks, type FoundSession, type HistoryButton, type HistoryPick } from '../presentation/historyPicks.ts';
import { parseHistoryQuery, type HistoryQuery } from '../presentation/historyQuery.ts';
import type { Translate } from '../presentation/translate.ts';
import type { FleetModel } from './fleetModel.ts';
import { workspaceFolders } from './workspaceFolders.ts';

export interface HistorySearchOptions {
  readonly fleet: FleetService;
  readonly model: FleetModel;
  readonly drivers: DriverCatalog;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly t: Translate;
}

/** What a person chose. */
export interface HistoryChoice {
  readonly sessionId: string;
  readonly action: 'inspect' | HistoryButton;
}

interface Item extends vscode.QuickPickItem {
  readonly pick: HistoryPick;
}

interface Button extends vscode.QuickInputButton {
  readonly id: HistoryButton;
}

const pauseMs = 120;
const maxRows = 100;
/** The registry does not know the names of agents: more is read, and the others are left out. */
const maxRowsOfAgent = 1000;

/** Asks for a session of the history, evicted ones included, and searches while one types. `undefined` when the person gave up. */
export function pickFromHistory(options: HistorySearchOptions, value = ''): Promise<HistoryChoice | undefined> {
  const { timers, t } = options;
  return new Promise((resolve) => {
    const store = new DisposableStore();
    const done = (choice: HistoryChoice | undefined): void => {
      resolve(choice);
      store.dispose();
    };
    const box = store.add(vscode.window.createQuickPick<Item>());
    const show = (picks: readonly HistoryPick[]): void => {
      box.items = picks.map((pick) => itemOf(t, pick));
      // Enter is for a session, not for what stands above them.
      box.activeItems = box.items.filter(({ pick }) => pick.sessionId !== undefined).slice(0, 1);
    };
    const search = store.add(
      new Latest<string, readonly HistoryPick[]>({
        timers,
        delayMs: pauseMs,
        ask: (input) => find(options, input),
        onAnswer: show,
        onError: (error) => show(historyFailed(t, messageOf(error))),
        onBusy: (busy) => void (box.busy = busy),
      }),
    );
    const text = historyInput(t);
    box.title = text.title;
    box.placeholder = text.placeholder;
    box.value = value;
    box.ignoreFocusOut = true;
    store.add(box.onDidChangeValue((input) => search.put(input)));
    store.add(
      box.onDidAccept(() => {
        const sessionId = box.selectedItems[0]?.pick.sessionId;
        if (sessionId !== undefined) done({ sessionId, action: 'inspect' });
      }),
    );
    store.add(
      box.onDidTriggerItemButton(({ item, button }) => {
        const { sessionId } = item.pick;
        if (sessionId !== undefined) done({ sessionId, action: (button as Button).id });
      }),
    );
    store.add(box.onDidHide(() => done(undefined)));
    search.put(value, 'at once');
    box.show();
  });
}

async function find({ fleet, model, drivers, clock, t }: HistorySearchOptions, input: string): Promise<readonly HistoryPick[]> {
  const now = clock.now();
  const query = parseHistoryQuery(t, input, now);
  const { agent } = query;
  // An agent's id is one of the words that the registry looks for; part of its name is not.
  const text = agent !== undefined && drivers.get(agent) !== undefined ? `${query.text} ${agent}`.trim() : query.text;
  const summaries = await fleet.search({ ...wanted({ ...query, text }), limit: agent === undefined ? maxRows + 1 : maxRowsOfAgent });
  const folders = workspaceFolders();
  const found = summaries.map((summary): FoundSession => {
    const listed = summary.evicted ? undefined : fleet.find(summary.id);
    const driverLabel = drivers.get(summary.driver)?.info.label ?? summary.driver;
    const isHere = folders.length === 1 && folders[0]?.path === summary.cwd;
    return { summary, driverLabel, isHere, ...(listed === undefined ? {} : { view: model.view(listed) }) };
  });
  const ofAgent = agent === undefined ? found : found.filter(({ summary, driverLabel }) => `${summary.driver}\n${driverLabel}`.toLowerCase().includes(agent));
  return historyPicks(t, { found: ofAgent.slice(0, maxRows), hasMore: ofAgent.length > maxRows || summaries.length === maxRowsOfAgent, problems: query.problems, isEmpty: input.trim() === '', canSpawn: vscode.workspace.isTrusted, now });
}

function wanted({ text, status, since, until }: HistoryQuery): { text?: string } & Pick<HistoryQuery, 'status' | 'since' | 'until'> {
  return {
    ...(text === '' ? {} : { text }),
    ...(status === undefined ? {} : { status }),
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
  };
}

function itemOf(t: Translate, pick: HistoryPick): Item {
  return {
    pick,
    label: pick.label,
    // The registry has searched: the editor's own filter would look for `status:failed` in the labels.
    alwaysShow: true,
    iconPath: new vscode.ThemeIcon(pick.icon, pick.color === undefined ? undefined : new vscode.ThemeColor(pick.color)),
    buttons: pick.buttons.map((id): Button => {
      const { icon, tooltip } = historyButton(t, id);
      return { id, iconPath: new vscode.ThemeIcon(icon), tooltip };
    }),
    ...(pick.description === undefined ? {} : { description: pick.description }),
    ...(pick.detail === undefined ? {} : { detail: pick.detail }),
  };
}
