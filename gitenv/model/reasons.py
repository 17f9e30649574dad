"""Why something in a repository is not believed, each reason by its name: for the pin, for reviews, and for history."""

from __future__ import annotations

from gitenv.errors import GitenvError, NotTrusted


class Competing(NotTrusted):
    """An environment that claims another one's files."""


class RolledBack(NotTrusted):
    """An earlier statement stands where this very history already had the pinned one."""


class TwoRotations(NotTrusted):
    """A statement is in conflict: of its two sides none is to be believed before `gitenv rotate` has joined them."""


class SwappedKey(NotTrusted):
    """Somebody is asked in with another key than the one they are known by."""


class OtherPerson(NotTrusted):
    """A name under which another key is known: one name has one key in a repository."""


class NotVouchedFor(NotTrusted):
    """First seen here, and signed by nobody whom the user named."""


# A line of a document.


class ForgedMark(NotTrusted):
    """An unverified mark that no key of the environment made for this line."""


class Lookalike(NotTrusted):
    """A line that looks encrypted, and that no key of the environment opens."""


class Masked(NotTrusted):
    """A mask from a diff in the place of what it stands for."""


class CannotStand(NotTrusted):
    """What is behind a mark cannot become a value where it stands."""


class ForgedSeal(NotTrusted):
    """A sealed value that its contributor did not sign for this name, environment and generation."""


class SealedElsewhere(NotTrusted):
    """A sealed value that no key of the environment opens."""


class UnknownContributor(NotTrusted):
    """A sealed value by somebody who is in no environment."""


class Replayed(NotTrusted):
    """A sealed value that was decided about before, and came back."""


# A changed statement that does not follow from the one before.


class NotAStep(NotTrusted):
    """The root of these."""


class NotSigned(NotAStep):
    """The signature is not by whom the statement names."""


class ForeignEnvironment(NotAStep):
    """A known name with another id: somebody else's environment in the place of ours."""


class NotAHolder(NotAStep):
    """Signed by somebody who was no holder."""


class BadProof(NotAStep):
    """Signed by somebody whose grants do not lead to a holder of the statement before."""


class Unlinked(NotAStep):
    """It does not name the one before."""


class PastMissing(NotAStep):
    """A statement that it goes back to lies nowhere."""


class NotLater(NotAStep):
    """A revision or a generation that is not the next one."""


class OtherKey(NotAStep):
    """Another data key for the same generation."""


class OtherText(NotAStep):
    """Another text for the same revision."""


class HolderGone(NotAStep):
    """A holder fewer within a generation, who could come back by an old grant."""


class Severed(NotAStep):
    """A next generation that does not go back to this one."""


class TooLong(NotAStep):
    """A chain that is longer than any team's."""


class Forked(NotAStep):
    """It does not go back to the pinned one, or history has another good step beside it: one may be by who was removed."""


# A grant that does not count.

_OF_GRANTS = ("not-signed", "not-a-holder", "elsewhere", "retired", "expired", "no-point")


def grant_code(why: GitenvError) -> str:
    """What a grant that does not count for that reason is found by."""
    return f"grant-{why.code}" if why.code in _OF_GRANTS else "grant-malformed"


class Elsewhere(NotTrusted):
    """Made for another environment."""


class Retired(NotTrusted):
    """Made for another generation."""


class Expired(NotTrusted):
    """Its last day is over."""


class NoPoint(NotTrusted):
    """Its key is no point on the curve."""
