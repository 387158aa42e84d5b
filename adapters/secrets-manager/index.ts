export { AwsSecretStore } from './aws-secret-store';
export { pickValue } from './pick-value';
