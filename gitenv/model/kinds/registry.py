"""All kinds of keys. A new kind is one more module beside this one, and a line here."""

from gitenv.model.kinds import PublicKey
from gitenv.model.kinds.p256 import P256Key


def every() -> tuple[type[PublicKey], ...]:
    """All kinds. A kind's module is loaded at each start of the filter; what it needs to do its work, when it does it."""
    return (P256Key,)


def named(kind: str) -> type[PublicKey] | None:
    """The kind that a statement names, or None."""
    return next((each for each in every() if kind == each.KIND), None)
