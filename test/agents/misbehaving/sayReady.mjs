/** Says its pid and stays. */
import { stay } from './lifetime.mjs';

stay();
console.log(`ready ${process.pid}`);
