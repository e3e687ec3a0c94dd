/** Keeps the process, for a minute at most. */
export function stay() {
  return setTimeout(() => process.exit(99), 60_000);
}
