// Adds up the reports of the runners (vitest's JSON format), shows again what failed, and prints the closing line. Fails
// if a test failed or was skipped, or if an instrument failed although no test did.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

const LINES_OF_A_TEST = 12;
const LINES_OF_AN_INSTRUMENT = 40;

const [results, failures] = process.argv.slice(2);
let passed = 0;
let failed = 0;
let skipped = 0;
for (const file of readdirSync(results)) {
  const report = JSON.parse(readFileSync(join(results, file), 'utf8'));
  passed += report.numPassedTests;
  failed += report.numFailedTests;
  skipped += report.numPendingTests + report.numTodoTests;
  for (const { assertionResults } of report.testResults) {
    for (const { status, fullName, failureMessages } of assertionResults) {
      if (status === 'pending' || status === 'skipped') console.log(`skipped: ${fullName}`);
      if (status !== 'failed') continue;
      const message = failureMessages.join('\n').split('\n').slice(0, LINES_OF_A_TEST);
      console.log(`failed: ${fullName}\n  ${message.join('\n  ')}`);
    }
  }
}
for (const instrument of readdirSync(failures)) {
  const lines = readFileSync(join(failures, instrument), 'utf8').trimEnd().split('\n');
  console.log(`failed: the instrument '${instrument}', whose output ended so:`);
  const end = Math.max(0, lines.length - LINES_OF_AN_INSTRUMENT);
  const named = lines
    .slice(0, end)
    .filter((_, at) => lines.slice(Math.max(0, at - 5), at + 1).some(isFailure));
  for (const line of [...named, ...lines.slice(end)]) console.log(`  ${stripVTControlCharacters(line)}`);
}
if (readdirSync(failures).length > 0 && failed === 0) failed = 1;
process.exitCode = failed > 0 || skipped > 0 || passed === 0 ? 1 : 0;
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);

/** Whether the line of an instrument without vitest names a failure; what follows the line may describe it. */
function isFailure(line) {
  return line.startsWith('FAILED');
}
