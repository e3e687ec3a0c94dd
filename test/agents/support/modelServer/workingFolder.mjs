import fs from 'node:fs';

/** Phrases of agents' system prompts that a folder follows, the most certain first. */
const phrases = [
  /(?:working directory|current directory|workspace|project root|cwd)[^\n/]{0,60}?((?:\/[\w.+@-]+)+)/gi,
  /director(?:y|ies)[^/]{0,80}?((?:\/[\w.+@-]+)+)/gi,
];

/** Finds the folder that an agent works in: the first existing one that its request calls so. @param {unknown} body */
export function workingFolderIn(body) {
  const text = JSON.stringify(body).replaceAll('\\n', '\n');
  for (const phrase of phrases) {
    for (const [, folder] of text.matchAll(phrase)) {
      if (folder !== undefined && fs.statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
        return folder;
      }
    }
  }
  return '';
}
