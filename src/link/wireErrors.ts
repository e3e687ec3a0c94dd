import { ErrorCodes, ResponseError } from 'vscode-jsonrpc/node';
import { FleetError, isFleetError, messageOf } from '../base/errors.ts';
import { isRecord } from './wireChecks.ts';

/** An error on its way from one window to another. */
export interface WireError {
  readonly code: string;
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
}

const maxCode = 100;
const maxMessage = 4000;
const maxDetails = 64 * 1024;

/** The error as an answer. Anything but a `FleetError` gets the code `Failed`. */
export function toResponseError(error: unknown): ResponseError<WireError> {
  const code = isFleetError(error) ? error.code : 'Failed';
  const message = messageOf(error).slice(0, maxMessage);
  return new ResponseError(ErrorCodes.InternalError, message, { code, message, details: isFleetError(error) ? plainDetails(error.details) : {} });
}

/** The error that the other side threw; whatever else happened stays as it is. */
export function fromResponseError(error: unknown): unknown {
  if (!(error instanceof ResponseError)) return error;
  const data: unknown = error.data;
  if (!isWireError(data)) return error;
  return new FleetError(data.code, data.message, { details: { ...data.details } });
}

function isWireError(value: unknown): value is WireError {
  if (!isRecord(value)) return false;
  const { code, message, details } = value;
  return typeof code === 'string' && code.length <= maxCode && typeof message === 'string' && message.length <= maxMessage && isRecord(details);
}

/** What of the details can travel: values of JSON, not too many. */
function plainDetails(details: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  try {
    const json = JSON.stringify(details);
    return json.length > maxDetails ? {} : (JSON.parse(json) as Record<string, unknown>);
  } catch {
    return {};
  }
}
