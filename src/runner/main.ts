import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isFleetError, messageOf } from '../base/errors.ts';
import { nullLogger, type Logger } from '../base/ports.ts';
import { systemClock, systemTimers } from '../hosts/local/systemPorts.ts';
import { systemProcessTable } from '../hosts/local/systemTable.ts';
import { sessionFiles } from '../link/launchFile.ts';
import { Spool } from '../link/spool.ts';
import { fileLogger } from './fileLogger.ts';
import { takeLaunchFile, takenLaunchPath } from './launch.ts';
import { Runner } from './runner.ts';
import { StandardTerminal } from './terminal.ts';
import { noLaunchLine } from './words.ts';

/** Name of the runner's log in its session's folder. */
const logName = 'runner.log';

async function main(launchPath: string): Promise<void> {
  const terminal = new StandardTerminal(systemTimers);
  const logger = launchPath === '' ? nullLogger : fileLogger(join(dirname(launchPath), logName), systemClock);
  // The agent must not lose its supervisor to a fault in a side matter.
  process.on('uncaughtException', (error) => logger.error('an unexpected fault', error));
  process.on('unhandledRejection', (error) => logger.error('an unexpected fault', error));
  // Warnings of the runtime would be drawn over the agent's screen.
  process.removeAllListeners('warning');
  const forgetLaunch = async (): Promise<void> => {
    await rm(takenLaunchPath(launchPath), { force: true }).catch((error: unknown) => logger.warn('the launch file could not be removed', error));
  };
  let launch;
  try {
    launch = await takeLaunchFile(launchPath);
  } catch (error) {
    if (isFleetError(error, 'BadLaunch')) {
      tellBadLaunch(dirname(launchPath), messageOf(error), logger);
      await forgetLaunch();
    }
    await terminal.enter(() => terminal.write(noLaunchLine(messageOf(error))));
    return;
  }
  const runner = new Runner({
    launch,
    forgetLaunch,
    env: process.env,
    table: systemProcessTable(),
    terminal,
    clock: systemClock,
    timers: systemTimers,
    logger,
  });
  try {
    await runner.run();
  } finally {
    runner.dispose();
  }
}

/** Nobody can be called without a launch file; the window finds it in the spool. */
function tellBadLaunch(sessionDir: string, message: string, logger: Logger): void {
  const spool = new Spool(join(sessionDir, sessionFiles.spool), { clock: systemClock, logger });
  spool.open();
  spool.append({ kind: 'spawnFailed', code: 'BadLaunch', message });
  spool.dispose();
}

/** Always 0: a terminal that ends otherwise makes the editor show an error of its own. The agent's code travels as an event. */
main(process.argv[2] ?? '').then(
  () => process.exit(0),
  () => process.exit(0),
);
