/**
 * Finds out which scenario a request belongs to and how far it has come.
 *
 * The server keeps no state about conversations. Each request carries the whole conversation, so the
 * newest prompt says the scenario, and the model's replies since then say the step. Parallel, resumed
 * and interrupted conversations can therefore never go out of step.
 * @typedef {import('./types.mjs').Turn} Turn
 * @typedef {import('./types.mjs').Step} Step
 * @typedef {import('./types.mjs').Scenario} Scenario
 */
import { fallbackScenario } from './scenarios.mjs';

/**
 * @param {readonly Turn[]} turns
 * @param {ReadonlyMap<string, Scenario>} scenarios
 * @returns {{name: string, index: number, mark: string | undefined, line: string | undefined, step: Step}}
 */
export function chooseStep(turns, scenarios) {
  const asked = newestMark(turns);
  const from = asked?.at ?? turns.findLastIndex((turn) => turn.role === 'user');
  const index = repliesIn(turns.slice(from + 1));
  const wanted = asked === undefined ? undefined : scenarios.get(asked.name);
  const name = asked !== undefined && wanted !== undefined ? asked.name : fallbackScenario;
  const scenario = wanted ?? scenarios.get(fallbackScenario);
  const template = scenario?.steps[Math.min(index, scenario.steps.length - 1)] ?? {};
  const values = { ...scenario?.params, ...parameters(asked?.mark ?? '', scenario) };
  return { name, index, mark: asked?.mark, line: asked?.line, step: /** @type {Step} */ (fill(template, values)) };
}

/** What ends a line that a person wrote, also where an agent wrapped it into something. */
const outside = /["'<>\n\\]/;

/** @param {readonly Turn[]} turns */
function newestMark(turns) {
  for (let at = turns.length - 1; at >= 0; at--) {
    const turn = turns[at];
    if (turn === undefined || turn.role !== 'user') {
      continue;
    }
    const match = [...turn.text.matchAll(/scenario=([a-z0-9_-]+)/gi)].pop();
    if (match?.[1] !== undefined) {
      const mark = turn.text.slice(match.index).split(outside, 1)[0] ?? '';
      const before = turn.text.slice(0, match.index).split(outside).at(-1) ?? '';
      return { at, name: match[1].toLowerCase(), mark: mark.trim(), line: (before + mark).trim() };
    }
  }
  return undefined;
}

/**
 * Counts replies. One reply may show as several items, words and then a call, with notes that the agent
 * put in between, so a new reply starts only after a tool's result.
 * @param {readonly Turn[]} turns
 */
function repliesIn(turns) {
  let replies = 0;
  let previous = '';
  for (const turn of turns) {
    if (turn.role === 'user') {
      continue;
    }
    if (turn.role === 'model' && previous !== 'model') {
      replies++;
    }
    previous = turn.role;
  }
  return replies;
}

/**
 * Reads `name=value` for the names that the scenario knows.
 * @param {string} mark @param {Scenario | undefined} scenario
 */
function parameters(mark, scenario) {
  /** @type {Record<string, string>} */
  const values = {};
  for (const [, name, value] of mark.matchAll(/\b([a-z]+)=(\S+)/g)) {
    if (name !== undefined && value !== undefined && Object.hasOwn(scenario?.params ?? {}, name)) {
      values[name] = value;
    }
  }
  return values;
}

/**
 * Puts values in the place of `{{name}}`, at any depth.
 * @param {unknown} part @param {Record<string, string>} values @returns {unknown}
 */
function fill(part, values) {
  if (typeof part === 'string') {
    return part.replace(/\{\{([a-z]+)\}\}/g, (whole, name) => values[name] ?? whole);
  }
  if (Array.isArray(part)) {
    return part.map((item) => fill(item, values));
  }
  if (part !== null && typeof part === 'object') {
    return Object.fromEntries(Object.entries(part).map(([key, value]) => [key, fill(value, values)]));
  }
  return part;
}
