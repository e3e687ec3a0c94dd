import { randomUUID } from 'node:crypto';
import { customAlphabet, nanoid } from 'nanoid';
import type { IdSource } from '../base/ports.ts';

const base32 = customAlphabet('abcdefghijklmnopqrstuvwxyz234567', 20);

/** Ids from the system's random source. */
export const randomIds: IdSource = {
  sessionId: () => `agent-${base32()}`,
  token: () => nanoid(32),
  uuid: () => randomUUID(),
};
