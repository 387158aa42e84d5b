export { type TargetStore } from '../core/target-port';
export { bearerCheck } from './bearer-token';
export { sendJson } from './json-http';
export { type RouteHandler, targetRoutes } from './target-routes';
