// Only when $AGENT_FLEET_AGENTS names it.
import { isNamed } from './support/optional.mjs';
import { claude } from './support/profiles/claude.mjs';
import { tellStory } from './support/story.mjs';

if (isNamed('claude')) tellStory(claude);
