export { HttpWebhook, signatureOf } from './http-webhook';
