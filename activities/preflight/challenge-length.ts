import { randomBytes, randomUUID } from 'node:crypto';
import { gzipSync } from 'node:zlib';

/** Nonce and tag of XChaCha20-Poly1305. */
const SEALED_BYTES = 40;

/**
 * How long challenges and verifiers of a client are from Hydra 2.2 on: they hold the whole flow, with the client in it, compressed
 * and encrypted. 1.x has 32 characters.
 *
 * Source: Hydra 2.3.0, oauth2/flowctx/encoding.go (JSON, gzip, AEAD, base64) and flow/flow.go (the names of the fields).
 *
 * @param client as the admin API answers it
 */
export function challengeLength(client: Readonly<Record<string, unknown>>): number {
  const scope = typeof client['scope'] === 'string' ? client['scope'].split(' ') : [];
  const [now, hex] = [new Date().toISOString(), () => randomBytes(16).toString('hex')];
  const redirect = Array.isArray(client['redirect_uris']) ? String(client['redirect_uris'][0]) : '';
  const flow = {
    i: hex(),
    n: randomUUID(),
    rs: scope,
    s: randomUUID(),
    oc: {},
    c: { ...client, client_secret: `$2a$10$${randomBytes(39).toString('base64')}` },
    ci: client['client_id'],
    r: `https://hydra.example/oauth2/auth?client_id=${String(client['client_id'])}&redirect_uri=${encodeURIComponent(redirect)}&response_type=code&state=${hex()}`,
    si: randomUUID(),
    lv: hex(),
    lc: hex(),
    li: null,
    ia: now,
    q: 4,
    ct: {},
    la: now,
    cc: hex(),
    cv: hex(),
    cr: hex(),
    cf: null,
    ch: null,
    cx: null,
    st: {},
    sa: {},
  };
  const sealed = gzipSync(JSON.stringify(flow), { level: 9 }).length + SEALED_BYTES;
  return Math.ceil(sealed / 3) * 4;
}
