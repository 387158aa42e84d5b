import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { generate } from 'selfsigned';

export interface Issued {
  readonly cert: string;
  readonly key: string;
}

/** A certificate authority of a test's own. */
export interface Authority {
  readonly cert: string;
  issue(name: string): Promise<Issued>;
  fingerprintOf(cert: string): string;
}

export async function authority(): Promise<Authority> {
  const own = await generate([{ name: 'commonName', value: `authority ${Math.random()}` }], {
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  return {
    cert: own.cert,
    issue: async (name) => {
      const { cert, private: key } = await generate([{ name: 'commonName', value: name }], {
        ca: { key: own.private, cert: own.cert },
        extensions: [
          { name: 'basicConstraints', cA: false },
          { name: 'subjectAltName', altNames: [isIP(name) > 0 ? { type: 7, ip: name } : { type: 2, value: name }] },
        ],
      });
      return { cert, key };
    },
    fingerprintOf: (cert) => new X509Certificate(cert).fingerprint256,
  };
}
