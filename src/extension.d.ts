import type * as vscode from 'vscode';
import type { Session } from './core/session.ts';
export type PublicSession = Omit<Session, 'tokenHash' | 'promptToType' | 'lastRunnerSeq'>;
/** What other extensions may use: they read, they never write. */
export interface AgentFleetApi {
    readonly version: 1;
    /** All sessions of this workspace as they are now. */
    sessions(): readonly PublicSession[];
    /** Fires after each change, with the sessions as they are then. */
    onDidChange(listener: (change: {
        added: readonly PublicSession[];
        changed: readonly PublicSession[];
        removed: readonly string[];
    }) => void): vscode.Disposable;
    /** Whether any session is active. */
    readonly isActive: boolean;
}
export declare function activate(context: vscode.ExtensionContext): AgentFleetApi;
/** The editor waits for this a few seconds at most; what is durable does not depend on it. Agents run on. */
export declare function deactivate(): Promise<void>;
