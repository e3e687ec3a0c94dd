import type * as vscode from 'vscode';
import type { AgentFleetApi } from './editor/api.ts';
import { compose, type Fleet } from './editor/compose.ts';

let fleet: Fleet | undefined;

export function activate(context: vscode.ExtensionContext): AgentFleetApi {
  fleet = compose(context);
  return fleet.api;
}

/** The editor waits for this a few seconds at most; what is durable does not depend on it. Agents run on. */
export async function deactivate(): Promise<void> {
  const closing = fleet?.close();
  fleet = undefined;
  await closing;
}
