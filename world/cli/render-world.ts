import { quoted } from '../../cli/quoted';
import { type WorldInfo } from '../up';

/** What is typed next, in the folder of the clone. */
const NEXT = [
  ['npx hydra-cutover doctor', 'asks every part that the config names'],
  ['npx hydra-cutover start', 'begins an upgrade, which waits at gate plan'],
  ['npx hydra-cutover status --watch', 'shows where it is, and what is typed at a gate'],
  ['npm run -s world -- break gateway', 'takes a part away: docs/what-if.md says what can be tried'],
  ['npm run -s world -- mend gateway', 'brings it back'],
] as const;

/**
 * What a person needs of a running world. Credentials are only named where a person types them, as those of the RDS endpoint are, which
 * end with it: the rest is in the ready file.
 */
export function renderWorld(info: WorldInfo, readyFile: string | undefined): string {
  const { rds, blue, temporal, gateway, loginApp, policyService, resourceApi, oauth, client, cutover } = info;
  const { instance, database, hydra } = blue;
  const rows: readonly (readonly [string, string])[] = [
    ['Temporal UI', temporal.uiUrl],
    ['Temporal', `${temporal.address}, namespace ${temporal.namespace}`],
    ['RDS endpoint', `${rds.endpoint}  (region ${rds.region})`],
    ['blue PostgreSQL', `${instance.host}:${instance.port}, database ${database.name}  (${instance.engineVersion})`],
    [`blue Hydra ${hydra.version}`, `public ${hydra.publicUrl}, admin ${hydra.adminUrl}`],
    ['OAuth', `${oauth.publicUrl}  (issuer ${oauth.issuer}, authority ${oauth.caFile})`],
    ['gateway', `admin ${gateway.adminUrl}, control ${gateway.controlUrl}`],
    ['login app', loginApp.url],
    ['policy service', policyService.url],
    ['resource API', resourceApi.url],
    ['OAuth client', client.id],
    ['config', cutover.configFile],
    ['logs', info.logsDir],
    ['credentials', readyFile ?? 'with --ready FILE or --json'],
    ['data', info.keep ? `${info.runDir}  (kept)` : 'removed at the end; --keep keeps them'],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  const lines = rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`);
  return [
    '',
    'The world is up; a full authorization-code grant went through.',
    ...['', ...lines],
    ...['', 'In another shell:', '', ...typedNext(cutover)],
    ...['', 'Ctrl-C ends it.', ''],
  ].join('\n');
}

function typedNext({ configFile, env }: WorldInfo['cutover']): readonly string[] {
  const exported = Object.entries({ HYDRA_CUTOVER_CONFIG: configFile, ...env });
  const width = Math.max(...NEXT.map(([command]) => command.length));
  return [
    ...exported.map(([name, value]) => `  export ${name}=${quoted(value)}`),
    ...NEXT.map(([command, what]) => `  ${command.padEnd(width)}  # ${what}`),
  ];
}
