/** Starts, says nothing, reads nothing; ends by the first signal. */
import { stay } from './lifetime.mjs';

stay();
