import { XMLBuilder } from 'fast-xml-parser';
import { type RdsError } from './rds-error';

/** What an answer is made of. An array becomes repeated elements, undefined is left out. */
export type XmlValue =
  string | number | boolean | undefined | readonly XmlValue[] | { readonly [name: string]: XmlValue };
export type XmlObject = { readonly [name: string]: XmlValue };

const NAMESPACE = 'http://rds.amazonaws.com/doc/2014-10-31/';
const builder = new XMLBuilder({ ignoreAttributes: false, attributeNamePrefix: '@', suppressEmptyNode: false });

/** The answer of an action that succeeded. @param result undefined for actions that only acknowledge */
export function answerXml(action: string, result: XmlObject | undefined, requestId: string): string {
  return build(`${action}Response`, {
    ...(result === undefined ? {} : { [`${action}Result`]: result }),
    ResponseMetadata: { RequestId: requestId },
  });
}

export function errorXml(error: RdsError, requestId: string): string {
  return build('ErrorResponse', {
    Error: { Type: error.type, Code: error.code, Message: printable(error.message) },
    RequestId: requestId,
  });
}

/** A list element that is there even when it has no entries, as AWS writes it. */
export function xmlList(element: string, entries: readonly XmlValue[]): XmlValue {
  return entries.length === 0 ? '' : { [element]: entries };
}

function build(root: string, content: XmlObject): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${builder.build({ [root]: { '@xmlns': NAMESPACE, ...(prune(content) as XmlObject) } })}`;
}

function prune(value: XmlValue): XmlValue {
  if (Array.isArray(value)) return (value as readonly XmlValue[]).filter((entry) => entry !== undefined).map(prune);
  if (typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, entry]) => entry !== undefined)
      .map(([name, entry]) => [name, prune(entry)]),
  );
}

/** XML 1.0 has no way to write control characters, and a message may repeat what the caller sent. */
function printable(text: string): string {
  return text.replaceAll(/[^\x20-\x7e\u00a0-\ud7ff]/g, '?');
}
