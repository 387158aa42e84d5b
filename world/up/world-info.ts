import { type HydraVersion, type PostgresMajor } from '../toolchain/types';

/** Everything that is needed to use a running world: the content of `--ready FILE`. Holds credentials; mode 0600. */
export interface WorldInfo {
  readonly schemaVersion: 1;
  readonly runDir: string;
  readonly logsDir: string;
  readonly startedAt: string;
  /** SIGTERM to this process takes the world down in order. */
  readonly supervisorPid: number;
  readonly reaperPid: number;
  readonly keep: boolean;
  readonly rds: RdsInfo;
  readonly blue: SideInfo;
  readonly temporal: TemporalInfo;
  readonly gateway: GatewayInfo;
  readonly loginApp: LoginAppInfo;
  readonly policyService: DependentInfo;
  readonly resourceApi: DependentInfo;
  /** Where OAuth clients and admins go. */
  readonly oauth: OauthInfo;
  /** A client that exists, for a first try. */
  readonly client: ClientInfo;
  readonly cutover: CutoverInfo;
}

export interface RdsInfo {
  readonly endpoint: string;
  readonly controlEndpoint: string;
  readonly controlToken: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Keys of hydra-cutover itself: they may do what the policy in the file allows. */
  readonly tool: { readonly accessKeyId: string; readonly secretAccessKey: string; readonly policyFile: string };
  /** PEM of the authority behind the certificates of its instances. */
  readonly caFile: string;
  readonly pid: number;
}

export interface SideInfo {
  readonly instance: InstanceInfo;
  readonly database: DatabaseInfo;
  readonly hydra: HydraInfo;
  /** The older Hydra that serves until the step in place is over; `hydra` is where the newer one comes to. */
  readonly older?: { readonly publicUrl: string; readonly adminUrl: string };
}

export interface InstanceInfo {
  readonly identifier: string;
  readonly host: string;
  readonly port: number;
  readonly major: PostgresMajor;
  readonly engineVersion: string;
  readonly masterUser: string;
  readonly masterPassword: string;
}

export interface DatabaseInfo {
  readonly name: string;
  /** Owns the database and what Hydra makes in it. Its sessions need TLS. */
  readonly user: string;
  readonly password: string;
  /** PEM of the authority that the server's certificate is of. */
  readonly caFile: string;
}

export interface HydraInfo {
  readonly version: HydraVersion;
  readonly publicUrl: string;
  readonly adminUrl: string;
  readonly issuer: string;
  /** Where it sends browsers to log in. */
  readonly loginUrl: string;
  readonly secretsSystem: string;
  readonly pairwiseSalt: string;
  /** Requests that go straight to it need `X-Forwarded-Proto: https`. */
  readonly needsForwardedProto: boolean;
  readonly pid: number;
}

export interface TemporalInfo {
  readonly address: string;
  readonly namespace: string;
  readonly uiUrl: string;
  readonly pid: number;
}

export interface GatewayInfo {
  readonly publicUrl: string;
  readonly adminUrl: string;
  readonly controlUrl: string;
  readonly controlToken: string;
  /** PEM of the authority behind `publicUrl`. */
  readonly caFile: string;
  /** Where it looks for Hydra on green, which an upgrade starts. */
  readonly greenHydra: { readonly publicUrl: string; readonly adminUrl: string };
  readonly pid: number;
}

export interface DependentInfo {
  readonly url: string;
  readonly controlUrl: string;
  readonly controlToken: string;
  readonly pid: number;
}

export interface LoginAppInfo extends DependentInfo {
  /** Every user name has this one. */
  readonly password: string;
}

export interface OauthInfo {
  readonly publicUrl: string;
  readonly adminUrl: string;
  readonly issuer: string;
  readonly caFile: string;
}

/** How `hydra-cutover` works on this world. */
export interface CutoverInfo {
  readonly configFile: string;
  /** To be added to the environment: where AWS is. */
  readonly env: Readonly<Record<string, string>>;
  /** Of the worker. */
  readonly pid: number;
}

export interface ClientInfo {
  readonly id: string;
  readonly secret: string;
  readonly redirectUri: string;
  readonly scope: readonly string[];
}
