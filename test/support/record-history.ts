import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { findTemporalBinary } from '../../src/stack/servers/temporal-binary';
import { testServices } from './test-services';

const ROOT = path.resolve(__dirname, '../..');

/** Stores the history of a workflow for replay.test.ts. `npm run record-histories` runs the tests that call it. */
export async function recordHistory(name: string, workflowId: string, runId?: string): Promise<void> {
  // The CLI writes the JSON format that the replayers of every SDK read.
  const binary = await findTemporalBinary({ progress: () => undefined });
  const json = execFileSync(
    binary,
    [
      'workflow',
      'show',
      '--workflow-id',
      workflowId,
      ...(runId ? ['--run-id', runId] : []),
      '--output',
      'json',
      '--address',
      testServices().temporalAddress,
    ],
    { encoding: 'utf8' },
  );
  const file = name.toLowerCase().replace(/[^a-z0-9]+/g, '-');
  writeFileSync(path.resolve(ROOT, `test/histories/${file}.json`), anonymous(json));
}

/** Removes machine names and paths from stack traces and identities, in the text and in base64 payloads. */
function anonymous(json: string): string {
  const clean = (text: string) => text.replaceAll(ROOT, '/taskloom').replaceAll(os.hostname(), 'host');
  return clean(json).replace(
    /"data": ?"([A-Za-z0-9+/=]+)"/g,
    (_, data: string) => `"data": "${Buffer.from(clean(Buffer.from(data, 'base64').toString())).toString('base64')}"`,
  );
}
