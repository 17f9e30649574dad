"""What no command of gitenv writes (yet), or ever: a next generation, a stranger's environment, a grant by a reader.

The adversary's tools. Whoever uses one has only their own device key and what a clone shows to everybody.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from gitenv.identity import device
from gitenv.identity.device import DeviceKey
from gitenv.model import (
    base64url,
    document,
    environment,
    grant,
    keys,
    membership,
    rotation,
    sealed,
    statements,
    succession,
    token,
)
from gitenv.model.cipher import Dek, Generation, Keys
from gitenv.model.environment import Draft, Environment
from gitenv.model.grant import Grant
from gitenv.model.keyring import Keyring, Older, first_generation
from gitenv.model.kinds import PublicKey
from gitenv.model.sealed import Sealed
from gitenv.model.statements import Holder, Keyholder
from tests.lab import Person

_AT = "2026-11-21T10:00:00Z"
_ORDER = (
    *("gitenv-environment", "name", "id", "revision", "previous", "beside", "path", "generation", "older", "known", "left"),
    *("policy", "seal", "holder", "by", "proof", "at"),
)


def rotate(person: Person, name: str) -> None:
    """Write the next generation of an environment, signed by `person`, for everybody in it; encrypt what is staged anew."""
    key, folder = device_key(person), person.cwd / ".recipients" / name
    old = environment.read((folder / "environment").read_bytes(), name)
    grants = [grant.read(file.read_bytes(), file.name) for file in folder.glob("*.grant")]
    own = next(found for found in grants if found.key == key.public)
    ring, dek = old.keyring(grant.unwrap(own, key, name)), Dek.fresh()
    generation, older = ring.next_generation(dek)
    me = Holder(own.to, key.public.fingerprint())
    draft = Draft(Keyring(old.id, generation, dek, older), older, _held_by(grants), old.paths, proof=_proof(old, grants, me))
    new = environment.following(old, draft, by=me, at=_AT, signer=key)
    _write(folder, new, [_grant(new, dek, found.to, found, me, key) for found in grants])
    for mode, blob, _, path in map(str.split, person.must("git", "ls-files", "-s").stdout.decode().splitlines()):
        if old.claims(path):
            stored = person.must("git", "cat-file", "blob", blob).stdout
            after = rotation.reencrypt(stored, [ring], new.keyring(dek))
            written = person.run(["git", "hash-object", "-w", "--stdin"], after).stdout.decode().strip()
            person.must("git", "update-index", "--cacheinfo", f"{mode},{written},{path}")
    person.run(["git", "add", f".recipients/{name}/past"])
    person.run(["gitenv", "unlock", name, "--yes"])  # as `gitenv rotate` does, it goes by what it wrote; who may not does not


def found_over(person: Person, name: str) -> None:
    """Put a new environment, whose only holder is `person`, in the place of the one under this name."""
    key, folder = device_key(person), person.cwd / ".recipients" / name
    me = Holder(person.name, key.public.fingerprint())
    paths = environment.read((folder / "environment").read_bytes(), name).paths
    new, dek = environment.found(name, paths, Keyholder(person.name, key.public), _AT, key)
    for file in folder.glob("*.grant"):
        file.unlink()
    own = grant.write(new, dek, person.name, key.public, grant.HOLDER, by=me, at=_AT, signer=key)
    (folder.parent / f"{person.name}.pub").write_bytes(key.public.line(person.name))
    _write(folder, new, [own])


def found_beside(person: Person, name: str, path: str) -> None:
    """Put one more environment there, whose only holder is `person`, whatever other environment has that path."""
    key, folder = device_key(person), person.cwd / ".recipients" / name
    me = Holder(person.name, key.public.fingerprint())
    new, dek = environment.found(name, [path], Keyholder(person.name, key.public), _AT, key)
    folder.mkdir()
    own = grant.write(new, dek, person.name, key.public, grant.HOLDER, by=me, at=_AT, signer=key)
    (folder.parent / f"{person.name}.pub").write_bytes(key.public.line(person.name))
    _write(folder, new, [own])


def found_as(person: Person, name: str, path: str, called: str) -> None:
    """Put one more environment there, with one's own key under somebody else's name."""
    key, folder = device_key(person), person.cwd / ".recipients" / name
    new, dek = environment.found(name, [path], Keyholder(called, key.public), _AT, key)
    folder.mkdir()
    me = Holder(called, key.public.fingerprint())
    _write(folder, new, [grant.write(new, dek, called, key.public, grant.HOLDER, by=me, at=_AT, signer=key)])


def forge_grant(person: Person, name: str, to: str) -> None:
    """Wrap an environment's key for `to`, whether or not `person` may let anybody in."""
    key, folder = device_key(person), person.cwd / ".recipients" / name
    statement = environment.read((folder / "environment").read_bytes(), name)
    own = grant.read((folder / f"{person.name}.grant").read_bytes(), name)
    (public,) = keys.read_public((folder.parent / f"{to}.pub").read_bytes(), to)
    me = Holder(person.name, key.public.fingerprint())
    dek = grant.unwrap(own, key, name)
    _write(folder, statement, [grant.write(statement, dek, to, public, grant.HOLDER, by=me, at=_AT, signer=key)])


def stage(person: Person, source: str, path: str) -> None:
    """Put a file into the index as it is, past every filter."""
    blob = person.run(["git", "hash-object", "-w", "--no-filters", "--stdin"], (person.cwd / source).read_bytes())
    person.must("git", "update-index", "--add", "--cacheinfo", f"100644,{blob.stdout.decode().strip()},{path}")


def value(person: Person, source: str, name: str, target: str, other: str) -> None:
    """Write the token that `name` has in `source` under the name `other` in `target`."""
    (stolen,) = re.findall(rf"^{name}=(.+)$".encode(), (person.cwd / source).read_bytes(), re.MULTILINE)
    data, count = re.subn(
        rf"^{other}=.+$".encode(), other.encode() + b"=" + stolen, (person.cwd / target).read_bytes(), flags=re.M
    )
    assert count == 1, f"{other} stands in {target} {count} times"
    (person.cwd / target).write_bytes(data)


def order(person: Person, file: str, *numbers: str) -> None:
    """Put the lines of a file into another order."""
    lines = (person.cwd / file).read_bytes().splitlines(keepends=True)
    (person.cwd / file).write_bytes(b"".join(lines[int(number) - 1] for number in numbers))


def revise(person: Person, name: str, *paths: str) -> None:
    """Write the next revision within the generation, with other paths; the holders are those who are holders by now."""
    key, folder = device_key(person), person.cwd / ".recipients" / name
    old = environment.read((folder / "environment").read_bytes(), name)
    own = grant.read((folder / f"{person.name}.grant").read_bytes(), name)
    grants = [grant.read(file.read_bytes(), file.name) for file in folder.glob("*.grant")]
    me = Holder(person.name, key.public.fingerprint())
    ring = old.keyring(grant.unwrap(own, key, name))
    holders = {each.name: each for each in (*_held_by(grants), *old.keyholders)}
    draft = Draft(ring, old.older, list(holders.values()), paths, proof=_proof(old, grants, me))
    new = environment.following(old, draft, by=me, at=_AT, signer=key)
    _write(folder, new, [])


def take_over(person: Person, name: str, further: str, by: str) -> None:
    """Give an environment a data key of one's own, `further` generations on, in the name of `by`, with everybody in it."""
    key, folder = device_key(person), person.cwd / ".recipients" / name
    old = environment.read((folder / "environment").read_bytes(), name)
    grants = [grant.read(file.read_bytes(), file.name) for file in folder.glob("*.grant")]
    dek = Dek.fresh()
    mine = Keys(dek, old.id)
    generation = Generation(old.generation.number + int(further), mine.commitment())
    # The pinned key is listed as it should be, but what is wrapped there is another: a stranger does not have it.
    about = b"older %d %b" % (old.generation.number, base64url.encode(old.generation.commitment))
    older = [Older(old.generation, mine.wrap_older(Dek.fresh(), about)), *old.older] if int(further) else old.older
    signer = _known(person, name, by)
    ring, others = Keyring(old.id, generation, dek, older), [each for each in old.keyholders if each.name != person.name]
    draft = Draft(ring, older, [*others, Keyholder(person.name, key.public)], old.paths)
    new = environment.following(old, draft, by=signer, at=_AT, signer=key)
    own = grant.write(new, dek, person.name, key.public, grant.HOLDER, by=signer, at=_AT, signer=key)
    (folder.parent / f"{person.name}.pub").write_bytes(key.public.line(person.name))
    _write(folder, new, [own, *(_grant(new, dek, found.to, found, signer, key) for found in grants)])


def resign(person: Person, name: str) -> None:
    """The statement as it is, one revision on, with oneself among the holders and under one's own signature."""
    key, file = device_key(person), person.cwd / ".recipients" / name / "environment"
    old, me = environment.read(file.read_bytes(), name), Holder(person.name, device_key(person).public.fingerprint())
    lines = [*_next_lines(old), *([] if me in old.holders else [f"holder {Keyholder(person.name, key.public)}"])]
    _past(file, old)
    file.write_bytes(statements.sign([*lines, f"by {me}", f"at {_AT}"], key))


def say(person: Person, name: str, *changes: str) -> None:
    """A next statement with other lines in it, each at its place, under one's own signature: whatever the format can say.

    `previous` and `beside` take a commit for the statement that it has, `proof` the name of a grant in the work tree. A `known`
    line takes the place of the one that is there, and a `holder` line that of the same name.
    """
    key, folder = device_key(person), person.cwd / ".recipients" / name
    given = [change.partition(" ")[::2] for change in changes]
    old = environment.read((folder / "environment").read_bytes(), name)
    for word, rest in given:
        if word == "previous":
            old = environment.read(_blob(person, rest, f".recipients/{name}/environment"), name)
    lines = [*_next_lines(old), f"by {Holder(person.name, key.public.fingerprint())}", f"at {_AT}"]
    for word, rest in given:
        if word == "beside":
            rest = environment.hash_of(_blob(person, rest, f".recipients/{name}/environment"))
        if word == "proof":
            rest = base64url.encode((folder / f"{rest}.grant").read_bytes()).decode()
        if word == "previous":
            continue
        replaced = {"known": "known ", "holder": f"holder {rest.split()[0]} "}.get(word, "-")
        lines = [*(line for line in lines if not line.startswith(replaced)), f"{word} {rest}"]
    _past(folder / "environment", old)
    lines.sort(key=lambda line: _ORDER.index(line.split()[0]))
    (folder / "environment").write_bytes(statements.sign(lines, key))


def found_again(person: Person, name: str) -> None:
    """Put a founding of one's own in the place of an environment, with the very id that it has: that is public."""
    key, folder = device_key(person), person.cwd / ".recipients" / name
    old, dek = environment.read((folder / "environment").read_bytes(), name), Dek.fresh()
    ring = Keyring(old.id, first_generation(dek, old.id), dek, [])
    me = Keyholder(person.name, key.public)
    draft = Draft(ring, [], [me], old.paths)
    new = environment.write(name, old.id, 1, "", draft, by=me.holder, at=_AT, signer=key)
    own = grant.write(new, dek, person.name, key.public, grant.HOLDER, by=me.holder, at=_AT, signer=key)
    (folder.parent / f"{person.name}.pub").write_bytes(key.public.line(person.name))
    _write(folder, new, [own])


def disown(person: Person, name: str, other: str) -> None:
    """The statement as it is, with `other` for its only holder and under one's own signature all the same."""
    key, file = device_key(person), person.cwd / ".recipients" / name / "environment"
    left_out = ("holder ", "by ", "proof ", "at ", "signature ")
    lines = [line for line in file.read_bytes().decode("ascii").splitlines() if not line.startswith(left_out)]
    me = Holder(person.name, key.public.fingerprint())
    theirs = Keyholder(other, _public(person, other))
    file.write_bytes(statements.sign([*lines, f"holder {theirs}", f"by {me}", f"at {_AT}"], key))


def found_many(person: Person, count: str) -> None:
    """Put that many environments there, each with a file of its own."""
    for number in range(int(count)):
        found_beside(person, f"many{number}", f".env.many{number}")


def co_sign(person: Person, name: str, commit: str) -> None:
    """The generation that somebody else made, signed as one's own step, with everybody at hand in it: all of it is public."""
    key, file = device_key(person), person.cwd / ".recipients" / name / "environment"
    old, me = environment.read(file.read_bytes(), name), Holder(person.name, device_key(person).public.fingerprint())
    theirs = environment.read(person.must("git", "cat-file", "blob", f"{commit}:.recipients/{name}/environment").stdout, name)
    lines = [line for line in _next_lines(theirs) if not line.startswith("holder ")]
    lines[lines.index(f"previous {theirs.hash}")] = f"previous {old.hash}"
    lines[lines.index(f"revision {theirs.revision + 1}")] = f"revision {old.revision + 1}"
    named = {each.name: each for each in (*old.keyholders, *theirs.keyholders, Keyholder(person.name, key.public))}
    _past(file, old)
    grants = [grant.read(each.read_bytes(), each.name) for each in file.parent.glob("*.grant")]
    proof = [f"proof {base64url.encode(each).decode()}" for each in _proof(old, grants, me)]
    signed = [*lines, *(f"holder {each}" for each in sorted(named.values())), f"by {me}", *proof, f"at {_AT}"]
    file.write_bytes(statements.sign(signed, key))


def junk_signature(person: Person) -> None:
    """Give the newest commit a signature that is none: git asks gpg about it wherever it is to show signatures."""
    header, _, message = person.must("git", "cat-file", "commit", "HEAD").stdout.partition(b"\n\n")
    junk = b"\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n AAAA\n -----END PGP SIGNATURE-----\n\n"
    made = person.run(["git", "hash-object", "-t", "commit", "-w", "--stdin"], header + junk + message)
    person.must("git", "reset", "-q", "--soft", made.stdout.decode().strip())


def own_grant(person: Person, name: str, to: str, by: str) -> None:
    """A grant for `to` in the name of `by`, without the environment's key: there is one of one's own in it."""
    key, folder = device_key(person), person.cwd / ".recipients" / name
    statement = environment.read((folder / "environment").read_bytes(), name)
    file = folder.parent / f"{to}.pub"
    public = keys.read_public(file.read_bytes(), to)[0] if to != person.name else key.public
    signer = _known(person, name, by)
    _write(folder, statement, [grant.write(statement, Dek.fresh(), to, public, grant.HOLDER, by=signer, at=_AT, signer=key)])


def end(person: Person, name: str, to: str, day: str) -> None:
    """Give somebody's grant another last day, and sign it oneself in the name it is signed in."""
    file = person.cwd / ".recipients" / name / f"{to}.grant"
    lines = [line for line in file.read_text("ascii").splitlines() if not line.startswith(("expires ", "signature "))]
    role = next(number for number, line in enumerate(lines) if line.startswith("role "))
    file.write_bytes(statements.sign([*lines[: role + 1], f"expires {day}", *lines[role + 1 :]], device_key(person)))


def retired(person: Person, name: str, commit: str, file: str, record: str) -> None:
    """Add a record to a file, encrypted with the key of one's own grant in an older commit: who left has it for ever."""
    statement, dek = _held(person, name, commit)
    parsed = document.parse(record.encode())[0]
    keyring = statement.keyring(dek)
    with (person.cwd / file).open("ab") as stream:
        stream.write(token.spell(keyring.keys, token.head(keyring.current), parsed) + b"\n")


def reunite(person: Person, name: str, held: str, other: str) -> None:
    """A next generation after that of one commit, whose key `person` has, which names the statement of another in `beside`."""
    key, folder = device_key(person), person.cwd / ".recipients" / name
    one, known = _held(person, name, held)
    two = environment.read(_blob(person, other, f".recipients/{name}/environment"), name)
    dek = Dek.fresh()
    mine = Keys(dek, one.id)
    links = {old.generation: old for old in (*one.older, *two.older)}
    for statement, wrapped in ((one, known), (two, Dek.fresh())):
        about = b"older %d %b" % (statement.generation.number, base64url.encode(statement.generation.commitment))
        links[statement.generation] = Older(statement.generation, mine.wrap_older(wrapped, about))
    older = sorted(links.values(), key=lambda link: (-link.generation.number, link.generation.commitment))
    me = Holder(person.name, key.public.fingerprint())
    ring = Keyring(one.id, Generation(one.generation.number + 1, mine.commitment()), dek, older)
    holders = {each.name: each for each in (*one.keyholders, *two.keyholders, Keyholder(person.name, key.public))}
    draft = Draft(ring, older, list(holders.values()), one.paths, beside=[two.hash])
    new = environment.following(one, draft, by=me, at=_AT, signer=key)
    own = grant.write(new, dek, person.name, key.public, grant.HOLDER, by=me, at=_AT, signer=key)
    grants = [grant.read(file.read_bytes(), file.name) for file in folder.glob("*.grant")]
    for statement in (one, two):
        _past(folder / "environment", statement)
    _write(folder, new, [*(_grant(new, dek, found.to, found, me, key) for found in grants), own])


def seal(person: Person, name: str, key_name: str, record: str, file: str, by: str = "", to: str = "") -> None:
    """Add a sealed record to a file: any text, in the name of `by`, and to the environment's key or to that of `to`."""
    statement = environment.read((person.cwd / ".recipients" / name / "environment").read_bytes(), name)
    if to:
        statement = statement._replace(seal=_public(person, to))
    line = sealed.seal(statement, _raw(record), key_name, by or person.name, device_key(person))
    with (person.cwd / file).open("ab") as stream:
        stream.write(line + b"\n")


def seal_many(person: Person, name: str, file: str, count: str) -> None:
    """Add that many sealed values of one's own to a file."""
    for number in range(int(count)):
        seal(person, name, f"K{number}", f"K{number}=x", file)


def huge_seal(person: Person, name: str, key_name: str, file: str, size: str) -> None:
    """Add a sealed value of that many bytes."""
    seal(person, name, key_name, f"{key_name}={'x' * int(size)}", file)


def copy_seal(person: Person, file: str, key_name: str) -> None:
    """Put one's own name, key and signature on somebody else's sealed message."""
    statement, found, line = _sealed_line(person, file, key_name)
    key = device_key(person)
    copied = found._replace(by=person.name, key=key.public)
    _replace(person, file, line, sealed.signed(copied, statement.id, statement.generation, key).line())


def flip_seal(person: Person, file: str, key_name: str) -> None:
    """Turn one bit of a sealed value's signature over."""
    _, found, line = _sealed_line(person, file, key_name)
    changed = found.signature[:-1] + bytes([found.signature[-1] ^ 1])
    _replace(person, file, line, found._replace(signature=changed).line())


def move_seal(person: Person, source: str, key_name: str, target: str, other: str) -> None:
    """Add a sealed value of one file to another, or to the same, under another key name or its own."""
    line = _line(person, source, key_name)
    with (person.cwd / target).open("ab") as stream:
        stream.write(other.encode() + line[len(key_name) :] + b"\n")


def swap_seal(person: Person, name: str, by: str) -> None:
    """Put one's own key in the place of an environment's seal key, one revision on, in the name of `by`."""
    key, file = device_key(person), person.cwd / ".recipients" / name / "environment"
    old = environment.read(file.read_bytes(), name)
    lines = [f"seal {statements.key_text(key.public)}" if line.startswith("seal ") else line for line in _next_lines(old)]
    _past(file, old)
    file.write_bytes(statements.sign([*lines, f"by {_known(person, name, by)}", f"at {_AT}"], key))


TOOLS: dict[str, Callable[..., None]] = {
    "retired": retired,
    "reunite": reunite,
    "seal": seal,
    "seal-many": seal_many,
    "huge-seal": huge_seal,
    "copy-seal": copy_seal,
    "flip-seal": flip_seal,
    "move-seal": move_seal,
    "swap-seal": swap_seal,
    "stage": stage,
    "value": value,
    "order": order,
    "revise": revise,
    "take-over": take_over,
    "resign": resign,
    "say": say,
    "found-again": found_again,
    "disown": disown,
    "found-as": found_as,
    "found-many": found_many,
    "co-sign": co_sign,
    "junk-signature": junk_signature,
    "own-grant": own_grant,
    "end": end,
}


def _held(person: Person, name: str, commit: str) -> tuple[Environment, Dek]:
    """The statement of a commit, and what one's own grant there opens."""
    statement = environment.read(_blob(person, commit, f".recipients/{name}/environment"), name)
    own = grant.read(_blob(person, commit, f".recipients/{name}/{person.name}.grant"), name)
    return statement, grant.unwrap(own, device_key(person), name)


def _blob(person: Person, commit: str, path: str) -> bytes:
    return person.must("git", "cat-file", "blob", f"{commit}:{path}").stdout


def _public(person: Person, name: str) -> PublicKey:
    if name == person.name:
        return device_key(person).public
    return keys.read_public((person.cwd / ".recipients" / f"{name}.pub").read_bytes(), name)[0]


def _raw(text: str) -> bytes:
    return text.replace("\\n", "\n").encode()


def _line(person: Person, file: str, key_name: str) -> bytes:
    (line,) = re.findall(rf"^{key_name}=gitenv1-sealed:.+$".encode(), (person.cwd / file).read_bytes(), re.MULTILINE)
    return bytes(line)


def _sealed_line(person: Person, file: str, key_name: str) -> tuple[Environment, Sealed, bytes]:
    line = _line(person, file, key_name)
    found = sealed.read(document.parse(line)[0])
    assert found is not None
    folder = person.cwd / ".recipients"
    read = [environment.read(path.read_bytes(), "") for path in folder.glob("*/environment")]
    fitting = [each for each in read if token.hint(each.generation.commitment) == found.hint]
    return fitting[0], found, line


def _replace(person: Person, file: str, old: bytes, new: bytes) -> None:
    (person.cwd / file).write_bytes((person.cwd / file).read_bytes().replace(old, new))


def _known(person: Person, name: str, by: str) -> Holder:
    """Somebody as an environment's statements spell them, or else any other's; oneself, if they are in none."""
    folder = person.cwd / ".recipients"
    for file in [*folder.glob(f"{name}/environment"), *folder.glob("*/environment")]:
        for holder in environment.read(file.read_bytes(), name).holders:
            if holder.name == by:
                return holder
    text = b"".join(file.read_bytes() for file in [*folder.glob(f"{name}/*.grant"), *folder.glob("*/*.grant")]).decode("ascii")
    spelled = re.search(rf"^by {by} (SHA256:\S+)$", text, re.MULTILINE)
    return Holder(by, spelled[1] if spelled else device_key(person).public.fingerprint())


def _next_lines(old: Environment) -> list[str]:
    """The lines of a next statement that is as the one before, up to its holders."""
    left_out = ("by ", "proof ", "at ", "signature ", "previous ", "beside ")
    lines = [line for line in old.text.decode("ascii").splitlines() if not line.startswith(left_out)]
    at = lines.index(f"revision {old.revision}")
    lines[at : at + 1] = [f"revision {old.revision + 1}", f"previous {old.hash}"]
    return lines


def _held_by(grants: list[Grant]) -> list[Keyholder]:
    return [Keyholder(found.to, found.key) for found in grants if found.role == grant.HOLDER]


def _proof(old: Environment, grants: list[Grant], me: Holder) -> list[bytes]:
    return succession.proof(old, membership.who_is_in(old, grants, ""), me)


def _past(file: Path, old: Environment) -> None:
    (file.parent / "past").mkdir(exist_ok=True)
    (file.parent / "past" / old.hash).write_bytes(old.text)


def device_key(person: Person) -> DeviceKey:
    return device.parse((person.home / ".config" / "gitenv" / "device.pem").read_bytes(), person.name)


def _grant(new: Environment, dek: Dek, to: str, old: Grant, me: Holder, key: DeviceKey) -> Grant:
    return grant.write(new, dek, to, old.key, old.role, by=me, at=_AT, signer=key)


def _write(folder: Path, statement: Environment, grants: list[Grant]) -> None:
    file = folder / "environment"
    if file.exists() and environment.hash_of(file.read_bytes()) == statement.previous:
        _past(file, environment.read(file.read_bytes(), statement.name))
    file.write_bytes(statement.text)
    for given in grants:
        (folder / f"{given.to}.grant").write_bytes(given.text)
