import { codex } from './support/profiles/codex.mjs';
import { tellStory } from './support/story.mjs';

tellStory(codex);
