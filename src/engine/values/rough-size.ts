/**
 * How much memory payloads take, roughly: enough to decide what may stay in memory and where a chunk is full, cheap
 * enough to ask for every delivery.
 */

/** Payloads of a delivery that are looked at; the others are taken to be like them. */
const sampled = 8;
/** Values within one payload that are looked at; what lies beyond is taken to be like what was seen. */
const visited = 200;
/** A reference and a small number, or the header of an object. */
const word = 8;
const object = 24;

/** Bytes these payloads take together, judged by a few of them. */
export function roughSizeOfMany(payloads: readonly unknown[]): number {
  const { length } = payloads;
  if (length <= sampled) return payloads.reduce<number>((sum, payload) => sum + roughSize(payload), 0);
  let sum = 0;
  for (let i = 0; i < sampled; i++) sum += roughSize(payloads[Math.floor((i * length) / sampled)]);
  return Math.ceil((sum / sampled) * length);
}

/** Bytes a payload takes. Of large ones only the beginning is looked at, breadth first. */
export function roughSize(payload: unknown): number {
  if (typeof payload === 'number') return word;
  if (typeof payload !== 'object' || payload === null) return word + textSize(payload);
  let size = word;
  const open: unknown[] = [payload];
  for (let at = 0; at < open.length; at++) {
    // What is left unseen is as large, each, as what was seen.
    if (at === visited) return Math.ceil((size / visited) * open.length);
    const value = open[at];
    if (typeof value !== 'object' || value === null) {
      size += textSize(value);
      continue;
    }
    size += object;
    if (ArrayBuffer.isView(value)) size += value.byteLength;
    else if (value instanceof ArrayBuffer) size += value.byteLength;
    else if (value instanceof Map) for (const [key, item] of value) open.push(key, item);
    else if (value instanceof Set) for (const item of value) open.push(item);
    else if (Array.isArray(value)) size += pushItems(open, value);
    else {
      for (const [key, item] of Object.entries(value)) {
        size += word + key.length;
        open.push(item);
      }
    }
  }
  return size;
}

/** Long lists are judged by their beginning. @returns bytes of the list itself and of the items left out */
function pushItems(open: unknown[], items: readonly unknown[]): number {
  const shown = items.slice(0, visited);
  for (const item of shown) open.push(item);
  const left = items.length - shown.length;
  return items.length * word + (left > 0 ? left * (roughSizeOfMany(items.slice(-sampled)) / sampled) : 0);
}

const textSize = (value: unknown): number => (typeof value === 'string' ? value.length * 2 : word);
