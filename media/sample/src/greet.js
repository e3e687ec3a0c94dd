import { pathToFileURL } from 'node:url';

const greetings = {
  en: (name) => `Hello, ${name}!`,
  fr: (name) => `Bonjour, ${name} !`,
};

/** Greets somebody in one of the languages that this project knows. */
export function greet(name, language = 'en') {
  const greeting = greetings[language];
  if (!greeting) throw new Error(`No greeting in ${language} yet.`);
  return greeting(name);
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  console.log(greet(process.argv[2] ?? 'world', process.argv[3]));
}
