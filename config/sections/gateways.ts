import { z } from 'zod';
import { httpUrl, label, secret, text } from '../fields';

const gateway = z.strictObject({
  name: label().describe('Name of this instance in reports.'),
  controlUrl: httpUrl().describe('Base URL of its control listener.'),
  token: secret().describe('Bearer token of its control listener.'),
  databaseRole: text()
    .max(63)
    .optional()
    .describe('Role by which it asks the databases who serves, when it is in doubt. Only these roles may ask.'),
});

export const gatewaysSection = z
  .array(gateway)
  .max(100)
  .default([])
  .describe('Every instance of the gateway. All of them hold and flip together, so none may be missing here.');
