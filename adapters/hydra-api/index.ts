export { HttpHydraApi, type HttpHydraApiOptions } from './http-hydra-api';
export { type HydraEndpoints } from './hydra-http';
