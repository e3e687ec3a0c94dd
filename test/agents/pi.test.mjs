import { pi } from './support/profiles/pi.mjs';
import { tellStory } from './support/story.mjs';

tellStory(pi);
