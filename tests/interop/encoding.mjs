// What all parts of the reader share: how it refuses, and the one spelling of base64url.

class Refused extends Error {}

/** Refuse, with one of the words that the vectors have for the kind of error. */
export function refuse(kind, why) {
  throw Object.assign(new Refused(why), { kind });
}

/** Whatever `act` refuses, refuse it as another kind. */
export function refusing(kind, act) {
  try {
    return act();
  } catch (error) {
    throw error instanceof Refused ? Object.assign(error, { kind }) : error;
  }
}

export const encode = (bytes) => bytes.toString("base64url");

/** The bytes, or null if this is not what the encoder would have written. */
export function decode(text) {
  const bytes = Buffer.from(text, "base64url");
  return encode(bytes) === text ? bytes : null;
}
