/** How every store writes single values: in the journal's codec, named by their SHA-256. */
import { contentHash } from '../schema/content-hash.ts';
import { decodeList, decodeValue, encodeList, encodeValue } from './journal-codec.ts';
import type { ValueCodec } from './store.ts';

export const valueCodec: ValueCodec = {
  encode: encodeValue,
  decode: decodeValue,
  encodeList,
  decodeList,
  hash: contentHash,
};
