export { HttpCanaryUser, type HttpCanaryUserOptions } from './http-canary-user';
