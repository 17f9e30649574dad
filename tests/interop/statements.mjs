// Environments, grants and public keys: reading them, whose signature counts, and what follows from what.

import { createHash, createPublicKey, ECDH, verify } from "node:crypto";

import { decode, encode, refuse, refusing } from "./encoding.mjs";
import { open as openWrap } from "./hpke.mjs";

const LARGEST = 65_536;
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

function bytes(size) {
  return (text) => {
    const found = decode(text) ?? malformed("not canonical base64url");
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

// The lines of a statement: the first as it stands, then word, value, and how many there may be.

const ENVIRONMENT = [
  "gitenv-environment 1", ["name", name], ["id", bytes(16)], ["revision", number], ["path", pattern, 1, 100],
  ["generation", parts(generation)], ["older", parts({ ...generation, wrap: bytes(60) }), 0, Infinity], ["seal", parts(key)],
  ["holder", parts(person), 1, Infinity], ["by", parts(person)], ["at", moment], ["signature", bytes(64)],
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
  for (const [word, value, least = 1, most = 1] of form) {
    const values = [];
    while (values.length < most && lines[0]?.startsWith(`${word} `)) values.push(value(lines.shift().slice(word.length + 1)));
    if (values.length < least) malformed(`the line ${word} is missing or misplaced`);
    found[word] = most === 1 ? values[0] : values;
  }
  if (lines.length) malformed("an unknown or misplaced line");
  return found;
}

const tokenHead = ({ number, commitment }) => `${number}.${encode(commitment).slice(0, 6)}`;

export function readEnvironment(text) {
  const found = read(text, ENVIRONMENT);
  const numbers = [found.generation.number, ...found.older.map((older) => older.number)];
  if (numbers.some((later, i) => numbers[i + 1] > later) || numbers[0] === numbers[1]) malformed("older is not newest first");
  if (new Set(found.older.map(tokenHead)).size < found.older.length) malformed("no token tells two older generations apart");
  if (new Set(found.holder.map((holder) => holder.name)).size < found.holder.length) malformed("a holder twice");
  return found;
}

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
  if (text.length > LARGEST || text.includes("PRIVATE KEY")) refuse("usage", "too large, or a private key");
  const lines = text.split(/[\r\n]/).map(trimmed).filter((line) => line && !line.startsWith("#"));
  const points = trimmed(text).startsWith("-----BEGIN") ? [fromPem(trimmed(text))] : lines.map(fromOpenSsh);
  return points.length ? points.map((point) => converted(point, "compressed")) : refuse("usage", "no key");
}

// What counts. `people` are the points that are known.

/** Whether this is the signature of a point's key over some bytes. A point that is none signs nothing. */
export function isSigned(point, signature, signed) {
  if (!isPoint(point) || BigInt(`0x${signature.subarray(32).toString("hex")}`) > HALF_ORDER) return false;
  const [x, y] = [1, 33].map((at) => converted(point, "uncompressed").subarray(at, at + 32).toString("base64url"));
  const key = createPublicKey({ key: { kty: "EC", crv: "P-256", x, y }, format: "jwk" });
  return verify("sha256", Buffer.from(signed), { key, dsaEncoding: "ieee-p1363" }, signature);
}

/** Refuse a statement that the key of its `by` line did not sign. */
export function checkSigned({ text, by, signature }, people) {
  const point = people.find((known) => fingerprintOf(known) === by.fingerprint);
  if (!point) refuse("not-signed", `the key of ${by.name} is not known`);
  const signed = `gitenv/1/signature\n${text.slice(0, text.lastIndexOf("\nsignature ") + 1)}`;
  if (!isSigned(point, signature, signed)) refuse("not-signed", `${by.name} never signed this`);
}

/** The DEK in a grant; `scalar` is the private key it is for. */
export function unwrap({ text, wrap }, scalar) {
  const above = text.slice(0, text.lastIndexOf("\nwrap ") + 1);
  const info = Buffer.concat([Buffer.from("gitenv/1/grant"), digest(above)]);
  return openWrap(scalar, info, wrap.bytes) ?? malformed("not wrapped for this key and these words");
}

const isSame = (a, b) => a.number === b.number && a.commitment.equals(b.commitment);
const isAmong = (holders, by) => holders.some((one) => one.name === by.name && one.fingerprint === by.fingerprint);

/** Refuse a grant that does not count beside this statement, on this day. */
export function checkCounts(statement, grant, today, people) {
  const { environment, expires, key, by } = grant;
  const isOurs = environment.name === statement.name && environment.id.equals(statement.id);
  if (!isOurs || !isSame(grant.generation, statement.generation)) refuse("not-trusted", "of another environment or generation");
  if (expires && expires < today) refuse("not-trusted", `expired on ${expires}`);
  if (!isPoint(key.point)) refuse("not-trusted", "its key is no point");
  if (!isAmong(statement.holder, by)) refuse("not-trusted", `let in by ${by.name}, who is no holder`);
  refusing("not-trusted", () => checkSigned(grant, people));
}

/** What `next` is to the pinned statement: the same, an earlier one, a later one within the generation, or the next generation. */
export function step(pinned, next, people) {
  if (next.name !== pinned.name || !next.id.equals(pinned.id)) refuse("foreign-environment", "another environment");
  if (next.text === pinned.text) return "same";
  const isLater = next.revision > pinned.revision;
  const isWithin = isSame(next.generation, pinned.generation);
  if (pinned.older.some((older) => isSame(older, next.generation)) || (isWithin && next.revision < pinned.revision)) return "below";
  const goesBack = next.older.some((older) => isSame(older, pinned.generation));
  const isNext = next.generation.number === pinned.generation.number + 1 && goesBack;
  if (!isLater || !(isWithin || isNext)) refuse("not-a-step", "it does not follow from the pinned statement");
  if (!isAmong(pinned.holder, next.by)) refuse("not-a-step", `${next.by.name} is no holder of the pinned statement`);
  checkSigned(next, people);
  return isWithin ? "within" : "next";
}
