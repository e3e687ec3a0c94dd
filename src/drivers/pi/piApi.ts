/** What our extension uses of pi's extension interface ("pi extensions", 0.87.1). Events come from pi: their shape is checked where they are read. */
export interface PiApi {
  on(event: string, handler: (event: unknown, context: unknown) => unknown): unknown;
}

/** What our extension uses of the context that pi hands to a handler; parts are missing before the session starts. */
export interface PiContext {
  readonly hasUI?: boolean;
  readonly cwd?: string;
  readonly ui?: { confirm(title: string, message: string): Promise<boolean> };
  readonly sessionManager?: { getSessionId?(): string | undefined };
  isIdle?(): boolean;
}
