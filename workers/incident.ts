import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { askBothSides } from '../activities/answers/both-sides';
import { guardPurge } from '../activities/guard-purge';
import { readShadowed } from '../activities/evidence/shadow-round';
import { type StepContext, type StepDeps } from '../activities/step';
import { withSync } from '../activities/sync-session';
import { verifyParity } from '../activities/verify-parity';
import { withLeft } from '../activities/support/with-left';
import { withEnteredRows } from '../activities/support/with-entered';
import { loadConfig } from '../config/load';
import { createLogger } from '../config/logger';
import { findingText } from '../domain/evidence/answers';
import { unexplained } from '../domain/evidence/unexplained';
import { CutoverFault, asCutoverFault } from '../domain/faults';
import { type Job, type JobRemoval } from '../domain/ports/targets';
import { type SqlClient } from '../domain/ports/sql-client';
import { type StepInput } from '../domain/steps';
import { copyPathOf } from '../hydra/paths';
import { syncRound } from '../hydra/sync';
import { chooseSubjects } from '../hydra/validation';
import { toSettings } from './settings';
import { withPorts } from './with-ports';

/** What one look found, for `npm run demo -- --incident`. */
export interface IncidentLook {
  /** Rows, answers, questions or removals that are wrong. */
  readonly found: number;
  readonly said: readonly string[];
}

const SUBJECTS = 40;
const SAID_MAX = 3;
/** Between two looks at the gateways, which compare while clients read. */
const SHADOW_LOOKS = 8;
const READ_AT_ONCE = 10;
const SHADOW_LOOK_MS = 1_000;
const SHADOW = { rampMs: 0, requestsPerSecondMax: 200, leaseMs: 60_000 };

interface IncidentDeps extends StepDeps {
  /** Admin listener of the gateway, where clients' applications ask. */
  readonly adminUrl: string;
}

type Look = (deps: IncidentDeps, input: StepInput, context: StepContext) => Promise<IncidentLook>;

/**
 * One look each at a green that is closed, by the code of the steps and by nothing else; no worker may run meanwhile. The first two are
 * damages that the vendor's migration does where nobody repairs it: `invalid` gives flows the state of a login or consent that failed, so
 * that valid sessions are not; `unlisted` takes the subject from flows, so that its lists of consents are empty. `repair` is what the
 * runbook does about states, and takes the subjects from blue.
 */
export const INCIDENT_LOOKS = {
  invalid: (deps, input, context) =>
    onGreen(deps, input, context, async (green) => {
      const { rowCount } = await green.query(
        `UPDATE hydra_oauth2_flow SET state = 129 WHERE state IN (5, 6) AND consent_error IN ('{}', '')`,
      );
      return { found: rowCount ?? 0, said: [] };
    }),
  unlisted: (deps, input, context) =>
    onGreen(deps, input, context, async (green) => {
      const { rowCount } = await green.query(
        `UPDATE hydra_oauth2_flow SET subject = '' WHERE subject <> '' AND state IN (5, 6)`,
      );
      return { found: rowCount ?? 0, said: [] };
    }),
  repair: (deps, input, context) =>
    onGreen(deps, input, context, async (green, blue) => {
      let found = 0;
      for (const { apply } of copyPathOf(deps.settings.hydraVersion).fixups) found += await apply(green);
      const { rows } = await blue.query('SELECT challenge, subject FROM hydra_oauth2_consent_request');
      const known = rows as readonly { readonly challenge: string; readonly subject: string }[];
      const { rowCount } = await green.query(
        `UPDATE hydra_oauth2_flow f SET subject = b.subject FROM unnest($1::text[], $2::text[]) b (challenge, subject)
          WHERE b.challenge = f.consent_challenge_id AND f.subject = ''`,
        [known.map(({ challenge }) => challenge), known.map(({ subject }) => subject)],
      );
      return { found: found + (rowCount ?? 0), said: [] };
    }),
  parity: async (deps, input, context) => {
    const { differences, rows, examples } = await verifyParity(deps, input, context);
    return { found: differences, said: [`${differences} of ${rows} rows differ`, ...examples.slice(0, SAID_MAX)] };
  },
  answers: async (deps, input, context) => {
    const { found, findings, asked } = await carrying(deps, input, context, (carry) =>
      withLeft(deps, context, 'incident', (blue) =>
        withEnteredRows(deps, input, context, 'incident', (green) =>
          askBothSides(deps, { left: blue, entered: green, carry }, context),
        ),
      ),
    );
    const total = asked.reduce((sum, one) => sum + one.asked, 0);
    return {
      found,
      said: [
        `${found} answers that are not blue's, ${total} questions asked`,
        ...findings.slice(0, SAID_MAX).map(findingText),
      ],
    };
  },
  shadow: (deps, input, { signal }) =>
    withSync(deps, input, { signal, purpose: 'incident' }, async ({ sides }) => {
      const settings = { ...deps.settings, shadow: SHADOW };
      const { hydraVersion } = settings;
      const cutoverId = `${input.cutoverId}-incident-${Date.now()}`;
      const subjects = await someSubjects(deps, signal);
      let said: readonly string[] = [];
      for (let look = 0; look < SHADOW_LOOKS; look += 1) {
        // Gateways are told after a round alone: what green could not know yet is no difference.
        await syncRound(sides, { batchRows: settings.sync.batchRows, signal });
        for (const gateway of deps.gateways) await gateway.shadow?.({ cutoverId, hydraVersion, ...SHADOW });
        await readAsAClient(deps, subjects.slice(look * READ_AT_ONCE, (look + 1) * READ_AT_ONCE));
        await sleep(SHADOW_LOOK_MS, undefined, { signal });
        const { problems, summary = 'nothing was asked' } = await readShadowed({ ...deps, settings }, cutoverId);
        said = [summary, ...problems];
        if (problems.length > 0) return { found: problems.length, said: problems };
      }
      return { found: 0, said };
    }),
  jobs: async (deps, input, context) => {
    const subjects = await someSubjects(deps, context.signal);
    const { jobs } = await carrying(deps, input, context, (carry) =>
      guardPurge({ ...deps, jobs: [cleanupAtGreen(deps, subjects, carry)], targets: [], gateways: [] }, input, context),
    );
    const found = jobs.reduce((sum, { wouldRemove, explained }) => sum + wouldRemove - explained, 0);
    return {
      found,
      said: found === 0 ? [`nothing of ${subjects.length} subjects would be removed`] : unexplained(jobs),
    };
  },
} as const satisfies Readonly<Record<string, Look>>;

function someSubjects(deps: StepDeps, signal: AbortSignal): Promise<readonly string[]> {
  return withLeft(deps, { signal }, 'incident', (blue) =>
    chooseSubjects(copyPathOf(deps.settings.hydraVersion).consents, blue, SUBJECTS),
  );
}

/** What the team's job did: it takes for an orphan whatever Hydra does not list any more, and asks green. */
function cleanupAtGreen({ hydra }: StepDeps, subjects: readonly string[], carry: () => Promise<void>): Job {
  const nothing = (): Promise<void> => Promise.resolve();
  return {
    name: 'cleanup',
    pause: nothing,
    resume: nothing,
    status: () => Promise.resolve({ paused: true, running: false }),
    preview: async () => {
      const known: JobRemoval[] = [];
      for (const subject of subjects) {
        for (const { consentId, clientId } of await hydra.consents('blue', subject)) {
          known.push({ subject, client: clientId, consent: consentId });
        }
      }
      // What was granted a moment ago is on green by now.
      await carry();
      const listed = new Set<string>();
      for (const subject of subjects) {
        for (const { consentId } of await hydra.consents('green', subject)) listed.add(consentId);
      }
      const removals = known.filter(({ consent = '' }) => !listed.has(consent));
      return { wouldRemove: removals.length, removals };
    },
  };
}

/** Lists of consents at the gateway, as applications that manage grants ask for them: these it asks of closed green, too. */
async function readAsAClient({ adminUrl }: IncidentDeps, subjects: readonly string[]): Promise<void> {
  const read = async (subject: string): Promise<void> => {
    const query = new URLSearchParams({ subject }).toString();
    const answer = await fetch(`${adminUrl}/oauth2/auth/sessions/consent?${query}`);
    await answer.arrayBuffer();
  };
  await Promise.all(subjects.map(read));
}

/** Blue goes on meanwhile, and no worker carries: whoever compares carries between its looks, as at gate `cutover`. */
function carrying<T>(
  deps: StepDeps,
  input: StepInput,
  { signal }: StepContext,
  work: (carry: () => Promise<void>) => Promise<T>,
): Promise<T> {
  const { batchRows } = deps.settings.sync;
  return withSync(deps, input, { signal, purpose: 'incident' }, ({ sides }) =>
    work(async () => void (await syncRound(sides, { batchRows, signal }))),
  );
}

/** As the sync, which alone may write to a green that is closed. */
function onGreen(
  deps: StepDeps,
  input: StepInput,
  { signal }: StepContext,
  work: (green: SqlClient, blue: SqlClient) => Promise<IncidentLook>,
): Promise<IncidentLook> {
  return withSync(deps, input, { signal, purpose: 'incident' }, ({ sides }) => work(sides.to, sides.from));
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: { config: { type: 'string' }, cutover: { type: 'string' } },
    allowPositionals: true,
  });
  const [name = ''] = positionals;
  const { config: file, cutover: cutoverId } = values;
  const look = (INCIDENT_LOOKS as Readonly<Record<string, Look>>)[name];
  if (look === undefined || file === undefined || cutoverId === undefined) {
    throw new CutoverFault(
      'USAGE',
      `usage: incident --config FILE --cutover ID ${Object.keys(INCIDENT_LOOKS).join('|')}`,
    );
  }
  const config = loadConfig({ file, env: process.env });
  const logger = createLogger({ level: 'warn', bindings: { process: 'incident' } });
  await withPorts(config, logger, async (ports) => {
    const context: StepContext = {
      ...{ signal: new AbortController().signal, attempt: 1, lastProgress: undefined },
      heartbeat: () => undefined,
    };
    const adminUrl = config.canary?.adminUrl ?? '';
    const deps = { settings: toSettings(config), ...ports, log: logger, adminUrl };
    const input = { cutoverId, environment: config.environment.name };
    process.stdout.write(`${JSON.stringify(await look(deps, input, context))}\n`);
  });
}

if (require.main === module) {
  main().then(
    () => process.exit(0),
    (error: unknown) => {
      const { code, message, exitCode } = asCutoverFault(error);
      process.stderr.write(`error ${code}: ${message}\n`);
      process.exit(exitCode);
    },
  );
}
