// The chain of statements: what is a good step, what a tree's statement is to the pinned one, and what history may refuse.

import { refuse } from "./encoding.mjs";
import { isPerson, isSame, isSignedBy, keyOf, readGrant } from "./statements.mjs";

const [MOST_STEPS, MOST_BYTES] = [4_096, 67_108_864];

const isSameLine = (a, b) => isSame(a, b) && a.wrap.equals(b.wrap);
const hasAllOlder = (one, other) => other.older.every((line) => one.older.some((each) => isSameLine(each, line)));
const pairs = (chain) => chain.slice(1).map((next, i) => [chain[i], next]);

function isGood(check, ...statements) {
  try {
    check(...statements);
    return true;
  } catch ({ kind }) {
    if (!kind) throw new Error("crashed");
    return false;
  }
}

// Steps.

/** Refuse, by its reason, what is no good step after a statement. */
export function checkStep(before, next) {
  if (next.name !== before.name || !next.id.equals(before.id)) refuse("foreign-environment", "another environment");
  if (next.previous !== before.hash) refuse("unlinked", "it goes back to another statement");
  if (next.revision !== before.revision + 1) refuse("not-later", "not the next revision");
  const key = keyOf(before, next.by) ?? proven(before, next);
  const ahead = next.generation.number - before.generation.number;
  if (ahead === 0) checkWithin(before, next);
  else if (ahead !== 1) refuse("not-later", "not the next generation");
  else if (!next.older.some((one) => isSame(one, before.generation)) || !hasAllOlder(next, before)) refuse("severed", "keys are missing");
  if (!isSignedBy(next, key)) refuse("not-signed", `${next.by.name} never signed this`);
}

function checkWithin(before, next) {
  const isSameKey = isSame(next.generation, before.generation) && next.seal.point.equals(before.seal.point);
  if (!isSameKey || !hasAllOlder(next, before)) refuse("other-key", "another key, or not all of them");
  const isThere = ({ name, point }) => next.holder.some((one) => one.name === name && one.point.equals(point));
  if (!before.holder.every(isThere)) refuse("holder-gone", "a holder fewer");
}

/** The key of a signer who came in by a grant. */
function proven(before, { by, proof }) {
  if (!proof.length) refuse("not-a-holder", `${by.name} is no holder`);
  const grants = proof.map((text) => readProof(text.toString("latin1")));
  const names = new Set(grants.map(({ to }) => to));
  const holds = (grant, i) => {
    const { environment, generation, to, key, role } = grant;
    const isOurs = environment.name === before.name && environment.id.equals(before.id) && isSame(generation, before.generation);
    const listed = before.holder.find(({ name }) => name === to);
    const isOwn = !listed || isPerson(grant.by, listed.name, listed.point);
    const signer = i + 1 < grants.length ? grants[i + 1].key.point : keyOf(before, grant.by);
    const isLed = isPerson(i ? grants[i - 1].by : by, to, key.point);
    return isOurs && role === "holder" && isOwn && isLed && signer && isSignedBy(grant, signer);
  };
  if (names.size < grants.length || !grants.every(holds)) refuse("bad-proof", "it leads to no holder");
  return grants[0].key.point;
}

function readProof(text) {
  try {
    return readGrant(text);
  } catch (error) {
    throw error.kind ? Object.assign(error, { kind: "bad-proof" }) : error;
  }
}

export function checkFounding(statement) {
  if (statement.revision !== 1) refuse("unlinked", "no founding");
  const key = keyOf(statement, statement.by) ?? refuse("not-a-holder", `founded by ${statement.by.name}, who is no holder`);
  if (!isSignedBy(statement, key)) refuse("not-signed", `${statement.by.name} never signed this`);
}

// What a tree's statement is. `find` gives the statement with a hash, or nothing; a pin is all that it goes back to, oldest
// first, and the pinned statement last.

/** The statements from one that is known (or the founding) to this one. The known one stands first, if there is one. */
function wayTo(statement, find, isKnown) {
  const way = [statement];
  let size = 0;
  while (way[0].previous) {
    const before = find(way[0].previous) ?? refuse("past-missing", "what it goes back to is not there");
    if (isKnown(before.hash)) return { known: before, way };
    size += before.text.length;
    if (way.length >= MOST_STEPS || size > MOST_BYTES) refuse("too-long", "more steps than anybody makes");
    way.unshift(before);
  }
  return { way };
}

const givesUp = (named, [before, next]) => next.beside.includes(named.hash) && keyOf(named, next.by) && keyOf(before, next.by);

/** What a statement is to a pin, and, where it is next, all that the pin then goes back to. */
export function judge(statement, pin, find) {
  const [pinned, hashes] = [pin.at(-1), new Set(pin.map(({ hash }) => hash))];
  if (statement.text === pinned?.text) return { is: "same" };
  if (hashes.has(statement.hash)) return { is: "past" };
  if (pinned && !statement.id.equals(pinned.id)) refuse("foreign-environment", "another environment");
  const { known, way } = wayTo(statement, find, (hash) => hashes.has(hash));
  const chain = known ? [known, ...way] : way;
  if (!pinned) checkFounding(way[0]);
  else if (known?.hash !== pinned.hash) checkGivenUp(pinned, statement, known, chain);
  for (const [before, next] of pairs(chain)) checkStep(before, next);
  return { is: "next", past: withGivenUp([...pin, ...way.slice(0, -1)], chain, find), chain };
}

/** Refuse what leads to one before the pinned one, unless it gives that up by good steps. */
function checkGivenUp(pinned, statement, known, chain) {
  const steps = known ? pairs(chain) : [];
  if (steps.some((step) => givesUp(pinned, step)) && steps.every((step) => isGood(checkStep, ...step))) return;
  const isEdited = statement.revision === pinned.revision && isSame(statement.generation, pinned.generation);
  refuse(isEdited ? "other-text" : "forked", "it does not go back to the pinned one");
}

/** The past, with the sides that were given up behind the statement from which they went. */
function withGivenUp(past, chain, find) {
  for (const step of pairs(chain)) {
    for (const named of step[1].beside.map(find).filter(Boolean)) {
      const hashes = past.map(({ hash }) => hash);
      if (hashes.includes(named.hash) || !givesUp(named, step)) continue;
      const { known, way } = sideOf(named, find, (hash) => hashes.includes(hash));
      if (known && pairs([known, ...way]).every((each) => isGood(checkStep, ...each))) {
        past = past.toSpliced(hashes.indexOf(known.hash) + 1, 0, ...way);
      }
    }
  }
  return past;
}

function sideOf(named, find, isKnown) {
  try {
    return wayTo(named, find, isKnown);
  } catch (error) {
    if (!error.kind) throw error;
    return {};
  }
}

/** Refuse what history has a good step beside. `believed` says whose steps do not count; without it, all do. */
export function checkHistory({ past, chain }, history, believed) {
  const line = [...past, chain.at(-1)];
  const steps = line.map((next) => [line.find(({ hash }) => hash === next.previous), next]).filter(([before]) => before);
  const [gone, follows] = [believed ? goneFrom(believed, [...line, ...history]) : [], new Set(believed ? [believed.hash] : [])];
  for (const { hash, previous } of chain) if (follows.has(previous)) follows.add(hash);
  const isGone = (person) => gone.some(({ name, point }) => name === person.name && point.equals(person.point));
  const waiting = [...past];
  while (waiting.length) {
    const before = waiting.pop();
    for (const aside of history.filter(({ previous }) => previous === before.hash)) {
      const isOnLine = line.some(({ hash }) => hash === aside.hash);
      if (isOnLine || !isGood(checkStep, before, aside)) continue;
      if (!follows.has(before.hash) && leadsOver(aside, before).some(isGone)) continue;
      if (!steps.some((step) => givesUp(aside, step))) refuse("forked", `${aside.by.name} signed another one`);
      if (follows.has(before.hash)) follows.add(aside.hash);
      waiting.push(aside);
    }
  }
}

/** Who signed a good step: by a `holder` line, or by a proof, and then whoever let them in as well. */
function leadsOver({ by, proof }, before) {
  const grants = keyOf(before, by) ? [] : proof.map((text) => readGrant(text.toString("latin1")));
  const last = grants.at(-1)?.by ?? by;
  const people = grants.map(({ to, key }) => ({ name: to, point: key.point }));
  return [...people, { name: last.name, point: keyOf(before, last) }];
}

/** Who once held it, as a statement and all before it say, and is no holder of that statement. */
function goneFrom(statement, known) {
  const people = [];
  for (let one = statement; one; one = known.find(({ hash }) => hash === one.previous)) people.push(...one.holder, ...one.left);
  const holds = ({ name, point }) => statement.holder.some((one) => one.name === name && one.point.equals(point));
  return people.filter((one) => !holds(one));
}
