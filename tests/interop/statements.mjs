// Environments, grants and public keys: reading them, and whose signature counts.

import { createHash, createPublicKey, ECDH, verify } from "node:crypto";

import { decode, encode, refuse } from "./encoding.mjs";
import { open as openWrap } from "./hpke.mjs";

const [LARGEST, LARGEST_PUBLIC] = [262_144, 65_536];
const HALF_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n / 2n;
const TEMPLATE = /^\.env.*\.(?:example|sample|template|dist|defaults|schema|vault)(?:\.local)?$/;
const OWN = /^\.env\.(?:keys|(?:.*\.)?local)$/;
const WIRE = Buffer.from("\0\0\0\x13ecdsa-sha2-nistp256\0\0\0\x08nistp256\0\0\0\x41", "latin1");

const SPKI = Buffer.from("3059301306072a8648ce3d020106082a8648ce3d030107034200", "hex");

const malformed = (why) => refuse("malformed", why);

// The values of lines. Each takes the text of a value and gives what it says.

const shaped = (pattern, what) => (text) => (pattern.test(text) ? text : malformed(`not a ${what}`));
const number = (text) => Number(shaped(/^[1-9][0-9]{0,8}$/, "number")(text));
const moment = shaped(/^[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]Z$/, "moment");
const date = shaped(/^[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])$/, "date");
const fingerprint = shaped(/^SHA256:[A-Za-z0-9+/]{43}$/, "fingerprint");
const role = shaped(/^(?:holder|reader)$/, "role");
const hash = shaped(/^[0-9a-f]{64}$/, "hash");
const policy = shaped(/^reissue-within [1-9][0-9]{0,8}d$/, "policy");

const base64url = (text) => decode(text) ?? malformed("not canonical base64url");

function bytes(size) {
  return (text) => {
    const found = base64url(text);
    return found.length === size ? found : malformed(`${found.length} bytes for ${size}`);
  };
}

export function isName(text) {
  const device = /^(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|$)/.test(text);
  return /^[a-z0-9][a-z0-9._-]{0,62}$/.test(text) && !/(?:\.|\.pub|\.grant)$/.test(text) && !device;
}

const name = (text) => (isName(text) ? text : malformed("not a name"));

function pattern(text) {
  const parts = text.toLowerCase().split("/");
  const good =
    text.length <= 200 && /[A-Za-z0-9]/.test(text) && !/^ | $|[[\]\\!"#]/.test(text) &&
    !TEMPLATE.test(parts.at(-1)) && !OWN.test(parts.at(-1)) &&
    parts.every((part) => !["", ".", "..", ".git", ".recipients"].includes(part) && !/\*\*|\*.*\*.*\*/.test(part));
  return good ? text : malformed("not a path pattern");
}

/** A value of several parts, with one space between them. */
function parts(form) {
  return (text) => {
    const [words, readers] = [text.split(" "), Object.entries(form)];
    if (words.length !== readers.length) malformed("too few or too many parts");
    return Object.fromEntries(readers.map(([part, read], i) => [part, read(words[i])]));
  };
}

const generation = { number, commitment: bytes(32) };
const key = { kind: shaped(/^p256$/, "kind of key"), point: bytes(33) };
const person = { name, fingerprint };
const wrap = { kind: shaped(/^p256-hkdf-sha256-aes256gcm$/, "kind of wrap"), bytes: bytes(113) };

function holder(text) {
  if (/^\S* SHA256:[A-Za-z0-9+/]{43}$/.test(text)) refuse("first-edition", "its holders have no keys");
  return parts({ name, ...key })(text);
}

// What lines must be to those above them.

const headOf = ({ number, commitment }) => `${number}.${encode(commitment).slice(0, 6)}`;

function checkOlder({ generation: current, older }) {
  if (older.some(({ number }, i) => older[i + 1]?.number > number)) malformed("older is not newest first");
  if (new Set([current, ...older].map(headOf)).size <= older.length) malformed("no token tells two generations apart");
}

function checkHolders({ revision, previous, holder: holders }) {
  if (new Set(holders.map((one) => one.name)).size < holders.length) malformed("a holder twice");
  if ((revision === 1) === Boolean(previous)) malformed("all revisions but the first go back to one");
}

// The lines of a statement: the first as it stands, then word, value, how many there may be, and what they must be to others.

const ENVIRONMENT = [
  "gitenv-environment 1", ["name", name], ["id", bytes(16)], ["revision", number], ["previous", hash, 0, 1],
  ["beside", hash, 0, Infinity], ["path", pattern, 1, 100], ["generation", parts(generation)],
  ["older", parts({ ...generation, wrap: bytes(60) }), 0, Infinity, checkOlder], ["known", hash, 0, 1],
  ["left", parts({ name, ...key, number }), 0, Infinity], ["policy", policy, 0, 1], ["seal", parts(key)],
  ["holder", holder, 1, Infinity, checkHolders], ["by", parts(person)], ["proof", base64url, 0, 16], ["at", moment],
  ["signature", bytes(64)],
];
const GRANT = [
  "gitenv-grant 1", ["environment", parts({ name, id: bytes(16) })], ["generation", parts(generation)], ["to", name],
  ["key", parts(key)], ["role", role], ["expires", date, 0, 1], ["by", parts(person)], ["at", moment], ["wrap", parts(wrap)],
  ["signature", bytes(64)],
];

/** Words that may come more than once give lists; one that may be missing gives undefined. */
function read(text, [first, ...form]) {
  if (text.length > LARGEST || !/^(?:[\x20-\x7e]+\n)+$/.test(text)) malformed("not lines of printable ASCII");
  const lines = text.slice(0, -1).split("\n");
  if (lines.shift() !== first) malformed("it does not begin with its kind and version");
  const found = { text };
  for (const [word, value, least = 1, most = 1, check] of form) {
    const values = [];
    while (values.length < most && lines[0]?.startsWith(`${word} `)) values.push(value(lines.shift().slice(word.length + 1)));
    if (values.length < least) malformed(`the line ${word} is missing or misplaced`);
    found[word] = most === 1 ? values[0] : values;
    check?.(found);
  }
  if (lines.length) malformed("an unknown or misplaced line");
  return found;
}

export const readEnvironment = (text) => ({ ...read(text, ENVIRONMENT), hash: digest(text, "hex") });

export const readGrant = (text) => read(text, GRANT);

// Keys.

const converted = (point, form) => ECDH.convertKey(point, "prime256v1", null, null, form);
const digest = (data, form) => createHash("sha256").update(data).digest(form);

function isPoint(point) {
  try {
    return Boolean(converted(point, "compressed"));
  } catch {
    return false;
  }
}

/** Of a point on the curve. */
export function fingerprintOf(point) {
  return `SHA256:${digest(Buffer.concat([WIRE, converted(point, "uncompressed")]), "base64").replace("=", "")}`;
}

const trimmed = (text) => text.replace(/^[\t\n\v\f\r ]+|[\t\n\v\f\r ]+$/g, "");

function fromPem(text) {
  const [, base64] = /^-----BEGIN PUBLIC KEY-----\s([^-]*)-----END PUBLIC KEY-----$/.exec(text) ?? refuse("usage", "not one key in PEM");
  return pointAfter(SPKI, base64.replace(/\s/g, ""));
}

function fromOpenSsh(line) {
  const [kind, base64 = ""] = line.split(" ");
  return kind === "ecdsa-sha2-nistp256" ? pointAfter(WIRE, base64) : refuse("usage", "not a P-256 key");
}

/** The uncompressed point that comes after these bytes; there is nothing else that varies in a key. */
function pointAfter(start, base64) {
  const data = Buffer.from(base64, "base64");
  const point = data.subarray(start.length);
  const isKey = data.toString("base64") === base64 && data.subarray(0, start.length).equals(start);
  return isKey && point[0] === 4 && isPoint(point) ? point : refuse("usage", "not a P-256 key");
}

/** The points of a `.pub` file, compressed. */
export function readPublic(text) {
  if (text.length > LARGEST_PUBLIC || text.includes("PRIVATE KEY")) refuse("usage", "too large, or a private key");
  const lines = text.split(/[\r\n]/).map(trimmed).filter((line) => line && !line.startsWith("#"));
  const points = trimmed(text).startsWith("-----BEGIN") ? [fromPem(trimmed(text))] : lines.map(fromOpenSsh);
  return points.length ? points.map((point) => converted(point, "compressed")) : refuse("usage", "no key");
}

// Signatures.

/** Whether this is the signature of a point's key over some bytes. A point that is none signs nothing. */
export function isSigned(point, signature, signed) {
  if (!isPoint(point) || BigInt(`0x${signature.subarray(32).toString("hex")}`) > HALF_ORDER) return false;
  const [x, y] = [1, 33].map((at) => converted(point, "uncompressed").subarray(at, at + 32).toString("base64url"));
  const key = createPublicKey({ key: { kty: "EC", crv: "P-256", x, y }, format: "jwk" });
  return verify("sha256", Buffer.from(signed), { key, dsaEncoding: "ieee-p1363" }, signature);
}

/** Whether a statement carries the signature of a point's key. */
export function isSignedBy({ text, signature }, point) {
  return isSigned(point, signature, `gitenv/1/signature\n${text.slice(0, text.lastIndexOf("\nsignature ") + 1)}`);
}

/** Whether `by` is the person with this name and key. */
export const isPerson = (by, name, point) => by.name === name && isPoint(point) && by.fingerprint === fingerprintOf(point);

/** The key that the `holder` lines of a statement have for who signed something. */
export const keyOf = (statement, by) => statement.holder.find(({ name, point }) => isPerson(by, name, point))?.point;

export const isSame = (a, b) => a.number === b.number && a.commitment.equals(b.commitment);

/** Refuse a grant that does not count beside this statement, on this day. */
export function checkCounts(statement, grant, today) {
  const { environment, expires, key, by } = grant;
  const isOurs = environment.name === statement.name && environment.id.equals(statement.id);
  if (!isOurs || !isSame(grant.generation, statement.generation)) refuse("not-trusted", "of another environment or generation");
  if (expires && expires < today) refuse("not-trusted", `expired on ${expires}`);
  if (!isPoint(key.point)) refuse("not-trusted", "its key is no point");
  const signer = keyOf(statement, by) ?? refuse("not-trusted", `let in by ${by.name}, who is no holder`);
  if (!isSignedBy(grant, signer)) refuse("not-trusted", `${by.name} never signed this`);
}

/** The DEK in a grant; `scalar` is the private key it is for. */
export function unwrap({ text, wrap }, scalar) {
  const above = text.slice(0, text.lastIndexOf("\nwrap ") + 1);
  const info = Buffer.concat([Buffer.from("gitenv/1/grant"), digest(above)]);
  return openWrap(scalar, info, wrap.bytes) ?? malformed("not wrapped for this key and these words");
}
