// Mocha's spec reporter, which also adds one line of figures to the file $AGENT_FLEET_TEST_COUNTS: npm test sums them up.
const { appendFileSync } = require('node:fs');
const { reporters } = require('mocha');

class CountingReporter extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    runner.once('end', () => {
      const file = process.env.AGENT_FLEET_TEST_COUNTS;
      const { passes, failures, pending, duration } = this.stats;
      if (file) appendFileSync(file, `${JSON.stringify({ passed: passes, failed: failures, skipped: pending, ms: duration })}\n`);
    });
  }
}

module.exports = CountingReporter;
