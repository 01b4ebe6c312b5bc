import { expect, it } from 'vitest';
import { crc32 } from '../../src/store/crc32.ts';
import fc from '../property.ts';

const text = (value: string) => new TextEncoder().encode(value);

it('gives the check values of the standard', () => {
  expect(crc32(text('123456789'))).toBe(0xcbf43926);
  expect(crc32(text(''))).toBe(0);
  expect(crc32(text('The quick brown fox jumps over the lazy dog'))).toBe(0x414fa339);
});

it('gives what the definition gives, one bit at a time', () => {
  const byDefinition = (bytes: Uint8Array) => {
    let crc = 0xffffffff;
    for (const byte of bytes) {
      crc ^= byte;
      for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
    }
    return ~crc >>> 0;
  };
  fc.assert(fc.property(fc.uint8Array(), (bytes) => crc32(bytes) === byDefinition(bytes)));
});
