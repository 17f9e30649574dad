"""What must hold for environments and grants, whoever signed them."""

from __future__ import annotations

from random import Random

from gitenv.errors import FirstEdition, Malformed, NotTrusted
from gitenv.model import base64url, environment, grant, steps
from gitenv.model.environment import Environment, check_seal
from gitenv.model.grant import Grant
from gitenv.model.membership import who_is_in
from gitenv.model.smudge import smudge
from gitenv.model.statements import MAX_BYTES, is_signed_by, sign
from tests.fuzz import seeds
from tests.fuzz.outcome import said

_PEOPLE = {person.public.fingerprint(): person.public for person in (seeds.ALICE, seeds.BOB, seeds.EVE)}
_EVE = seeds.EVE.public.fingerprint()


def check_environment(data: bytes) -> str:
    """A statement has one reading, and counts as alice's only if it is, byte for byte, one that she signed."""
    try:
        found = environment.read(data, "environment")
    except (Malformed, FirstEdition) as error:
        return said(error)
    assert _environment_text(found) == data
    assert len(data) <= MAX_BYTES
    outcome = _accepted(found)
    try:
        steps.check(seeds.PINNED, found)
    except NotTrusted as error:
        return f"{outcome}; {said(error)}"
    assert data in seeds.GENUINE
    return f"{outcome}; good"


def check_grant(data: bytes) -> str:
    """Likewise for a grant; it lets somebody in only if a holder signed these very bytes."""
    try:
        found = grant.read(data, "grant")
    except Malformed as error:
        return said(error)
    assert _grant_text(found) == data
    outcome = _accepted(found)
    assert not who_is_in(seeds.PINNED, [found], "2026-11-21").counted or data in seeds.GENUINE
    return outcome


def _accepted(found: Environment | Grant) -> str:
    key = _PEOPLE.get(found.by.fingerprint)
    if key is None or not is_signed_by(found.text, key):
        return "not signed"
    assert found.text in seeds.GENUINE or found.by.fingerprint == _EVE
    return "signed"


def check_signed_by_a_holder(data: bytes) -> str:
    """A holder may sign any nonsense: it is read, judged and opened without another error than ours."""
    try:
        if data.startswith(b"gitenv-grant"):
            given = grant.read(data, "grant")
            who_is_in(seeds.PINNED, [given], "2026-11-21")
            seeds.PINNED.keyring(grant.unwrap(given, seeds.BOB, "grant"))
            return "opened"
        found = environment.read(data, "environment")
        for path in (".env", "a/b/.env.production", "a" * 200, "a/" * 100, "ä\udcff"):
            found.claims(path)
        steps.check(seeds.PINNED, found)
        ring = found.keyring(seeds.RING.dek)
        check_seal(found, ring)
        smudge(seeds.DOCUMENTS[0], [ring])
        return "good"
    except (NotTrusted, FirstEdition) as error:
        return said(error)


def _environment_text(found: Environment) -> bytes:
    return _text(
        found.text,
        "gitenv-environment 1",
        f"name {found.name}",
        f"id {_b64(found.id)}",
        f"revision {found.revision}",
        *([f"previous {found.previous}"] if found.previous else []),
        *(f"beside {each}" for each in found.beside),
        *(f"path {path}" for path in found.paths),
        f"generation {found.generation.number} {_b64(found.generation.commitment)}",
        *(f"older {link.generation.number} {_b64(link.generation.commitment)} {_b64(link.wrapped)}" for link in found.older),
        *([f"known {found.known}"] if found.known else []),
        *(f"left {each.name} p256 {_b64(each.key)} {each.generation}" for each in found.left),
        *([f"policy reissue-within {found.reissue_within}d"] if found.reissue_within else []),
        f"seal p256 {_b64(found.seal)}",
        *(f"holder {each.name} p256 {_b64(each.key)}" for each in found.keyholders),
        f"by {found.by.name} {found.by.fingerprint}",
        *(f"proof {_b64(each)}" for each in found.proof),
        f"at {found.at}",
    )


def _grant_text(found: Grant) -> bytes:
    return _text(
        found.text,
        "gitenv-grant 1",
        f"environment {found.environment} {_b64(found.id)}",
        f"generation {found.generation.number} {_b64(found.generation.commitment)}",
        f"to {found.to}",
        f"key p256 {_b64(found.key)}",
        f"role {found.role}",
        *([f"expires {found.expires}"] if found.expires else []),
        f"by {found.by.name} {found.by.fingerprint}",
        f"at {found.at}",
        f"wrap p256-hkdf-sha256-aes256gcm {_b64(found.wrap)}",
    )


def _text(text: bytes, *lines: str) -> bytes:
    """The statement that these lines are, with the signature that stands under it."""
    signature = base64url.decode(text.rpartition(b" ")[2].removesuffix(b"\n"))
    assert len(signature) == 64
    return "".join(line + "\n" for line in [*lines, f"signature {_b64(signature)}"]).encode("ascii")


def _b64(data: bytes) -> str:
    return base64url.encode(data).decode("ascii")


def resigned(random: Random, data: bytes, by: str) -> bytes:
    """A statement under a right signature: eve's, in her name or another's, or a holder's."""
    lines = data.decode("ascii", "replace").replace("\ufffd", "?").split("\n")[:-2]
    if by == "eve" and random.getrandbits(1):
        lines = [f"by eve {_EVE}" if line.startswith("by ") else line for line in lines]
    return sign(lines, seeds.EVE if by == "eve" else seeds.ALICE)
