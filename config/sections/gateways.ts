import { z } from 'zod';
import { httpUrl, label, secret } from '../fields';

const gateway = z.strictObject({
  name: label().describe('Name of this instance in reports.'),
  controlUrl: httpUrl().describe('Base URL of its control listener.'),
  token: secret().describe('Bearer token of its control listener.'),
});

export const gatewaysSection = z
  .array(gateway)
  .max(100)
  .default([])
  .describe('Every instance of the gateway. All of them hold and flip together, so none may be missing here.');
