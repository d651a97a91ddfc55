// Parses each statement of a JSON array on standard input in Snowflake's dialect; prints those that fail as a JSON array.
import * as polyglot from '@polyglot-sql/sdk';
import { readFileSync } from 'node:fs';

await polyglot.init?.();
const failures = [];
for (const { file, statement } of JSON.parse(readFileSync(0, 'utf8'))) {
  try {
    const result = polyglot.parse(statement, 'snowflake');
    if (result.success === false) failures.push({ file, statement, error: String(result.error) });
  } catch (error) {
    failures.push({ file, statement, error: String(error) });
  }
}
console.log(JSON.stringify(failures));
