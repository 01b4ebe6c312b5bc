/**
 * CRC-32 (IEEE 802.3, as in zip and PNG): tells a damaged chunk from a sound one. Four bytes at a time by
 * "slicing-by-4" (Kounavis and Berry, Intel, 2005); the first table is that of the PNG specification, Annex D.
 */
const [t0, t1, t2, t3] = [0, 1, 2, 3].map(() => new Int32Array(256)) as [
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
];
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
    const value = before[byte]!;
    table[byte] = (value >>> 8) ^ t0[value & 0xff]!;
  }
}

/**
 * The checksum of these bytes, as an unsigned 32-bit number. Without a function of its own for anything: in a process
 * that has just begun nothing has been optimized yet, and each call would cost more than the rest.
 */
export function crc32(bytes: Uint8Array): number {
  let crc = -1;
  let i = 0;
  for (const end = bytes.length - 3; i < end; i += 4) {
    crc ^= bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24);
    crc = t3[crc & 0xff]! ^ t2[(crc >>> 8) & 0xff]! ^ t1[(crc >>> 16) & 0xff]! ^ t0[crc >>> 24]!;
  }
  for (; i < bytes.length; i++) crc = (crc >>> 8) ^ t0[(crc ^ bytes[i]!) & 0xff]!;
  return ~crc >>> 0;
}
