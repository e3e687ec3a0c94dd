import type { ActivityKind, PermissionPolicy } from './session.ts';

/**
 * What a driver reads out of something its agent said. Drivers report facts; they cannot set a
 * status. An event that means nothing to the driver yields no facts and changes nothing.
 */
export type AgentFact =
  | {
      readonly type: 'activity';
      readonly activity: ActivityKind;
      readonly detail?: string;
      /**
       * The sign may also stand while a question is open. "Idle" (a title that is the same for "idle" and "asking") then ends a busy state,
       * never the question; "busy" (a spinner that goes on until the question is drawn) ends a question only after it was shown, or much later.
       */
      readonly weak?: true;
    }
  /** The agent took a prompt: proof that a routed prompt arrived. */
  | { readonly type: 'promptTaken' }
  /** The agent's own conversation id. */
  | { readonly type: 'conversation'; readonly id: string }
  /** The agent says that it wrote this file. Absolute, or relative to the session's folder. */
  | { readonly type: 'artifact'; readonly path: string; readonly kind: string }
  | { readonly type: 'progress'; readonly message?: string; readonly percent?: number };

export interface DriverInfo {
  /** Short stable id, for example `claude`. */
  readonly id: string;
  /** The product's name as its makers write it. */
  readonly label: string;
  /** Names of the executable to look for on PATH; empty when nothing needs to be installed. */
  readonly binaries: readonly string[];
  /** One sentence with the command that installs it. */
  readonly installHint: string;
  readonly homepage?: string;
  /** The CLI itself wants the person's consent before hooks may run: it is asked for once, in words, before the first start. */
  readonly asksForHooks?: true;
}

export interface LaunchRequest {
  readonly sessionId: string;
  readonly name: string;
  readonly prompt?: string;
  readonly policy: PermissionPolicy;
  readonly cwd: string;
  /** The folder belongs to a workspace that the person has trusted in the editor. */
  readonly folderTrusted: boolean;
  readonly variant?: string;
  /** Minted by us, for agents that accept one. */
  readonly conversationId: string;
}

/** What a driver needs from its surroundings to make a plan. All paths absolute. */
export interface LaunchContext {
  readonly platform: 'linux' | 'darwin' | 'win32';
  /** The executable that was found, or that the settings name. */
  readonly executable: string;
  /** Extra arguments from the settings. */
  readonly extraArgs: readonly string[];
  /** False while the person has not agreed that our hooks run (see `asksForHooks`): state then comes from titles alone. */
  readonly hooksAllowed: boolean;
  /** This session's private folder (mode 0700): generated files go here. */
  readonly sessionDir: string;
  /** A Node executable and, if it is Electron, the variable that makes it one. */
  readonly node: { readonly executable: string; readonly env: Readonly<Record<string, string>> };
  /** Folder of the extension's bundled files (`hook.cjs`, `demo.cjs`, `pi-extension.mjs`). */
  readonly assetsDir: string;
}

/** How to start one agent. Started by argv, never through a shell. */
export interface LaunchPlan {
  readonly argv: readonly [string, ...string[]];
  /** Variables to set; `null` removes one that would be inherited. */
  readonly env: Readonly<Record<string, string | null>>;
  /** Files to write into the session's folder before the start (mode 0600). */
  readonly files: readonly { readonly name: string; readonly content: string }[];
  /** True when `prompt` is part of `argv`; otherwise it is typed once the agent is ready. */
  readonly promptInArgv: boolean;
  /** Set when the agent was told to use the conversation id that we minted. */
  readonly conversationId?: string;
  /** One sentence for the log: why less will be known of this session than usual. */
  readonly note?: string;
}

/** How a running turn is interrupted without ending the session. */
export type InterruptMeans =
  | { readonly type: 'keys'; readonly keys: string }
  | { readonly type: 'signal'; readonly signal: 'SIGINT' };

/** All that Agent Fleet knows of one agent CLI. */
export interface AgentDriver {
  readonly info: DriverInfo;
  /** Whether its events prove that a typed prompt was taken (`promptTaken`). */
  readonly provesPrompts: boolean;
  readonly interrupt: InterruptMeans;
  /** Keys that empty its input line while it rests; for agents that put the prompt of an interrupted turn back there. */
  readonly clearInput?: string;
  /** @throws FleetError `UnsupportedPolicy` when the CLI has no equivalent of the policy. */
  plan(request: LaunchRequest, context: LaunchContext): Promise<LaunchPlan>;
  /** Facts of one hook payload. `payload` comes from outside: check its shape. */
  readHook(name: string, payload: unknown): readonly AgentFact[];
  /** Facts of a terminal title; [] when the title says nothing about the state. */
  readTitle(title: string): readonly AgentFact[];
}

/** Facts of one line of fleet protocol are the same for every driver: see `fleetEventFacts.ts`. */
