// Only when $AGENT_FLEET_AGENTS names it.
import { isNamed } from './support/optional.mjs';
import { gemini } from './support/profiles/gemini.mjs';
import { tellStory } from './support/story.mjs';

if (isNamed('gemini')) tellStory(gemini);
