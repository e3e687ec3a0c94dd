import { posix, win32 } from 'node:path';
import { oneLine } from '../../base/text.ts';
import { permissionPolicies, type PermissionPolicy } from '../../core/session.ts';

/** A command that the user made an agent of, from the settings (machine scope: a workspace cannot set it). */
export interface CustomDefinition {
  /** Shown as the agent's name. */
  readonly name: string;
  /** Executable (bare name or absolute path) and arguments. `{prompt}` inside an argument is replaced by the prompt. */
  readonly command: readonly [string, ...string[]];
  /** Variables to set; `null` removes an inherited one. Settings are plain text: no secrets here. */
  readonly env: Readonly<Record<string, string | null>>;
  /** Added behind the command when there is a prompt: `{prompt}`, `--message={prompt}`, or an option whose value follows: `--message`. */
  readonly promptArg?: string;
  readonly interrupt: 'escape' | 'ctrl-c';
  /** Arguments to add for a permission policy. A policy without an entry is not supported, but for `ask`. */
  readonly policies: Readonly<Partial<Record<PermissionPolicy, readonly string[]>>>;
}

export interface CustomDefinitions {
  readonly definitions: readonly CustomDefinition[];
  /** One sentence for each definition that was left out. */
  readonly problems: readonly string[];
}

const bareName = /^[A-Za-z0-9._-]+$/;
const variableName = /^[A-Za-z_][A-Za-z0-9_]*$/;
const maxName = 60;

/** Reads the setting. A wrong definition is left out and explained; it never spoils the others. */
export function readCustomDefinitions(value: unknown): CustomDefinitions {
  if (value === undefined || value === null) return { definitions: [], problems: [] };
  if (!Array.isArray(value)) return { definitions: [], problems: ['The custom agents must be a list.'] };
  const definitions: CustomDefinition[] = [];
  const problems: string[] = [];
  const taken = new Set<string>();
  value.forEach((item: unknown, index) => {
    const read = readDefinition(item);
    const who = `Custom agent ${index + 1}`;
    if (typeof read === 'string') problems.push(`${who} ${read}.`);
    else if (taken.has(customDriverId(read.name))) problems.push(`${who} has the name of another one: “${read.name}”.`);
    else {
      taken.add(customDriverId(read.name));
      definitions.push(read);
    }
  });
  return { definitions, problems };
}

/** Driver id of a definition, for example `custom:my-agent`. Stable as long as the name is. */
export function customDriverId(name: string): string {
  const slug = name.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '-').replace(/^-|-$/g, '');
  return `custom:${slug}`;
}

/** The definition, or what is wrong with it. */
function readDefinition(value: unknown): CustomDefinition | string {
  if (!isRecord(value)) return 'must be an object with "name" and "command"';
  const { name: givenName, command, env = {}, promptArg, interrupt = 'escape', policies = {} } = value;
  const name = typeof givenName === 'string' ? oneLine(givenName, maxName) : '';
  if (name === '' || customDriverId(name) === 'custom:') return 'needs a "name" with a letter or a digit in it';
  if (!isTexts(command) || command[0] === undefined) return '(' + name + ') needs a "command": a list of texts, the executable first';
  const [executable, ...args] = command;
  if (!bareName.test(executable) && !posix.isAbsolute(executable) && !isWindowsPath(executable)) {
    return `(${name}) must start with the name of an executable on PATH or with an absolute path, not “${oneLine(executable, 60)}”`;
  }
  if (command.some((part) => part.includes('\0'))) return `(${name}) has an argument with a NUL character`;
  const badVariable = checkEnv(env);
  if (badVariable !== undefined) return `(${name}) ${badVariable}`;
  if (promptArg !== undefined && (typeof promptArg !== 'string' || promptArg === '')) return `(${name}) has a "promptArg" that is not a text`;
  if (interrupt !== 'escape' && interrupt !== 'ctrl-c') return `(${name}) has an "interrupt" that is neither "escape" nor "ctrl-c"`;
  const badPolicy = checkPolicies(policies);
  if (badPolicy !== undefined) return `(${name}) ${badPolicy}`;
  return {
    name,
    command: [executable, ...args],
    env: env as CustomDefinition['env'],
    interrupt,
    policies: policies as CustomDefinition['policies'],
    ...(promptArg === undefined ? {} : { promptArg }),
  };
}

function checkEnv(env: unknown): string | undefined {
  if (!isRecord(env)) return 'has an "env" that is not an object';
  for (const [variable, value] of Object.entries(env)) {
    if (!variableName.test(variable)) return `has a variable with an unusable name: “${oneLine(variable, 60)}”`;
    if (/^FLEET_/i.test(variable)) return `sets ${variable}: names with FLEET_ are set by Agent Fleet`;
    if (value !== null && (typeof value !== 'string' || value.includes('\0'))) return `sets ${variable} to something that is not text`;
  }
  return undefined;
}

function checkPolicies(policies: unknown): string | undefined {
  if (!isRecord(policies)) return 'has "policies" that are not an object';
  for (const [policy, args] of Object.entries(policies)) {
    if (!(permissionPolicies as readonly string[]).includes(policy)) return `has an unknown policy “${oneLine(policy, 40)}”; known: ${permissionPolicies.join(', ')}`;
    if (!isTexts(args)) return `maps the policy ${policy} to something that is not a list of arguments`;
  }
  return undefined;
}

/** Only a path that says its drive or server: one that begins with a backslash depends on the current drive. */
function isWindowsPath(path: string): boolean {
  return /^(?:[A-Za-z]:[\\/]|\\\\)/.test(path) && win32.isAbsolute(path);
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
