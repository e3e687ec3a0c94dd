import assert from 'node:assert/strict';
import { test } from 'node:test';
import { greet } from '../src/greet.js';

test('greets in English when no language is asked for', () => {
  assert.equal(greet('Ada'), 'Hello, Ada!');
});

test('greets in French', () => {
  assert.equal(greet('Ada', 'fr'), 'Bonjour, Ada !');
});

test('says which language is missing', () => {
  assert.throws(() => greet('Ada', 'tlh'), /No greeting in tlh yet/);
});
