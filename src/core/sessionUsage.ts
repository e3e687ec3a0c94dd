import type { Session } from './session.ts';
import { addUsage, mergeReports, type TurnUsage, type UsageReport } from './usage.ts';

/** The report without what is no usage: it is kept for good, and its reporter may have put anything into it (seed row S11). */
export function plainReport(report: UsageReport): UsageReport {
  return { turn: report.turn, ...mergeReports({}, report) };
}

/**
 * The session with one more usage report. A later report about the newest turn takes the place of the earlier ones; all turns are summed
 * (seed row A14). A report about a turn that is not the newest one counts as a new turn: agents report in order.
 */
export function withTurn(session: Session, report: UsageReport): Session {
  const { turn, ...said } = report;
  const same = session.turnUsage?.turn === turn ? session.turnUsage : undefined;
  const before = same === undefined ? (session.usage ?? {}) : same.before;
  const used: TurnUsage = mergeReports(same?.used ?? {}, said);
  return { ...session, usage: addUsage(before, { turns: 1, ...used }), turnUsage: { turn, used, before } };
}
