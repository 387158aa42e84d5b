/** What the global set-up started, handed to the test processes through the environment. */
export interface SharedServers {
  readonly postgres: { readonly host: string; readonly port: number; readonly user: string; readonly password: string };
  readonly binaries: {
    readonly hydra11110: string;
    readonly hydra220: string;
    readonly hydra230: string;
    readonly temporalCli: string;
    readonly temporalTestServer: string;
    readonly etcd: string;
  };
}

const VARIABLE = 'CUTOVER_TEST_SERVERS';

export function publishSharedServers(servers: SharedServers): void {
  process.env[VARIABLE] = JSON.stringify(servers);
}

export function sharedServers(): SharedServers {
  const json = process.env[VARIABLE];
  if (json === undefined) {
    throw new Error(
      'this test needs the shared servers: run it in the project "real" (npm test -- --selectProjects real ...)',
    );
  }
  return JSON.parse(json) as SharedServers;
}
