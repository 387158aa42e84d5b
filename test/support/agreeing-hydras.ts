import { type HydraApi } from '../../domain/ports/hydra-api';

/** Hydras that answer every question alike and know nobody: for tests in which only rows matter. */
export const AGREEING_HYDRAS: Pick<
  HydraApi,
  | 'allowsOrigin'
  | 'client'
  | 'consents'
  | 'discovery'
  | 'keyThumbprints'
  | 'loginCookies'
  | 'metrics'
  | 'signingKeys'
  | 'trustedIssuers'
> = {
  allowsOrigin: () => Promise.resolve(true),
  client: () => Promise.resolve(undefined),
  consents: () => Promise.resolve([]),
  discovery: () => Promise.resolve({ issuer: 'https://id.example/' }),
  keyThumbprints: () => Promise.resolve([]),
  loginCookies: () => Promise.resolve({ cookies: [{ name: 'oauth2_authentication_csrf_1', value: 'x' }] }),
  metrics: () => Promise.reject(new Error('no metrics')),
  signingKeys: () => Promise.resolve(['key']),
  trustedIssuers: () => Promise.resolve(new Map()),
};
