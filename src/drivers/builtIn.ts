import type { AgentDriver } from '../core/driver.ts';
import { claudeDriver } from './claude/claudeDriver.ts';
import { codexDriver } from './codex/codexDriver.ts';
import { demoDriver } from './demo/demoDriver.ts';
import { geminiDriver } from './gemini/geminiDriver.ts';
import { piDriver } from './pi/piDriver.ts';

/** The agents that the extension knows by itself. Adding one is its folder and a line here. */
export const builtInDrivers: readonly AgentDriver[] = [claudeDriver, codexDriver, geminiDriver, piDriver, demoDriver];
