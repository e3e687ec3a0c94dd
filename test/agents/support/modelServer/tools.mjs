/**
 * Turns a step into a call of a tool that the agent itself offered. Every agent names its tools and
 * their arguments differently, so both are found by what they look like.
 * @typedef {import('./types.mjs').Tool} Tool
 * @typedef {import('./types.mjs').Step} Step
 * @typedef {import('./types.mjs').Answer} Answer
 * @typedef {import('./types.mjs').ModelRequest} ModelRequest
 */
import path from 'node:path';
import { sampleOf, typeOf } from './schema.mjs';
import { workingFolderIn } from './workingFolder.mjs';

/** For each kind of step: names known from agents, then a pattern for unknown ones. */
const toolNames = {
  shell: [
    /^(bash|shell|exec_command|run_shell_command|shell_command|execute_command|local_shell|powershell|terminal)$/i,
    /shell|bash|command/i,
  ],
  write: [
    /^(write|write_file|create|create_file|write_to_file|edit_file|text_editor|apply_patch)$/i,
    /^(?!write_(stdin|bash|agent)).*(write_?file|create_?file|patch|write)/i,
  ],
  edit: [/^(edit|replace|str_replace|edit_file|apply_patch)$/i, /replace|edit/i],
  subagent: [/^(agent|task|spawn_agent|delegate|subagent|invoke_agent)$/i, /sub_?agent|spawn/i],
  ask: [/^(AskUserQuestion|ask_user|question|request_user_input|ask_question)$/i, /ask.*(user|question)/i],
};

/** @param {ModelRequest} request @param {Step} step @returns {Answer} */
export function answerFor(request, step) {
  const text = step.text ?? '';
  const kind = kindOf(step);
  if (kind === undefined) {
    return { text, call: null };
  }
  const patterns = kind === 'tool' ? [new RegExp(step.tool ?? '')] : toolNames[kind];
  const tool = pick(request.tools, patterns);
  if (tool !== undefined) {
    const { freeform, ...args } = argumentsFor(kind, tool, step, request);
    const call = { name: tool.name, args };
    const namespace = tool.namespace === undefined ? {} : { namespace: tool.namespace };
    return tool.kind === 'custom'
      ? { text, call: { ...call, freeform: String(freeform ?? JSON.stringify(args)) } }
      : { text, call: { ...call, ...namespace } };
  }
  const shell = asShellCommand(step);
  if (shell !== undefined && pick(request.tools, toolNames.shell) !== undefined) {
    return answerFor(request, { text, shell });
  }
  return { text: `${text} [scripted server: the agent offers no ${kind} tool]`.trim(), call: null };
}

/** @param {Step} step */
function kindOf(step) {
  for (const kind of /** @type {const} */ (['shell', 'write', 'edit', 'subagent', 'ask', 'tool'])) {
    if (step[kind] !== undefined) {
      return kind;
    }
  }
  return undefined;
}

/** @param {readonly Tool[]} tools @param {readonly RegExp[]} patterns */
function pick(tools, patterns) {
  for (const pattern of patterns) {
    const tool = tools.find((one) => pattern.test(one.name ?? ''));
    if (tool !== undefined) {
      return tool;
    }
  }
  return undefined;
}

/** Codex offers only a shell for models that it does not know. @param {Step} step */
function asShellCommand(step) {
  if (step.write !== undefined) {
    return `printf '%s' ${quote(step.write.content)} > ${quote(step.write.path)}`;
  }
  if (step.edit !== undefined) {
    return `sed -i ${quote(`s/${step.edit.from}/${step.edit.to}/`)} ${quote(step.edit.path)}`;
  }
  return undefined;
}

/** @param {string} text */
const quote = (text) => `'${text.replaceAll("'", `'\\''`)}'`;

/**
 * @param {string} kind @param {Tool} tool @param {Step} step @param {ModelRequest} request
 * @returns {Record<string, unknown>}
 */
function argumentsFor(kind, tool, step, request) {
  const properties = tool.schema?.properties ?? {};
  /** @type {Record<string, unknown>} */
  const args = {};
  /** @param {string[]} names @param {unknown} value */
  const set = (names, value) => {
    const name = names.find((one) => one in properties);
    if (name !== undefined) {
      args[name] = value;
    }
    return name;
  };

  if (step.shell !== undefined) {
    const name = set(['command', 'cmd', 'script'], step.shell) ?? 'command';
    args[name] = typeOf(properties[name]) === 'array' ? ['bash', '-lc', step.shell] : step.shell;
  } else if (step.write !== undefined) {
    const file = filePath(step.write.path, tool, request);
    set(['file_path', 'filePath', 'path', 'absolutePath', 'filename'], file);
    set(['content', 'contents', 'file_text', 'text'], step.write.content);
    args['freeform'] = patch(`Add File: ${file}`, step.write.content.trimEnd().split('\n').map((line) => `+${line}`));
  } else if (step.edit !== undefined) {
    const file = filePath(step.edit.path, tool, request);
    const { from, to } = step.edit;
    set(['file_path', 'filePath', 'path', 'absolutePath', 'filename'], file);
    set(['old_string', 'oldString', 'oldText', 'old_str'], from);
    set(['new_string', 'newString', 'newText', 'new_str'], to);
    set(['edits'], [{ oldText: from, newText: to, old_string: from, new_string: to }]);
    args['freeform'] = patch(`Update File: ${file}`, ['@@', `-${from}`, `+${to}`]);
  } else if (step.subagent !== undefined) {
    set(['prompt', 'message', 'task', 'instructions', 'objective', 'request', 'query'], step.subagent);
    set(['subagent_type'], properties['subagent_type']?.enum?.[0] ?? 'general-purpose');
    set(['agent_name'], properties['agent_name']?.enum?.[0] ?? 'generalist');
  } else if (step.ask !== undefined) {
    set(['questions'], [questionFor(step.ask)]);
    set(['question', 'prompt', 'message'], step.ask);
    set(['options', 'choices'], ['Red', 'Blue']);
  }

  for (const name of tool.schema?.required ?? []) {
    args[name] ??= sampleOf(properties[name] ?? {}, 'scripted');
  }
  for (const [name, value] of Object.entries(step.args ?? {})) {
    if (kind === 'tool' || name in properties) {
      args[name] = value;
    }
  }
  return args;
}

/**
 * Some tools want an absolute path. The agent's own folder stands somewhere in its request.
 * @param {string} file @param {Tool} tool @param {ModelRequest} request
 */
function filePath(file, tool, request) {
  const wantsAbsolute = /absolute/i.test(JSON.stringify(tool.schema) + (tool.description ?? ''));
  return wantsAbsolute ? path.join(workingFolderIn(request.body), file) : file;
}

/** The one file format of Codex's apply_patch. @param {string} head @param {readonly string[]} lines */
function patch(head, lines) {
  return ['*** Begin Patch', `*** ${head}`, ...lines, '*** End Patch', ''].join('\n');
}

/** Has the fields of all agents' question tools; each takes its own. @param {string} question */
function questionFor(question) {
  const options = ['Red', 'Blue'].map((label) => ({ label, description: `the ${label.toLowerCase()} one` }));
  return { question, header: 'Colour', id: 'colour', type: 'choice', multiSelect: false, options };
}
