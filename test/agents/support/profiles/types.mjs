/**
 * What the story of an agent needs to know of it. Types only.
 *
 * @typedef {object} Place  where an agent is set up
 * @property {string} root    a private folder
 * @property {string} home    its HOME
 * @property {string} folder  the project it works in
 * @property {string} url     the scripted model
 *
 * @typedef {object} Setup
 * @property {Record<string, string>} env
 * @property {string[]} [extraArgs]
 *
 * @typedef {object} Keyboard  the keyboard on the agent's terminal
 * @property {(key: string) => Promise<void>} press
 * @property {(text: RegExp) => Promise<void>} sees  waits for words on its screen
 *
 * @typedef {object} AgentProfile
 * @property {'claude' | 'codex' | 'gemini' | 'pi'} driver
 * @property {string} label                    the product's name
 * @property {(place: Place) => Promise<Setup>} prepare  writes the agent's own configuration
 * @property {boolean} [byQuickPick]           the first session is spawned by answering the questions
 * @property {boolean} [asksForHooks]          the person is asked once whether hooks may run
 * @property {boolean} [guardedEditor]         takes no files from folders that others can write to
 * @property {boolean} [readsBeforeEditing]    refuses to edit a file that it has not read
 * @property {RegExp} question                 stands on the screen while it asks for permission
 * @property {boolean} asksBeforeEditing       under the policy `ask`
 * @property {'ask' | 'bypass'} unattended     the policy under which its tools run without a question
 * @property {(keyboard: Keyboard) => Promise<void>} quit  how a person ends it when it rests
 */
export {};
