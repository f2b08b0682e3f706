// Adds up the reports of the runners (vitest's JSON format) and prints the closing line. Fails if a test
// failed or was skipped, or if a runner failed although no test did.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const [runnerFailed, directory] = process.argv.slice(2);
let passed = 0;
let failed = 0;
let skipped = 0;
for (const file of readdirSync(directory)) {
  const report = JSON.parse(readFileSync(join(directory, file), 'utf8'));
  passed += report.numPassedTests;
  failed += report.numFailedTests;
  skipped += report.numPendingTests + report.numTodoTests;
  for (const { assertionResults } of report.testResults) {
    for (const { status, fullName } of assertionResults) {
      if (status === 'pending' || status === 'skipped') console.log(`skipped: ${fullName}`);
    }
  }
}
if (runnerFailed !== '0' && failed === 0) failed = 1;
process.exitCode = failed > 0 || skipped > 0 || passed === 0 ? 1 : 0;
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
