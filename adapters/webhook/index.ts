export { HttpWebhook, signatureOf, type HttpWebhookOptions } from './http-webhook';
