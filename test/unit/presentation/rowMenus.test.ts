import { deepStrictEqual } from 'node:assert/strict';
import type { SessionAction } from '../../../src/core/actions.ts';
import type { ActivityKind } from '../../../src/core/session.ts';
import { allStatuses } from '../../../src/core/transitions.ts';
import { commandIds, commandOfAction, contextKeyValues, sessionContextValue } from '../../../src/presentation/contributions.ts';
import type { SessionView } from '../../../src/presentation/sessionView.ts';
import { rowActions } from '../../../src/presentation/treeModel.ts';
import { signal, view } from './fixtures.ts';
import { rowCommands } from './manifest.ts';

const activities: readonly (ActivityKind | undefined)[] = [undefined, 'starting', 'working', 'model_wait', 'running_tool', 'needs_permission', 'needs_answer', 'idle', 'blocked'];
const truths = [true, false];

/** Every kind of row there can be. */
function everyRow(): readonly SessionView[] {
  return allStatuses.flatMap((status) =>
    activities.flatMap((activity) =>
      truths.flatMap((hasTerminal) =>
        truths.flatMap((canChange) =>
          truths.map((hasArtifact) =>
            view(
              { status, ...(activity === undefined ? {} : { signal: signal(activity) }), artifacts: hasArtifact ? [{ path: '/a', kind: 'log', at: 1 }] : [] },
              { hasTerminal, canChange },
            ),
          ),
        ),
      ),
    ),
  );
}

/** What a row's menu offers for no action of its own. */
const always: readonly string[] = [commandIds.copySessionId, commandIds.exportEvents];

describe('presentation/row menus', () => {
  it('shows at most three inline actions, whatever the row', () => {
    const crowded = everyRow().map((each) => sessionContextValue(rowActions(each))).filter((value) => rowCommands(value, 'inline').length > 3);
    deepStrictEqual([...new Set(crowded)], []);
  });

  it('offers in the menu of a row what is valid for it, and nothing else', () => {
    for (const each of everyRow()) {
      const actions = rowActions(each);
      const wanted = [...actions].map((action: SessionAction) => commandOfAction[action] as string);
      if (actions.has('cancel')) wanted.push(commandIds.spawnUnder);
      deepStrictEqual([...rowCommands(sessionContextValue(actions), 'menu')].sort(), [...wanted, ...always].sort());
    }
  });

  it('offers inline only what the menu offers too', () => {
    for (const each of everyRow()) {
      const value = sessionContextValue(rowActions(each));
      const menu = rowCommands(value, 'menu');
      deepStrictEqual(rowCommands(value, 'inline').filter((command) => !menu.includes(command)), []);
    }
  });

  it('shows these inline actions in these states', () => {
    const artifacts = [{ path: '/a', kind: 'log', at: 1 }];
    const inline = (over: Parameters<typeof view>[0], around: Parameters<typeof view>[1] = {}) =>
      rowCommands(sessionContextValue(rowActions(view(over, around))), 'inline').map((command) => command.replace('agentFleet.', '')).join(' ');
    deepStrictEqual(
      [
        inline({ signal: signal('needs_permission'), artifacts }),
        inline({ signal: signal('working'), artifacts }),
        inline({ status: 'failed', artifacts }),
        inline({ status: 'completed', artifacts }, { hasTerminal: false }),
        inline({ signal: signal('working'), artifacts }, { canChange: false, hasTerminal: false }),
        rowCommands('group;finished;', 'inline').join(' '),
        rowCommands('group;active;', 'inline').join(' '),
      ],
      ['revealTerminal cancel', 'revealTerminal sendPrompt cancel', 'revealTerminal openArtifact restart', 'openArtifact', 'openArtifact', commandIds.clearFinished, ''],
    );
  });

  it('computes the context keys from the counts', () => {
    deepStrictEqual(
      [contextKeyValues('loading', { attention: 0, active: 0, finished: 0 }), contextKeyValues('ready', { attention: 1, active: 0, finished: 2 })],
      [
        { 'agentFleet:registry': 'loading', 'agentFleet:hasSessions': false, 'agentFleet:hasActive': false, 'agentFleet:hasFinished': false },
        { 'agentFleet:registry': 'ready', 'agentFleet:hasSessions': true, 'agentFleet:hasActive': true, 'agentFleet:hasFinished': true },
      ],
    );
  });
});
