/** Claims success on the screen and fails. */
console.log('done: all tasks completed successfully');
process.exit(3);
