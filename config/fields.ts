import { z } from 'zod';
import { Secret } from './secret';

/**
 * The building blocks of the sections. Every field of the config is one of these with a `.describe()` text, so that the
 * reference and the editor schema say the same as the loader.
 */

/**
 * Metadata that the loader and the generators read and the editor schema does not keep. `allowed`: what a value may be, in
 * words, where the bounds of the type do not say it. `secret`: the field takes a reference only.
 */
export const INTERNAL_META = ['allowed', 'secret'] as const;

/** A secret: written as a reference in the file, a {@link Secret} after loading. */
export const secret = () =>
  z
    .string()
    .min(1)
    .meta({ secret: true, allowed: 'a reference: ${env:NAME}, ${file:PATH} or ${secretsmanager:ID#KEY}' })
    .transform((value) => new Secret(value));

export const text = () => z.string().min(1).max(1_000);

/** A name that ends up in identifiers and labels. */
export const label = () =>
  z
    .string()
    .max(63)
    .regex(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/)
    .meta({ allowed: 'lower-case letters, digits and inner hyphens, at most 63 characters' });

/** PostgreSQL cuts a longer name off without a word, and would then know another one. Source: PostgreSQL manual, "Identifiers and Key Words". */
const IDENTIFIER_BYTES = 63;

/** Name of a role, a database or a schema of PostgreSQL, as it is stored. */
export const identifier = () =>
  z
    .string()
    .min(1)
    .max(IDENTIFIER_BYTES)
    .refine((name) => Buffer.byteLength(name) <= IDENTIFIER_BYTES, { error: 'longer than a name of PostgreSQL may be' })
    .refine((name) => !/[\p{Cc}]/u.test(name), { error: 'holds a control character' })
    .meta({
      allowed: `a name of at most ${IDENTIFIER_BYTES} bytes in UTF-8, without control characters, written without quotes`,
    });

/** `host` or an IP address, without a scheme or a port. */
export const host = () =>
  z
    .string()
    .min(1)
    .max(253)
    .regex(/^[A-Za-z0-9_.:-]+$/)
    .meta({ allowed: 'a host name or IP address without scheme, port and path' });

export const port = () => z.int().min(1).max(65_535);

export const SECOND_MS = 1_000;
export const MINUTE_MS = 60 * SECOND_MS;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

export const durationMs = (min: number, max: number) => z.int().min(min).max(max);

/** Base URL over HTTP: no credentials, query or fragment, because paths are appended to it and it is logged. */
export const httpUrl = () =>
  z
    .string()
    .max(2_000)
    .refine((value) => isBaseUrl(value), { error: 'not a base URL' })
    .meta({ format: 'uri', allowed: 'an http:// or https:// URL without credentials, query and fragment' });

/** Beside an address that a secret is sent to. */
export const allowPlaintext = () =>
  z
    .boolean()
    .default(false)
    .describe(
      'Whether its secret may be sent to another machine over http://: something else encrypts what passes between the two.',
    );

/** Certificates in PEM form, usually through `${file:…}`. */
export const certificates = () =>
  z
    .string()
    .refine((value) => value.includes('-----BEGIN CERTIFICATE-----'), { error: 'holds no PEM certificate' })
    .meta({ allowed: 'certificates in PEM form, usually through ${file:PATH}' });

function isBaseUrl(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const url = new URL(value);
  const http = url.protocol === 'http:' || url.protocol === 'https:';
  return http && url.username === '' && url.password === '' && url.search === '' && url.hash === '';
}
