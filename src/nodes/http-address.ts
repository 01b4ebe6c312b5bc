/** Addresses with fields of the payload in them: `https://example.org/users/{id}?q={query.text}`. */
import { toBase64 } from '../schema/base64.ts';
import { describeValue } from './describe-value.ts';

const placeholder = /\{([^{}]*)\}/g;

/** Whether a template can become an http address, whatever its fields hold. */
export function isAddressTemplate(template: string): boolean {
  const sample = template.replace(placeholder, 'x');
  return /^https?:\/\//i.test(sample) && URL.canParse(sample);
}

/**
 * Fills in the fields, each encoded, so that none can change the rest of the address; `{}` is the payload itself.
 * @throws TypeError when a field is missing, is no text or number, or would step through the path.
 */
export function fillAddress(template: string, payload: unknown): string {
  const filled = template.replace(placeholder, (whole, path: string) => {
    const value = valueAt(payload, path.trim());
    if (typeof value === 'string' || typeof value === 'bigint' || typeof value === 'boolean')
      return encode(String(value));
    if (typeof value === 'number' && Number.isFinite(value)) return String(value);
    throw new TypeError(`The address needs ${whole}, but in the value that is ${describeValue(value)}.`);
  });
  const steps = /^[^?#]*/.exec(filled)?.[0].split('/') ?? [];
  if (filled !== template && steps.some((step) => step === '.' || step === '..'))
    throw new TypeError(
      `The address may not step through . or .., as ${JSON.stringify(withoutCredentials(filled))} does.`,
    );
  return filled;
}

/**
 * Takes the user name and password out of an address: `fetch` refuses such an address, and an error would show it.
 * @returns the address without them, and what they are as an `Authorization` header (RFC 7617)
 */
export function splitCredentials(address: string): { address: string; authorization?: string } {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (!url || (url.username === '' && url.password === '')) return { address };
  const words = [url.username, url.password].map(decode).join(':');
  url.username = '';
  url.password = '';
  return { address: url.href, authorization: `Basic ${toBase64(new TextEncoder().encode(words))}` };
}

/** An address, valid or not, as it may be shown. */
export const withoutCredentials = (address: string): string => address.replace(/\/\/[^/?#]*@/, '//');

/** A percent sign need not begin a code. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function encode(text: string): string {
  try {
    return encodeURIComponent(text);
  } catch {
    throw new TypeError('A text that is not well-formed cannot be part of an address.');
  }
}

function valueAt(payload: unknown, path: string): unknown {
  if (path === '') return payload;
  let value = payload;
  for (const name of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return value;
}
