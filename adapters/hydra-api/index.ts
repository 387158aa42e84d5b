export { HttpHydraApi } from './http-hydra-api';
