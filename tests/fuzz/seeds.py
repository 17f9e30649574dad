"""What fuzzing begins with: the vectors, and tokens of records that nobody would write."""

from __future__ import annotations

from gitenv.model import base64url, document, environment, inert, sealed, token
from gitenv.model.cipher import Dek, EnvironmentId, Keys
from gitenv.model.document import Kind, Record
from gitenv.model.keyring import Keyring
from gitenv.model.kinds import PublicKey
from gitenv.model.reasons import ForgedSeal
from tests.model.builders import committed
from tests.model.test_vectors import DEKS, FOLDER, IDENTITY, PEOPLE, read_vector

_PATHS = sorted(FOLDER.glob("*/*.txt"))
# Not the large ones: the mutator makes such by itself, and everything would be slow.
_VECTORS = [(path.parent.name, vector) for path in _PATHS if len((vector := read_vector(path)).content) < 8192]
PINNED = environment.read(read_vector(FOLDER / "valid" / "environment-second-generation.txt").content, "pinned")
RING = PINNED.keyring(DEKS[2])
BEFORE = Keyring(RING.id, PINNED.older[0].generation, DEKS[1], [])
ALICE, BOB, EVE = (PEOPLE[name] for name in ("alice", "bob", "eve"))

# Records that change what the next ones are, whole and in pieces, and lines that are gitenv's own.
_RAWS = [
    *(b"A=1", b"B=2", b"export C='3'", b'D="one\ntwo"', b"E='open", b'F="open', b"G=`open", b"'", b'"', b"`", b"x'", b'END="'),
    *(b"H=-----BEGIN X-----", b"QUJD" * 16, b"QUI=", b"-----END X-----", b"I=\\", b"J=1\\", b"\\", b"K={", b'  "k": 1', b"}"),
    *(b"L: |", b"  M=1", b"# note", b"# OLD=1", b"## heading", b"## N=1", b"nothing", b" ", b"\t", b"<<<<<<< ours", b"======="),
    *(b">>>>>>> theirs", b"\xef\xbb\xbfO=1", b"P=1\r", b"Q=\0\xff", b"A='''x", b"'''", b"R=QUJD" + b"QUJD" * 16, b"x" * 300),
    b"#gitenv-unverified:AAAAAAAAAAAA:EVIL%3D1",
    inert.mark(b"EVIL=1"),
    b"A=gitenv2:1.AAAAAA:AAAA",
]
_PASTED = [b"EVIL=1", b"export EVIL='1'", b'EVIL="', b"EVIL='1\nMORE=2'", b"EVIL=1\\", b"EVIL: 1", b"#EVIL=1", b"=", b"EVIL="]


def _minted() -> list[bytes]:
    """Tokens as clean makes them, of this generation and the one before, and ones that another program might have made."""
    found = []
    for number in (2, 1):
        ring = RING if number == 2 else environment.read(_content("environment-first-generation"), "first").keyring(DEKS[1])
        for raw in _RAWS:
            kinds = [Record(Kind.UNKNOWN, b"", raw, b""), Record(Kind.ASSIGNMENT, b"A", raw, b"")]
            kinds += [record for record in document.parse(raw) if record.kind is Kind.ASSIGNMENT]
            found += [token.spell(ring.keys, token.head(ring.current), record) for record in kinds]
    return found


def _content(stem: str) -> bytes:
    return read_vector(FOLDER / "valid" / f"{stem}.txt").content


def _of(*acts: str, folder: str = "") -> list[bytes]:
    return [vector.content for where, vector in _VECTORS if vector.words.get("act") in acts and where.startswith(folder)]


def _foreign() -> bytes:
    """A token that names our generation, made with a key of somebody else's choice."""
    keys = Keys(Dek(b"e" * 32), EnvironmentId(IDENTITY))
    return token.spell(keys, token.head(RING.current), Record(Kind.ASSIGNMENT, b"EVIL", b"EVIL=1", b""))


TOKENS = [*_minted(), _foreign(), *(line for data in _of("token") for line in data.splitlines())]
_SEALED = [vector.part("sealed").removesuffix(b"\n") for _, vector in _VECTORS if vector.words.get("act") == "sealed"]
_VALUES = [b"A=1", b"B='1\n2'", b"EVIL=1\nMORE=2", b"# A=1", b"A=", b"A=1\n", b"A='", b"A=1\\"]
_SEALED += [
    sealed.seal(PINNED, raw, "A", name, key) for raw in _VALUES for name, key in (("alice", ALICE), ("bob", BOB), ("eve", EVE))
]
SEALED = [line for value in _SEALED for line in (value, value + b"\n", b"A=1\n" + value + b"\nB=2\n")]
LINES = [*TOKENS, *_RAWS, *_PASTED, inert.mark(b"A=1")]
_WORDS = [
    b"gitenv1:",
    b"#gitenv1:2.tPYMR3:",
    b"gitenv-unverified:",
    b"EVIL=",
    b"export ",
    b"'",
    b'"',
    b"`",
    b"\\\n",
    b"\n## ",
    b"==",
]
DOCUMENT_FRAGMENTS = [*LINES, *_WORDS]
DOCUMENTS = [
    *_of("document", "unvouched", "clean", "token"),
    *SEALED[:6],
    *(committed(data, RING) for data in (b"A=1\nB='x\ny'\n# c\n## h\n\nD=4", b'A="\nB=2\n"\nC=3\n')),
    b"\n".join(TOKENS[:12]),
    b"\n".join(LINES),
    b"",
]

_STEPS = [vector.part(name) for _, vector in _VECTORS if vector.words.get("act") == "step" for name in ("before", "new")]
ENVIRONMENTS = [*_of("environment", "trusted"), *_STEPS]
GRANTS = _of("grant", "standing")
VALID_GRANTS = _of("grant", folder="valid")
PUBLIC_KEYS = _of("public-key")
STATEMENT_FRAGMENTS = [
    *(line + end for data in ENVIRONMENTS[:4] + GRANTS[:4] for line in data.splitlines() for end in (b"", b"\n")),
    *(
        b"policy x\n",
        b"policy reissue-within 30d\n",
        b"beside " + b"0" * 64 + b"\n",
        b"previous " + b"0" * 64 + b"\n",
        b"known " + b"0" * 64 + b"\n",
        b"proof AAAA\n",
        b"left eve p256 " + b"A" * 44 + b" 1\n",
        b"path *\n",
        b"path a*b*c\n",
        b"path ../x\n",
        b"holder eve SHA256:" + b"A" * 43 + b"\n",
        b"holder eve p256 " + b"A" * 44 + b"\n",
        b"A" * 43,
        b"=",
        b"/",
    ),
    *(
        b"../",
        b"con",
        b"nul.txt",
        b"\\",
        b"**",
        b"p384 ",
        b"AA",
        b"-",
        b"_",
        b"+",
        b"expires 2027-02-31\n",
        b"2026-19-39T29:59:59Z",
    ),
]
KEY_FRAGMENTS = [
    b"-----BEGIN PUBLIC KEY-----\n",
    b"-----END PUBLIC KEY-----\n",
    b"ecdsa-sha2-nistp256 ",
    b"#",
    b"PRIVATE KEY",
    b"=",
    b"sk-",
]


def _is_by(text: bytes, key: PublicKey) -> bool:
    body, _, last = text.removesuffix(b"\n").rpartition(b"\nsignature ")
    try:
        return key.verifies(base64url.decode(last), b"gitenv/1/signature\n" + body + b"\n")
    except ValueError:
        return False


def _sealed_by_somebody(line: bytes) -> bool:
    """Whether alice or bob signed a sealed value for one of the generations, whatever is in it."""
    (record,) = document.parse(line)
    found = sealed.read(record) if record.kind is Kind.SEALED else None
    known = RING.generation(found.number, found.hint) if found else None
    if not found or not known or found.key not in (ALICE.public, BOB.public):
        return False
    try:
        sealed.check_signed(found, RING.id, known[0], "")
    except ForgedSeal:
        return False
    return True


GENUINELY_SEALED = {line for line in _SEALED if _sealed_by_somebody(line)}


def is_without_marks(data: bytes) -> bool:
    """Whether a document has none of gitenv's marks."""
    return all(record.kind not in (Kind.TOKEN, Kind.SEALED, Kind.UNVERIFIED, Kind.LOOKALIKE) for record in document.parse(data))


# What people really signed: only these very bytes may ever count as signed by alice or bob.
GENUINE = {data for data in ENVIRONMENTS + GRANTS if _is_by(data, ALICE.public) or _is_by(data, BOB.public)}
