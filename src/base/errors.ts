/**
 * An error with a code for programs and a sentence for people.
 * `message` is shown to the user as it is: it says what is wrong and what to do.
 */
export class FleetError<Code extends string = string> extends Error {
  override readonly name = 'FleetError';
  readonly code: Code;
  /** Facts of the case, for example `{limit: 3, active: 3}`. Never secrets. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: Code, message: string, options: { details?: Record<string, unknown>; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details ?? {};
  }
}

/** Whether `error` is a `FleetError`, and if `code` is given, one with that code. */
export function isFleetError<Code extends string>(error: unknown, code?: Code): error is FleetError<Code> {
  return error instanceof FleetError && (code === undefined || error.code === code);
}

/** The sentence of any thrown value. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The code of any thrown value, for example the system's `ENOENT`. */
export function errorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
