// A second reader of gitenv's format, written from docs/format.md alone and from nothing but Node's own modules. It says
// whether that page is enough, and whether gitenv does what it says: see test_interop.py.
//
// By hand:   node tests/interop/reader.mjs tests/vectors/valid/*.txt
//
// It prints a line of JSON for each vector: what it read, or why and as what kind of error it refused. Bytes of documents
// are latin-1 strings, other bytes are in hex. The keys are those of `keys.txt` in the folder above.
//
// It covers documents (grammar, tokens, sealed values, marks, clean, smudge), the keys of a DEK, environments with their chains, grants,
// signatures, what counts, `known`, and public keys. Not files and folders, patterns against paths, and what an index or HEAD decides.

import { createECDH, createHash, hkdfSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { basename, dirname, join as path } from "node:path";

import { checkFounding, checkHistory, checkStep, judge } from "./chain.mjs";
import { join, LARGEST, MOST, parse, SEALED, TOKEN } from "./document.mjs";
import { decode, encode, refuse, refusing } from "./encoding.mjs";
import { open as openMessage, openGcm } from "./hpke.mjs";
import * as siv from "./siv.mjs";
import {
  checkCounts, fingerprintOf, isName, isSigned, isSignedBy, readEnvironment, readGrant, readPublic, unwrap,
} from "./statements.mjs";

const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const bytes = (text) => Buffer.from(text, "latin1");
const hex = (data) => Buffer.from(data).toString("hex");
const scalarBytes = (number) => Buffer.from(number.toString(16).padStart(64, "0"), "hex");

// Keys.

function pointOf(scalar) {
  const key = createECDH("prime256v1");
  key.setPrivateKey(scalar);
  return key.getPublicKey(null, "compressed");
}

/** What is derived from one DEK. */
function keysOf(dek, id) {
  const derive = (purpose, length) => Buffer.from(hkdfSync("sha256", dek, id, `gitenv/1/${purpose}`, length));
  const commitment = derive("commitment", 32);
  const seal = scalarBytes((BigInt(`0x${hex(derive("seal", 48))}`) % (ORDER - 1n)) + 1n);
  return { dek, id, commitment, hint: encode(commitment).slice(0, 6), value: derive("value", 64), chain: derive("chain", 32), seal };
}

function checkedKeys(dek, id, { commitment }) {
  const keys = keysOf(dek, id);
  return keys.commitment.equals(commitment) ? keys : refuse("not-trusted", "the statement commits to another key");
}

/** The older DEK that one of the open keys opens, or undefined. */
function openOlder(older, open, id) {
  const associated = Buffer.from(`older ${older.number} ${encode(older.commitment)}`);
  const [nonce, sealed] = [older.wrap.subarray(0, 12), older.wrap.subarray(12)];
  const deks = open.map(({ chain }) => openGcm(chain, nonce, sealed, associated)).filter(Boolean);
  return deks.map((dek) => keysOf(dek, id)).find((keys) => keys.commitment.equals(older.commitment));
}

/** The open generations of an environment, newest first: all that its current DEK and its chain give. */
function ringOf({ id, generation, older }, dek) {
  const ring = [{ ...checkedKeys(dek, id, generation), number: generation.number }];
  for (const one of older) {
    const keys = openOlder(one, ring, id);
    if (keys) ring.push({ ...keys, number: one.number });
  }
  return ring;
}

// Tokens and marks.

const associatedData = (id, name) => ["gitenv/1/value", id, name ? "kv" : "line", name ?? "-"].map((data) => Buffer.from(data));

function paddedSize(size) {
  const step = size <= 256 ? 32 : 2 ** (32 - Math.clz32(size - 1) - 3);
  return Math.ceil(size / step) * step;
}

function encrypt(keys, name, raw) {
  const padded = Buffer.alloc(paddedSize(raw.length + 1));
  padded.write(`${raw}\x80`, "latin1");
  return siv.seal(keys.value, associatedData(keys.id, name), padded);
}

/** The record in a token, as text. Kinds of refusal are those that the vectors tell apart. */
function openToken(raw, ring) {
  const [, name, number, hint, body] = TOKEN.exec(raw) ?? refuse("not-a-token", "not spelled like a token");
  const sealed = decode(body);
  if (!sealed || sealed.length < 48) refuse("not-canonical", "too short, or another spelling");
  const keys = ring.find((one) => one.number === Number(number) && one.hint === hint);
  if (!keys) refuse("unopened", "of no generation of ours");
  const padded = siv.open(keys.value, associatedData(keys.id, name), sealed) ?? refuse("unopened", "not encrypted so");
  return unpadded(padded) || refuse("unopened", "padded in another way, or empty");
}

/** The text before the padding, or null. */
function unpadded(padded) {
  const length = padded.lastIndexOf(0x80);
  const isPadded = length >= 0 && paddedSize(length + 1) === padded.length && padded.subarray(length + 1).every((byte) => byte === 0);
  return isPadded ? padded.toString("latin1", 0, length) : null;
}

// Sealed values.

/** The parts of a sealed value, and the keys that it is sealed to. */
function readSealed(raw, ring) {
  const [, name, number, hint, by, text] = SEALED.exec(raw) ?? refuse("not-a-token", "not spelled like a sealed value");
  const body = decode(text);
  const size = (body?.length ?? 0) - 33 - 65 - 16 - 64;
  if (size < 32 || paddedSize(size) !== size || !isName(by)) refuse("not-canonical", "of another form");
  const keys = ring.find((one) => one.number === Number(number) && one.hint === hint);
  if (!keys) refuse("sealed-elsewhere", "of no generation of ours");
  const [key, message, signature] = [body.subarray(0, 33), body.subarray(33, -64), body.subarray(-64)];
  const about = `gitenv-sealed 1\nenvironment ${encode(keys.id)}\ngeneration ${number} ${encode(keys.commitment)}\n` +
    `name ${name}\nby ${by}\nkey p256 ${encode(key)}\n`;
  return { name, by, key, message, signature, about, keys };
}

/** The record in it, as text, whoever sealed it. */
function openSealed(raw, ring) {
  const { about, message, keys } = readSealed(raw, ring);
  const info = Buffer.concat([Buffer.from("gitenv/1/sealed"), createHash("sha256").update(about).digest()]);
  const padded = openMessage(keys.seal, info, message);
  return (padded && unpadded(padded)) ?? refuse("sealed-elsewhere", "not sealed so");
}

/** What a holder may accept. `inside` says whether somebody is in an environment. */
function acceptSealed(raw, ring, inside) {
  const { name, by, key, message, signature, about } = readSealed(raw, ring);
  const signed = `gitenv/1/sealed-signature\n${about}message ${encode(message)}\n`;
  if (!isSigned(key, signature, signed)) refuse("forged-seal", `never sealed by ${by}`);
  if (!inside(by, key)) refuse("unknown-contributor", `${by} is in no environment`);
  const record = openSealed(raw, ring);
  const [one, ...others] = parse(record);
  if (others.length || one?.kind !== "ASSIGNMENT" || one.name !== name || one.end) refuse("cannot-stand", "another record");
  return { by, record };
}

function mark(line) {
  const tag = encode(createHash("sha256").update(bytes(line)).digest()).slice(0, 12);
  const escape = (byte) => `%${hex(bytes(byte)).toUpperCase()}`;
  return `#gitenv-unverified:${tag}:${line.replace(/[^A-Za-z0-9+,./:@_-]/g, escape)}`;
}

/** A record as unverified lines, each a record of its own. */
function marked(raw, end) {
  const lines = raw.split("\n").map((line) => ({ kind: "UNVERIFIED", raw: mark(line) }));
  return lines.map((line, i) => ({ ...line, end: i < lines.length - 1 ? "\n" : end }));
}

// Clean: from the work tree into a commit. `stands` are the raw records that the index or HEAD has at the same path.

function unmarked(raw) {
  const shown = raw.replace(/\r$/, "");
  const line = shown.slice(32).replace(/%([0-9A-F]{2})/g, (_, digits) => String.fromCharCode(parseInt(digits, 16)));
  return mark(line) === shown && !line.includes("\n") ? line : refuse("not-trusted", "an edited mark");
}

function token({ kind, name, raw }, [current]) {
  const shown = kind === "ASSIGNMENT" ? name : undefined;
  return `${shown ? `${shown}=` : "#"}gitenv1:${current.number}.${current.hint}:${encode(encrypt(current, shown, raw))}`;
}

/** What becomes of records that stand nowhere yet. */
const CLEANED = {
  PLAIN: ({ raw }) => raw,
  TOKEN: ({ raw }, ring) => refusing("not-trusted", () => openToken(raw, ring)) && raw,
  SEALED({ raw }, ring) {
    refusing("not-trusted", () => openSealed(raw, ring));
    return raw;
  },
  UNVERIFIED: ({ raw }) => unmarked(raw),
  LOOKALIKE: () => refuse("not-trusted", "begins like one of our marks and is none"),
  ASSIGNMENT: token,
  COMMENT: token,
  UNKNOWN: token,
};

const HIDDEN = ["ASSIGNMENT", "COMMENT", "UNKNOWN"];

/** What stands there for a text and counts for nothing: plain lines, and tokens of other generations than the current one. */
function keptInsteadOf(before, ring) {
  const kept = new Map();
  for (const { kind, raw } of before) {
    if (HIDDEN.includes(kind)) kept.set(raw, raw);
    if (kind !== "TOKEN") continue;
    try {
      const [text, [, name, number, hint]] = [openToken(raw, ring), TOKEN.exec(raw)];
      const [one, ...others] = parse(text);
      if ((Number(number) !== ring[0].number || hint !== ring[0].hint) && !others.length && one.name === name) kept.set(text, raw);
    } catch {
      continue; // it opens for nobody
    }
  }
  return kept;
}

function clean(text, ring, stands = new Set()) {
  const before = [...stands].flatMap(parse);
  const passes = ({ kind, raw }) => stands.has(raw) && ["TOKEN", "SEALED", "LOOKALIKE"].includes(kind);
  const kept = before.some(({ kind }) => HIDDEN.includes(kind) || kind === "TOKEN") ? keptInsteadOf(before, ring) : new Map();
  const cleaned = (one) => {
    const result = passes(one) ? one.raw : CLEANED[one.kind](one, ring);
    return HIDDEN.includes(one.kind) && !stands.has(result) ? (kept.get(one.raw) ?? result) : result;
  };
  const result = join(parse(text).map((one) => ({ raw: cleaned(one), end: one.end })));
  return result.length > LARGEST ? refuse("not-trusted", "the result is too large") : result;
}

// Smudge: from a commit into the work tree.

/** The records that one record of a commit becomes: the one that was encrypted, or unverified lines. */
function opened(record, [current]) {
  const { kind, raw, end } = record;
  if (kind === "PLAIN") return [record];
  if (kind !== "TOKEN") return marked(raw, end);
  try {
    return [{ kind: "OPENED", name: TOKEN.exec(raw)[1], raw: openToken(raw, [current]), end, token: raw }];
  } catch {
    return marked(raw, end);
  }
}

const closed = (text) => join(parse(text).flatMap((one) =>
  (["PLAIN", "TOKEN", "SEALED"].includes(one.kind) ? [one] : marked(one.raw, one.end))));

/** Two lists of records of one text, in the smallest runs that end at the same byte. */
function* runs(one, other) {
  const size = ({ raw, end }) => raw.length + end.length;
  for (let i = 0, j = 0; i < one.length; ) {
    const [begin, from] = [i, j];
    let ahead = size(one[i++]) - size(other[j++]);
    while (ahead) ahead += ahead < 0 ? size(one[i++]) : -size(other[j++]);
    yield [one.slice(begin, i), other.slice(from, j)];
  }
}

/** Whether a record reads as what it was opened to. */
function agrees(was, now) {
  const kinds = was.kind !== "OPENED" ? [was.kind] : was.name ? ["ASSIGNMENT"] : ["COMMENT", "UNKNOWN"];
  return kinds.includes(now.kind) && (now.name === was.name) && now.end === was.end;
}

/** A run that does not read as it was opened: nobody vouches for its values, nor, if it has none, for what is plain. */
function doubted(run) {
  const kind = run.some((one) => one.kind === "OPENED") ? "OPENED" : "PLAIN";
  return run.flatMap((one) => (one.kind === kind ? marked(one.token ?? one.raw, one.end) : [one]));
}

function smudge(text, ring) {
  if (text.split("\n").length - 1 > MOST) refuse("not-trusted", "too many lines");
  let records = parse(text).flatMap((one) => opened(one, ring));
  for (let round = 0; round < 8; round++) {
    const before = records;
    if (join(before).length > LARGEST) refuse("not-trusted", "too large with its marks");
    const doubts = ([was, now]) => (was.length === 1 && now.length === 1 && agrees(was[0], now[0]) ? was : doubted(was));
    records = [...runs(before, parse(join(before)))].flatMap(doubts);
    if (records.every((one, i) => one === before[i])) return join(records);
  }
  return closed(text);
}

// Vectors: `word: value` lines, an empty line, and the content, which some cut into parts. Of content that would be large,
// `repeat: N START` says how often each line stands there that begins so.

function repeated(text, [times, ...start]) {
  const lines = text.split(/(?<=\n)/);
  return lines.map((line) => (line.startsWith(start.join(" ")) ? line.repeat(times) : line)).join("");
}

function load(file) {
  const [head, ...content] = readFileSync(file, "latin1").split("\n\n");
  const words = Object.fromEntries(head.split("\n").map((line) => line.split(/: (.*)/s)));
  const whole = content.join("\n\n");
  const text = words.repeat ? repeated(whole, words.repeat.split(" ")) : whole;
  const [, ...cut] = text.split(/(?<![^\n])-- ([a-z ]+) --\n/);
  const last = words["last-line"] === "unfinished" ? -1 : undefined;
  return { words, text, part: (name) => cut[cut.indexOf(name) + 1].slice(0, last) };
}

/** The keys that the vectors of a folder are made of: DEKs by number, private scalars by name, and everybody's points. */
function secretsOf(root) {
  const { id, ...words } = load(path(root, "keys.txt")).words;
  const secrets = Object.fromEntries(Object.entries(words).map(([word, value]) => [word, Buffer.from(value, "hex")]));
  const people = Object.keys(secrets).filter((word) => !word.startsWith("dek-")).map((word) => pointOf(secrets[word]));
  return { ...secrets, id: Buffer.from(id, "hex"), people };
}

const textOf = (root, name) => load(path(root, "valid", name)).text;

const known = new Map();

/** The statements of the vectors that a word names. Many vectors name the same. */
function statementsOf(root, names = "") {
  return names.split(" ").filter(Boolean).map((name) => {
    if (!known.has(name)) known.set(name, readEnvironment(textOf(root, name)));
    return known.get(name);
  });
}

/** The current DEK of an environment: from the grant that the vector names, else from the keys. */
function dekOf({ words }, number, secrets, root) {
  if (!words.grant) return secrets[`dek-${number}`];
  return unwrap(readGrant(textOf(root, words.grant)), secrets[words.for]);
}

/** The keys that a document is for: those of the statement that the vector names, else the first generation. */
function ringFor(vector, secrets, root) {
  if (!vector.words.statement) return [{ ...keysOf(secrets["dek-1"], secrets.id), number: 1 }];
  const statement = readEnvironment(textOf(root, vector.words.statement));
  return ringOf(statement, dekOf(vector, statement.generation.number, secrets, root));
}

// What is done with a vector, by its `act`. The answer has the words and parts of the vector.

const ACTS = {
  keys({ words }, secrets) {
    const keys = keysOf(secrets[`dek-${words.dek}`], secrets.id);
    return { commitment: hex(keys.commitment), hint: keys.hint, "seal-scalar": hex(keys.seal),
      encrypted: hex(encrypt(keys, "HELLO", "HELLO=development")) };
  },
  document({ part }, secrets, ring) {
    const committed = part("committed");
    if (clean(committed, ring()) !== committed) refuse("not-trusted", "tokens are cleaned to something else");
    return { plain: smudge(committed, ring()), committed: clean(part("plain"), ring()) };
  },
  unvouched({ part }, secrets, ring) {
    const stands = new Set(parse(part("committed")).map(({ raw }) => raw));
    return { opened: smudge(part("committed"), ring()), committed: clean(part("opened"), ring(), stands) };
  },
  clean: ({ text }, secrets, ring) => ({ committed: clean(text, ring()) }),
  smudge: ({ text }, secrets, ring) => ({ opened: smudge(text, ring()) }),
  sealed({ part }, secrets, ring) {
    const inside = (by, key) => ["alice", "bob"].includes(by) && pointOf(secrets[by]).equals(key);
    const { by, record } = acceptSealed(part("sealed").slice(0, -1), ring(), inside);
    return { by, record: `${record}\n` };
  },
  token: ({ text }, secrets, ring) => ({ opened: openToken(text.slice(0, -1), ring()) }),
  environment(vector, secrets, _, root) {
    const found = readEnvironment(vector.text);
    const [before] = statementsOf(root, vector.words.before);
    if (before) checkStep(before, found);
    else checkFounding(found);
    const ring = ringOf(found, dekOf(vector, vector.words.dek, secrets, root));
    if (!pointOf(ring[0].seal).equals(found.seal.point)) refuse("not-trusted", "the DEK gives another seal");
    if (ring.length <= found.older.length) refuse("unopened", "a link of the chain is broken");
    // Two people may have made a generation of the same number: the second in the list is the one beside.
    const word = ({ number }, i) => `dek-${number}${ring[i - 1]?.number === number ? "-beside" : ""}`;
    const words = ring.map((one, i) => (i === 0 && vector.words.dek ? `dek-${vector.words.dek}` : word(one, i)));
    return Object.fromEntries(words.map((each, i) => [each, hex(ring[i].dek)]));
  },
  grant({ words, text }, secrets) {
    const found = readGrant(text);
    const signer = secrets.people.find((point) => fingerprintOf(point) === found.by.fingerprint);
    if (!signer || !isSignedBy(found, signer)) refuse("not-signed", `${found.by.name} never signed this`);
    const { dek } = checkedKeys(unwrap(found, secrets[words.for]), found.environment.id, found.generation);
    return { [`dek-${found.generation.number}`]: hex(dek) };
  },
  standing(vector, secrets, _, root) {
    const { statement, today } = vector.words;
    checkCounts(readEnvironment(textOf(root, statement)), readGrant(vector.text), today);
    return { today };
  },
  step({ part }) {
    checkStep(readEnvironment(part("before")), readEnvironment(part("new")));
    return { is: "good" };
  },
  trusted({ words, text }, secrets, _, root) {
    const [pin, tree, history] = ["pinned", "past", "history"].map((word) => statementsOf(root, words[word]));
    const statement = readEnvironment(text);
    const files = new Map(tree.map((one) => [one.hash, one]));
    if (words.there) files.set(statement.previous, statementsOf(root, words.there)[0]);
    const isThere = (wanted) => files.get(wanted)?.hash === wanted; // another content than its name says is no statement
    const find = (wanted) => (isThere(wanted) ? files.get(wanted) : pin.find(({ hash }) => hash === wanted));
    if (statement.name !== (words.folder ?? "development")) refuse("malformed", "of another environment than its folder says");
    const verdict = judge(statement, pin, find);
    if (verdict.is === "next" && words.history) checkHistory(verdict, history, words.named ? verdict.chain.at(-1) : pin.at(-1));
    const past = verdict.past?.map(({ hash }) => hash.slice(0, 12)).join(" ");
    return { is: verdict.is, ...(past && { "goes-back-to": past }) };
  },
  known({ words, text }) {
    const isNamed = createHash("sha256").update(Buffer.from(text, "latin1")).digest("hex") === words.named;
    const isOfLines = /^(?:[1-9][0-9]{0,8} [0-9a-f]{64}\n)*$/.test(text);
    if (!isNamed || !isOfLines || text.length > 4_194_304) refuse("lost", "not what the statement names");
    return { lists: text.trimEnd().split("\n").map((line) => line.slice(0, line.indexOf(" ") + 13)).join(", ") };
  },
  "public-key"({ text }) {
    const points = readPublic(text);
    return { points: points.map(hex).join(" "), fingerprints: points.map(fingerprintOf).join(" ") };
  },
};

function answer(file) {
  const root = dirname(dirname(file));
  const [vector, secrets] = [load(file), secretsOf(root)];
  try {
    return { read: ACTS[vector.words.act](vector, secrets, () => ringFor(vector, secrets, root), root) };
  } catch ({ kind = "crashed", message, stack }) {
    return { refused: kind, why: kind === "crashed" ? stack : message };
  }
}

for (const file of process.argv.slice(2)) console.log(JSON.stringify({ vector: basename(file), ...answer(file) }));
