import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils';

/** Where recorded histories are kept, one file for each scenario. */
export const HISTORIES_FOLDER = join(__dirname, '..', 'histories');

export interface KeptHistory {
  readonly name: string;
  /** Events as Temporal's other tools write them, and the workflow id, which no event holds. */
  readonly json: string;
  readonly workflowId: string;
  readonly history: ReturnType<typeof historyFromJSON>;
}

export function readHistories(): KeptHistory[] {
  return readdirSync(HISTORIES_FOLDER)
    .filter((file) => file.endsWith('.json'))
    .sort()
    .map((file) => {
      const json = readFileSync(join(HISTORIES_FOLDER, file), 'utf8');
      return keptHistory(file.slice(0, -'.json'.length), json);
    });
}

export function keptHistory(name: string, json: string): KeptHistory {
  const kept = JSON.parse(json) as { readonly workflowId: string };
  return { name, json, workflowId: kept.workflowId, history: historyFromJSON(kept) };
}

/** What somebody reads whose change made the workflow take another way than a run that may be open now. */
export function whatToDo(name: string, error: Error): string {
  return [
    `The workflow code no longer goes the way that history "${name}" went. A run that is open on the old code would be stuck with it.`,
    'Do one of these:',
    "- keep the old way for runs that are on it: `if (patched('what-changed')) { new way } else { old way }`, from @temporalio/workflow;",
    '- give the worker a new version, so that open runs finish on the old one (workers/, pinned versioning);',
    `- only if no run is open anywhere, as before the first release: \`npm run histories -- ${name}\` records it anew; commit it with the change.`,
    `Temporal says: ${error.message}`,
  ].join('\n');
}
