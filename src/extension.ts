import type * as vscode from 'vscode';
import type { Session } from './core/session.ts';
import { isActive } from './core/session.ts';
import { compose, type Fleet } from './editor/compose.ts';

export type PublicSession = Omit<Session, 'tokenHash' | 'promptToType' | 'lastRunnerSeq'>;

/** What other extensions may use: they read, they never write. */
export interface AgentFleetApi {
  readonly version: 1;
  /** All sessions of this workspace as they are now. */
  sessions(): readonly PublicSession[];
  /** Fires after each change, with the sessions as they are then. */
  onDidChange(listener: (change: { added: readonly PublicSession[]; changed: readonly PublicSession[]; removed: readonly string[] }) => void): vscode.Disposable;
  /** Whether any session is active. */
  readonly isActive: boolean;
}

/** What concerns only the window and its runners stays inside. */
function publicSession(session: Session): PublicSession {
  const { tokenHash: _token, promptToType: _typed, lastRunnerSeq: _seq, ...rest } = session;
  return rest;
}

let fleet: Fleet | undefined;

export function activate(context: vscode.ExtensionContext): AgentFleetApi {
  const composed = compose(context);
  fleet = composed;
  return {
    version: 1,
    sessions: () => composed.service.sessions.map(publicSession),
    onDidChange: (listener) =>
      composed.service.onDidChange(({ added, changed, removed }) =>
        listener({ added: added.map(publicSession), changed: changed.map(publicSession), removed }),
      ),
    get isActive() {
      return composed.service.sessions.some((session) => isActive(session.status));
    },
  };
}

/** The editor waits for this a few seconds at most; what is durable does not depend on it. Agents run on. */
export async function deactivate(): Promise<void> {
  const closing = fleet?.close();
  fleet = undefined;
  await closing;
}
