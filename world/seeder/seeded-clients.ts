import { createHash } from 'node:crypto';

/** The secret of every seeded confidential client. */
export const SEEDED_CLIENT_SECRET = 'seeded-client-secret';
/** bcrypt, cost 8, of the secret above; made by a 1.11.10. */
const SECRET_HASH = '$2a$08$xqvowzJWHIN8jT4OVtFwQuflBzUbYyYfYmCYBTkkWFrPbxDxKZaZC';

const USER_GRANTS = 'authorization_code|refresh_token';
const MIN_CLIENTS = 8;
const MAX_CLIENTS = 100;
const GRANTS_PER_CLIENT = 500;

/** Public half of a P-256 key; nobody needs the other half, the rows only have to look right. */
const ASSERTION_KEYS = JSON.stringify({
  keys: [
    {
      use: 'sig',
      kty: 'EC',
      kid: 'assertion-1',
      crv: 'P-256',
      alg: 'ES256',
      x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
      y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
    },
  ],
});

const KINDS = [
  { suffix: 'web', method: 'none', grants: USER_GRANTS, subjectType: 'public', keys: '{}' },
  {
    suffix: 'server',
    method: 'client_secret_basic',
    grants: `${USER_GRANTS}|client_credentials`,
    subjectType: 'public',
    keys: '{}',
  },
  { suffix: 'mobile', method: 'none', grants: USER_GRANTS, subjectType: 'public', keys: '{}' },
  { suffix: 'pairwise', method: 'none', grants: USER_GRANTS, subjectType: 'pairwise', keys: '{}' },
  {
    suffix: 'assertion',
    method: 'private_key_jwt',
    grants: `${USER_GRANTS}|client_credentials`,
    subjectType: 'public',
    keys: ASSERTION_KEYS,
  },
] as const;

export interface SeededClients {
  readonly ids: readonly string[];
  /** Those that get tokens of their own (client_credentials). */
  readonly machineIds: readonly string[];
  /** Parameters of `sql/clients.sql` without the last one. */
  readonly columns: readonly unknown[];
}

/** Clients in number with the history, in every way 1.11.10 lets one authenticate. */
export function seededClients(seed: number, grants: number, awkwardValues: boolean): SeededClients {
  const count = Math.min(MAX_CLIENTS, Math.max(MIN_CLIENTS, Math.round(grants / GRANTS_PER_CLIENT)));
  const clients = Array.from({ length: count }, (_, index) => {
    const kind = KINDS[index % KINDS.length] ?? KINDS[0];
    const id = `seed-${seed}-${String(index).padStart(3, '0')}-${kind.suffix}`;
    const name = awkwardValues && index % 4 === 1 ? `Čaj & Café "${index}" | 喫茶店` : `Seeded ${kind.suffix} ${index}`;
    return { id, name, ...kind };
  });
  const signature = (id: string): string => createHash('sha256').update(`registration:${id}`).digest('base64url');
  return {
    ids: clients.map(({ id }) => id),
    machineIds: clients.filter(({ grants: types }) => types.includes('client_credentials')).map(({ id }) => id),
    columns: [
      clients.map(({ id }) => id),
      clients.map(({ name }) => name),
      clients.map(({ method }) => method),
      clients.map(({ grants: types }) => types),
      clients.map(({ subjectType }) => subjectType),
      clients.map(({ keys }) => keys),
      SECRET_HASH,
      clients.map(({ id }) => signature(id)),
    ],
  };
}
