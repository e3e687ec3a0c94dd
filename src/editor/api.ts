import type * as vscode from 'vscode';
import type { FleetService } from '../core/fleetService.ts';
import { isActive, type Session } from '../core/session.ts';

/** A session as other extensions see it. */
export type PublicSession = Omit<Session, 'tokenHash' | 'promptToType' | 'lastRunnerSeq'>;

export interface PublicChange {
  readonly added: readonly PublicSession[];
  readonly changed: readonly PublicSession[];
  readonly removed: readonly string[];
}

/** What other extensions may use: they read, they never write. */
export interface AgentFleetApi {
  readonly version: 1;
  /** All sessions of this workspace as they are now. */
  sessions(): readonly PublicSession[];
  /** Fires after each change, with the sessions as they are then. */
  onDidChange(listener: (change: PublicChange) => void): vscode.Disposable;
  /** Whether any session is active. */
  readonly isActive: boolean;
}

/** The API over the one service that knows the sessions. */
export function createApi(fleet: FleetService): AgentFleetApi {
  return {
    version: 1,
    sessions: () => fleet.sessions.map(publicSession),
    onDidChange: (listener) =>
      fleet.onDidChange(({ added, changed, removed }) => listener({ added: added.map(publicSession), changed: changed.map(publicSession), removed })),
    get isActive() {
      return fleet.sessions.some((session) => isActive(session.status));
    },
  };
}

/** What concerns only the window and its runners stays inside. */
function publicSession(session: Session): PublicSession {
  const { tokenHash: _token, promptToType: _typed, lastRunnerSeq: _seq, ...rest } = session;
  return rest;
}
