import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { factsOfFleetEvent } from '../../../../src/core/fleetEventFacts.ts';
import { readCustomDefinitions } from '../../../../src/drivers/custom/definition.ts';
import { genericHookFacts } from '../../../../src/drivers/custom/genericHooks.ts';

describe('docs/custom-agents.md', () => {
  let text = '';
  before(async () => {
    text = await readFile(new URL('../../../../docs/custom-agents.md', import.meta.url), 'utf8');
  });

  it('shows settings that are accepted', () => {
    const settings = JSON.parse(/```json\n([^]*?)```/.exec(text)?.[1] ?? '') as Record<string, unknown>;
    const { definitions, problems } = readCustomDefinitions(settings['agentFleet.customAgents']);
    assert.deepEqual(problems, []);
    assert.equal(definitions.length, 2);
  });

  it('shows event lines that mean something', () => {
    const lines = [...text.matchAll(/echo '(\{"state".*\})' >> "\$FLEET_EVENTS"/g)].map(([, line = '']) => line);
    assert.equal(lines.length, 5);
    for (const line of lines) assert.notDeepEqual(factsOfFleetEvent(JSON.parse(line)) ?? [], [], line);
  });

  it('names hook words that exist', () => {
    const words = [...(/\nWords: ([^]*?)\n\n/.exec(text)?.[1] ?? '').matchAll(/`([A-Z]\w+)`/g)].map(([, word = '']) => word);
    assert.equal(words.length, 11);
    for (const word of words) assert.notDeepEqual(genericHookFacts(word, { path: 'a', percent: 1 }), [], word);
  });
});
