import { z } from 'zod';
import { allowPlaintext, certificates, httpUrl, identifier, label, secret } from '../fields';

const gateway = z.strictObject({
  name: label().describe('Name of this instance in reports.'),
  controlUrl: httpUrl().describe('Base URL of its control listener.'),
  token: secret().describe('Bearer token of its control listener.'),
  ca: certificates()
    .optional()
    .describe('PEM certificates that vouch for its control listener. Without them those of the system do.'),
  clientCertificate: z
    .strictObject({
      cert: certificates().describe('The certificate.'),
      key: secret().describe('Its private key, in PEM form.'),
    })
    .optional()
    .describe('What the worker shows to a control listener that asks for a certificate (`tls.clientCaFile` there).'),
  allowPlaintext: allowPlaintext(),
  databaseRole: identifier()
    .optional()
    .describe('Role by which it asks the databases who serves, when it is in doubt. Only these roles may ask.'),
});

export const gatewaysSection = z
  .array(gateway)
  .max(100)
  .default([])
  .describe('Every instance of the gateway. All of them hold and flip together, so none may be missing here.');
