import { type WorldInfo } from '../up';

/** What a person needs of a running world. Credentials are only named where a person types them: the rest is in the ready file. */
export function renderWorld(info: WorldInfo, readyFile: string | undefined): string {
  const { rds, blue, temporal, gateway, loginApp, policyService, resourceApi, oauth, client } = info;
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
    ['logs', info.logsDir],
    ['credentials', readyFile ?? 'with --ready FILE or --json'],
    ['data', info.keep ? `${info.runDir}  (kept)` : 'removed at the end; --keep keeps them'],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  const lines = rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`);
  return `\nThe world is up; a full authorization-code grant went through.\n\n${lines.join('\n')}\n\nCtrl-C ends it.\n`;
}
