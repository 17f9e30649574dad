// The grammar: a document into records, as "Documents" in docs/format.md says. A document is a string of latin-1, one
// character a byte, so that regular expressions are over bytes.

import { refuse } from "./encoding.mjs";

const NAME = String.raw`[A-Za-z_][A-Za-z0-9_.-]{0,127}`;
const BOM = String.raw`(?:\xEF\xBB\xBF)?`;
const regex = (strings, ...values) => new RegExp(String.raw(strings, ...values), "s");

export const TOKEN = regex`^(?:(${NAME})=|#)gitenv1:([1-9][0-9]{0,8})\.([A-Za-z0-9_-]{6}):([A-Za-z0-9_-]+)$`;
export const UNVERIFIED = /^#gitenv-unverified:/;
export const SEALED =
  regex`^(${NAME})=gitenv1-sealed:([1-9][0-9]{0,8})\.([A-Za-z0-9_-]{6}):([a-z0-9][a-z0-9._-]{0,62}):([A-Za-z0-9_-]+)$`;
const LOOKALIKE = regex`^${BOM}[ \t]*(?:(?:export[ \t]+)?(${NAME})[ \t]*[=:]|#)[ \t]*gitenv(?:[0-9]+(?:-[a-z]+)?|-unverified(?:-file)?):`;
const MARKER = regex`^(?:(?:<{7,19}|>{7,19}|\|{7,19})(?:[ ][^:!]*)?\r?|={7,19}\r?)$`;
const ASSIGNMENT = regex`^${BOM}[ \t]*(?:export[ \t]+)?(${NAME})[ \t]*(?:=|:(?=[ \t]))[ \t]*`;
const TAIL = regex`^[ \t]*([A-Za-z0-9_.-]+)(==?)['"${"`"}]?(?:[ \t]+#.*)?[ \t]*\r?$`;
const RUN = /([A-Za-z0-9+/_-]{16,})[ \t]*\\?\r?$/;
const HEX = /^[0-9A-Fa-f]+$/;
const SURE = /^(?:[A-Z][A-Z0-9]{0,5}|[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)$/;
const MIXED = /^(?=.*[a-z])(?=.*[A-Z])[A-Za-z0-9_-]{11,}$/;
const CONTINUED = /(?:^|[^\\])(?:\\\\)*\\\r?$/;
const SPACE = "[\\t\\v\\f\\r ]*";
const SEVERAL = regex`[\x00-\x0c\x0e-\x1f\x7f]|\xC2\x85|\xE2\x80[\xA8\xA9]|\r.`;
const BLANK = new RegExp(`^${SPACE}$`);
const TRIMMED = new RegExp(`^${SPACE}(.*?)${SPACE}$`, "s");

export const LARGEST = 4_194_304;
export const MOST = 10_000;

const lineEnd = (text, at) => (text.indexOf("\n", at) + 1 || text.length + 1) - 1;
const isOdd = (text, quote) => text.split(quote).length % 2 === 0;

/** Where the record ends whose last line, so far, is the one around `at`. After a last LF there is one more line, an empty one. */
function afterContinuation(text, at) {
  let stop = lineEnd(text, at);
  while (stop < text.length && CONTINUED.test(text.slice(at, stop))) [at, stop] = [stop + 1, lineEnd(text, stop + 1)];
  return stop;
}

/** Where the quotes that begin at `at` are closed, behind them; 0 if none begin there, or they never close. */
function afterQuotes(text, at) {
  const quote = text[at];
  if (!["'", '"', "`"].includes(quote)) return 0;
  const three = quote.repeat(3);
  const closing = text.startsWith(three, at) ? text.indexOf(three, at + 3) : -1;
  if (closing >= 0) return closing + 3;
  for (let i = at + 1; i < text.length; i++) {
    if (text[i] === "\\") i++;
    else if (text[i] === quote) return i + 1;
  }
  return 0;
}

function isUnfinished(value) {
  const [, text] = TRIMMED.exec(value);
  return text === "" || "|>{[(,".includes(text.at(-1)) || ["'", '"', "`"].some((quote) => isOdd(text, quote));
}

/** Whether the line is the last one of base64 that somebody wrapped, and only looks like a name without a value. */
function isTail(line, last) {
  const [, name, signs] = TAIL.exec(line) ?? [];
  if (!name) return false;
  const run = RUN.exec(last.before)?.[1];
  const random = MIXED.test(name) && ((name.length + 1) % 4 === 0 || (name.length >= 16 && /[0-9]/.test(name)));
  return signs === "==" || last.afterUnknown || random || Boolean(run && !HEX.test(run) && !SURE.test(name));
}

/** The record that begins at `at`: kind, name, where it stops and its open part begins, and what it leaves to the next one. */
function classify(text, at, seen, last) {
  const stop = lineEnd(text, at);
  const line = text.slice(at, stop);
  if (BLANK.test(line)) return { kind: SEVERAL.test(line) ? "UNKNOWN" : "PLAIN", stop };
  for (const [kind, pattern] of Object.entries({ TOKEN, SEALED, UNVERIFIED, LOOKALIKE })) {
    const match = pattern.exec(line);
    if (match) return { kind, stop, name: kind === "UNVERIFIED" ? undefined : match[1] };
  }
  const readable = !/[=*?[($`\\'"]/.test(line) && !SEVERAL.test(line);
  if (MARKER.test(line) && (line[0] === "<" || seen.depth) && (readable || line[0] === "=")) {
    seen.depth += { "<": 1, ">": -1 }[line[0]] ?? 0;
    return { kind: "PLAIN", stop };
  }
  if (seen.inBlock) return { kind: "UNKNOWN", stop, open: at };
  if (/^## (?!.*-----)/s.test(line) && readable) return { kind: "PLAIN", stop };
  if (line[0] === "#") return { kind: "COMMENT", stop, open: at };
  return classifyValue(text, at, line, last);
}

function classifyValue(text, at, line, last) {
  const match = ASSIGNMENT.exec(line);
  const indented = /^[ \t]/.test(line) && (last.afterUnknown || (last.value !== undefined && isUnfinished(last.value)));
  if (!match || indented || isTail(line, last)) {
    return { kind: "UNKNOWN", stop: afterContinuation(text, at), open: at, afterUnknown: true };
  }
  const [{ length }, name] = match;
  const open = afterQuotes(text, at + length);
  if (open) return { kind: "ASSIGNMENT", name, stop: afterContinuation(text, open), open };
  return { kind: "ASSIGNMENT", name, stop: afterContinuation(text, at), open: at, value: line.slice(length) };
}

/** The records of a document: kind, name (if it has one), raw bytes and end. Joined, they are the document. */
export function parse(text) {
  if (text.length > LARGEST) refuse("not-trusted", "the document is too large");
  const records = [];
  const seen = { inBlock: false, depth: 0 };
  let last = { before: "" };
  for (let at = 0; at < text.length; ) {
    const { kind, name, stop, open = stop, ...left } = classify(text, at, seen, last);
    const part = text.slice(open, stop);
    const [begin, end] = ["-----BEGIN", "-----END"].map((word) => part.lastIndexOf(word));
    if (begin !== end) seen.inBlock = begin > end;
    last = { ...left, before: part.slice(-200) };
    records.push({ kind, name, raw: text.slice(at, stop), end: text.slice(stop, stop + 1) });
    if (records.length > MOST) refuse("not-trusted", "the document has too many records");
    at = stop + 1;
  }
  return records;
}

export const join = (records) => records.map(({ raw, end }) => raw + end).join("");
