import type { OpenReport } from '../core/ports.ts';
import type { Session } from '../core/session.ts';
import { journalFormat } from './journal/record.ts';
import type { OpenResult } from './worker/contract.ts';

/** What the fleet is told about what was found. @param sessions newest first, with what is not in the journal yet. */
export function openReportOf(content: OpenResult | undefined, sessions: readonly Session[], role: OpenReport['role']): OpenReport {
  const [setAside] = content?.setAside ?? [];
  return {
    sessions,
    skippedRows: (content?.skipped ?? 0) + (content?.lost ?? 0),
    role,
    ...(content === undefined ? {} : { stored: true as const }),
    ...(content?.feedSeq === undefined ? {} : { feedSeq: content.feedSeq }),
    ...(setAside === undefined ? {} : { setAside }),
    ...(content?.restored === true ? { restored: true as const } : {}),
    ...(content?.newerVersion === undefined ? {} : { newerVersion: content.newerVersion }),
  };
}

/** Why a registry of a newer version is left alone. */
export function newerReason(version: number): string {
  return `The fleet was saved by a newer version of Agent Fleet (format ${version}; this version knows ${journalFormat}). Update the extension. Nothing is changed until then.`;
}
