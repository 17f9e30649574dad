// AES-256-SIV (RFC 5297), which Node does not have, from the AES modes that it has.

import { createCipheriv, timingSafeEqual } from "node:crypto";

const BLOCK = 16;
const ZERO = Buffer.alloc(BLOCK);

const aes = (mode, key, iv, data) => createCipheriv(`aes-256-${mode}`, key, iv).setAutoPadding(false).update(data);
const xor = (a, b) => Buffer.from(a.map((byte, i) => byte ^ b[i]));
const padded = (data) => Buffer.concat([data, Buffer.from([0x80]), ZERO]).subarray(0, BLOCK);

/** Times x in GF(2^128), with the polynomial of both RFCs. */
function doubled(block) {
  const out = Buffer.from(block.map((byte, i) => (byte << 1) | (block[i + 1] >> 7)));
  if (block[0] & 0x80) out[BLOCK - 1] ^= 0x87;
  return out;
}

/** AES-CMAC (RFC 4493): the last block of CBC, with a subkey in the last block of the data. */
function cmac(key, data) {
  const subkey = doubled(aes("ecb", key, null, ZERO));
  const cut = Math.max(0, Math.ceil(data.length / BLOCK) - 1) * BLOCK;
  const rest = data.subarray(cut);
  const last = rest.length === BLOCK ? xor(rest, subkey) : xor(padded(rest), doubled(subkey));
  return aes("cbc", key, ZERO, Buffer.concat([data.subarray(0, cut), last])).subarray(-BLOCK);
}

/** S2V: one block from the associated data and the plain text. The last block of the text carries all that came before. */
function s2v(key, associated, text) {
  const sum = associated.reduce((before, data) => xor(doubled(before), cmac(key, data)), cmac(key, ZERO));
  if (text.length < BLOCK) return cmac(key, xor(doubled(sum), padded(text)));
  const cut = text.length - BLOCK;
  return cmac(key, Buffer.concat([text.subarray(0, cut), xor(text.subarray(cut), sum)]));
}

/** The key's second half in counter mode, from the synthetic IV without the two bits that RFC 5297 clears. */
function counter(key, siv, data) {
  const from = Buffer.from(siv);
  from[8] &= 0x7f;
  from[12] &= 0x7f;
  return aes("ctr", key.subarray(32), from, data);
}

export function seal(key, associated, text) {
  const siv = s2v(key.subarray(0, 32), associated, text);
  return Buffer.concat([siv, counter(key, siv, text)]);
}

/** The plain text, or null for anything that `seal` did not write with this key and these data. */
export function open(key, associated, sealed) {
  const siv = sealed.subarray(0, BLOCK);
  const text = counter(key, siv, sealed.subarray(BLOCK));
  return timingSafeEqual(siv, s2v(key.subarray(0, 32), associated, text)) ? text : null;
}
