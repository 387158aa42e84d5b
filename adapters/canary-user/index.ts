export { HttpCanaryUser } from './http-canary-user';
