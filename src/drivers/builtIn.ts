import type { AgentDriver } from '../core/driver.ts';
import { demoDriver } from './demo/demoDriver.ts';

/** The agents that the extension knows by itself. Adding one is its folder and a line here. */
export const builtInDrivers: readonly AgentDriver[] = [demoDriver];
