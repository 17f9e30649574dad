// HPKE (RFC 9180), base mode, single shot, for receivers: DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-256-GCM.

import { createDecipheriv, createECDH, createHmac } from "node:crypto";

const KEM = Buffer.from("KEM\x00\x10", "latin1");
const SUITE = Buffer.from("HPKE\x00\x10\x00\x01\x00\x02", "latin1");
const NOTHING = Buffer.alloc(0);

const join = (...parts) => Buffer.concat(parts.map((part) => Buffer.from(part)));
const hmac = (key, data) => createHmac("sha256", key).update(data).digest();
const extract = (suite, salt, label, data) => hmac(salt, join("HPKE-v1", suite, label, data));

/** Nothing here is longer than one hash, so that HKDF-Expand is its first block. */
const expand = (suite, key, label, info, length) =>
  hmac(key, join([0, length], "HPKE-v1", suite, label, info, [1])).subarray(0, length);

/** The plain text of AES-256-GCM, with the tag at the end of `sealed`, or null. */
export function openGcm(key, nonce, sealed, associated = NOTHING) {
  const cipher = createDecipheriv("aes-256-gcm", key, nonce).setAAD(associated).setAuthTag(sealed.subarray(-16));
  try {
    return join(cipher.update(sealed.subarray(0, -16)), cipher.final());
  } catch {
    return null;
  }
}

/** DHKEM's Decap; null if `point` is not an uncompressed point of the curve. */
function decapsulate(scalar, point) {
  const receiver = createECDH("prime256v1");
  receiver.setPrivateKey(scalar);
  if (point[0] !== 4) return null;
  try {
    const key = extract(KEM, NOTHING, "eae_prk", receiver.computeSecret(point));
    return expand(KEM, key, "shared_secret", join(point, receiver.getPublicKey()), 32);
  } catch {
    return null;
  }
}

/** What was sealed to the P-256 key with this private scalar, or null. `wrap` is the encapsulated key, then the ciphertext. */
export function open(scalar, info, wrap) {
  const shared = decapsulate(scalar, wrap.subarray(0, 65));
  if (!shared) return null;
  const context = join([0], extract(SUITE, NOTHING, "psk_id_hash", NOTHING), extract(SUITE, NOTHING, "info_hash", info));
  const secret = extract(SUITE, shared, "secret", NOTHING);
  const [key, nonce] = [["key", 32], ["base_nonce", 12]].map(([label, size]) => expand(SUITE, secret, label, context, size));
  return openGcm(key, nonce, wrap.subarray(65));
}
