/**
 * CRC-32 (IEEE 802.3, as in zip and PNG): tells a damaged chunk from a sound one. Four bytes at a time by
 * "slicing-by-4" (Kounavis and Berry, Intel, 2005); the first table is that of the PNG specification, Annex D.
 */
const tables = [0, 1, 2, 3].map(() => new Int32Array(256));
const [t0, t1, t2, t3] = tables as [Int32Array, Int32Array, Int32Array, Int32Array];
for (let byte = 0; byte < 256; byte++) {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  t0[byte] = value;
}
for (const [before, table] of [
  [t0, t1],
  [t1, t2],
  [t2, t3],
] as const) {
  for (let byte = 0; byte < 256; byte++) {
    const value = at(before, byte);
    table[byte] = (value >>> 8) ^ at(t0, value & 0xff);
  }
}

function at(list: Int32Array | Uint8Array, index: number): number {
  return list[index] as number;
}

/** The checksum of these bytes, as an unsigned 32-bit number. */
export function crc32(bytes: Uint8Array): number {
  let crc = -1;
  let i = 0;
  for (const end = bytes.length - 3; i < end; i += 4) {
    crc ^= at(bytes, i) | (at(bytes, i + 1) << 8) | (at(bytes, i + 2) << 16) | (at(bytes, i + 3) << 24);
    crc = at(t3, crc & 0xff) ^ at(t2, (crc >>> 8) & 0xff) ^ at(t1, (crc >>> 16) & 0xff) ^ at(t0, crc >>> 24);
  }
  for (; i < bytes.length; i++) crc = (crc >>> 8) ^ at(t0, (crc ^ at(bytes, i)) & 0xff);
  return ~crc >>> 0;
}
