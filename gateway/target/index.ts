export { acceptState, type TargetStore } from '../core/target-port';
export { bearerCheck } from './bearer-token';
export { readJson, sendJson, type JsonBody } from './json-http';
export {
  targetRoutes,
  targetView,
  type RouteHandler,
  type TargetRoutesOptions,
  type TargetView,
} from './target-routes';
export { createTargetStore, type AppliedCallback, type FileTargetStore, type TargetStoreOptions } from './target-store';
