"""The catalogue of what check, hooks, status and doctor find: each code with its weight and a line of help. Codes stay."""

from __future__ import annotations

from gitenv.errors import GitenvError
from gitenv.model.finding import Finding, Severity
from gitenv.tuples import NamedTuple

BEFORE = "; it was there before"


class Code(NamedTuple):
    """What a code means, wherever it is found."""

    severity: Severity
    help: str


def _all(severity: Severity, helps: dict[str, str]) -> dict[str, Code]:
    return {name: Code(severity, text) for name, text in helps.items()}


CODES: dict[str, Code] = {
    # Documents.
    **_all(
        Severity.ERROR,
        {
            "plain-text": "A line of a protected file, or of one that is named like a dotenv file, is not encrypted.",
            "private-key": "A file, message or note has a private key of gitenv's kind: P-256, not encrypted.",
            "plain-copy": "A key and its value stand in plain text outside their file, or in a tag (a note in templates).",
            "plain-in-history": "A value stood in plain text in a commit: it is known, so change it where it comes from.",
            "unreadable": "A protected file is damaged or larger than a document may be, so nobody can say what is in it.",
            "not-a-file": "A link or a submodule stands where a protected file or one of .recipients/ belongs.",
            "token-malformed": "A line looks encrypted and has not the form of what gitenv writes.",
            "token-unknown": "A line is encrypted for a generation that this environment never had.",
            "token-moved": "A key has the encrypted value of another one; it opens for nobody there.",
            "token-unclaimed": "A file that belongs to no environment has encrypted lines.",
            "unverified-mark": "The mark of a line that nobody vouches for was committed as it stands in a work tree.",
            "conflict-marker": "A conflict was committed before it was resolved.",
            "forged-seal": "A sealed value is not signed by whom it names, for this key name and environment.",
            "sealed-elsewhere": "A sealed value is for another environment, or for a generation that this one never had.",
            "replayed": "A sealed value was decided about before, and came back.",
            "waits-for-team": "A file that others have and git ignored until now is added before they pulled the first step.",
        },
    ),
    **_all(
        Severity.NOTE,
        {
            "link": "A link in the place of a protected file leads to a protected one, and holds no value.",
            "no-names": "No key name of a file can be read: it is all comments, or not in UTF-8 (UTF-16, for example).",
            "example-stale": "A template that gitenv example keeps lacks a key, or has one that its environments do not have.",
        },
    ),
    **_all(
        Severity.WARNING,
        {
            # Inert until a holder decides, and honest work may bring them: a branch from before a rotation, a newcomer's value.
            "token-retired": "A line came in that is encrypted with an earlier key, which people who left still have.",
            "unknown-contributor": "A sealed value is by somebody who is in no environment, or in one with another key.",
            "dotenv-like": "A file that no environment claims looks like a dotenv file, and holds keys in plain text.",
            "duplicate-key": "A key is set more than once in one file; the last one counts.",
            "similar-keys": "Two keys of one file differ in case only, or in characters that look alike.",
            "value-rolled-back": "A value is what it was once before: the very bytes of an earlier commit.",
            "value-of-another-file": "A value came into a file, and another of its environment has it (a note for a new key).",
        },
    ),
    **_all(
        Severity.NOTE,
        {
            "sealed": "A sealed value waits for a holder: gitenv accept, or gitenv reject.",
            "read-differently": "Python's, Node's and Ruby's dotenv read a line of an open file differently.",
            "token-newer": "A line is encrypted with a newer key than its commit has, as on a branch that is behind.",
        },
    ),
    # Statements, judged from the state of the base.
    **_all(
        Severity.ERROR,
        {
            "statement-malformed": "A statement has not its form, so nothing of its environment can be believed.",
            "first-edition": "A statement is of the first edition of the format, which no release had.",
            "not-signed": "A statement was changed after it was signed, or was never signed by whom it names.",
            "not-a-holder": "A statement is signed by somebody who was no holder before.",
            "bad-proof": "A statement is signed by somebody whose grants do not lead to a holder of the one before.",
            "foreign-environment": "Another environment stands under a known name.",
            "unlinked": "A statement does not name the one before.",
            "past-missing": "A statement that others go back to is not in past/, or is another text than its name says.",
            "other-key": "Another data key stands for a generation that is known.",
            "other-text": "Another text stands for a revision that is known.",
            "holder-gone": "Somebody is no holder any more without a new data key, and could come back by an old grant.",
            "not-later": "A revision or a generation is not the next one.",
            "reissue-overdue": "Values that somebody who left could read were not set anew in the days that a policy gives.",
            "other-person": "Somebody is in under a name that another key is known by.",
            "severed": "A next generation does not go back to the one before.",
            "forked": "A statement does not go back to the known one, or history has another good step beside it.",
            "rolled-back": "An earlier statement was put back in the place of a later one.",
            "too-long": "The environment was changed more often than can be followed.",
            "competing": "Two environments claim one path.",
            "recipients-unreadable": "The .recipients/ folder holds more than it may, or cannot be read.",
        },
    ),
    **_all(
        Severity.WARNING,
        {
            "environment-new": "A new environment is there: compare who founded it.",
            "environment-removed": "An environment is gone.",
            "paths-changed": "An environment claims other paths than before.",
            "tracking-lost": "The file known is missing or edited: nobody can say what those who left could read.",
        },
    ),
    **_all(
        Severity.NOTE,
        {
            "statement-behind": "The branch has an earlier statement than the base: it is behind, merge the base.",
            "rotated": "An environment has a new data key.",
            "to-reissue": "Values that somebody who left could read have not been set anew.",
            "one-holder": "Nobody but one person can let others in: if their key is lost, so is the environment.",
        },
    ),
    # People.
    **_all(
        Severity.ERROR,
        {
            "grant-malformed": "A file that is named like a grant is none.",
            "grant-not-signed": "A grant was changed after it was signed, or was never signed by whom it names.",
            "grant-not-a-holder": "A grant is signed by somebody who is no holder.",
            "grant-elsewhere": "A grant was made for another environment.",
            "grant-no-point": "A grant is for a key that is no point on the curve.",
            "stray-name": "A file in .recipients/ has a name that nobody can have.",
        },
    ),
    **_all(
        Severity.WARNING,
        {
            "nested-recipients": "A folder has a .recipients/ of its own: another repository became a folder of this one.",
            "grant-retired": "Somebody has no grant for the current generation, only one for an earlier one.",
            "grant-expired": "A grant's last day is over (policy, not cryptography: whoever had the key may have kept it).",
            "grant-deleted": "A grant was deleted without a rotation: whoever had it still has the key.",
            "recipient-added": "Somebody can read an environment who could not before.",
            "recipient-key": "Somebody is in an environment with another key than before.",
            "role-changed": "Somebody has another role than before.",
            "swapped-key": "A .pub file has another key than the one its owner is in with.",
        },
    ),
    **_all(
        Severity.NOTE,
        {
            "recipient-removed": "Somebody is no longer in an environment.",
            "expiry-changed": "A grant has another last day.",
            "request": "Somebody asks to be let in; that gives them nothing.",
        },
    ),
    # Attributes.
    **_all(
        Severity.ERROR,
        {
            "not-filtered": "git does not hand a protected file to gitenv, so the next git add stages it in plain text.",
            "guard-removed": "The guard is gone: a fresh clone would stage plain text instead of stopping.",
            "filter-unclaimed": "git hands files to gitenv that belong to no environment.",
        },
    ),
    **_all(Severity.WARNING, {"text-conversion": "git may convert the line ends or the encoding of a protected file."}),
    **_all(
        Severity.NOTE,
        {
            "guard-missing": "There is no guard: a fresh clone stages plain text until somebody runs gitenv init there.",
            # What could not be looked at.
            "shallow": "This clone has only the newest commits: what is older was not looked at.",
            "more": "There is more of the same kind than is listed.",
        },
    ),
    # This clone, and what it believes: status and doctor.
    **_all(
        Severity.ERROR,
        {
            "file-mode": "gitenv.fileMode is none that files can have.",
            "no-environments": "The repository has no environments here: git encrypts no .env file.",
            "not-set-up": "Nobody ran gitenv init in this clone: git does not call gitenv.",
            "interpreter": "gitenv runs from a place that a commit could change, or that will not stay.",
            "filter-missing": "git's configuration does not name gitenv's filter.",
            "filter-gone": "git's configuration names a gitenv that is not there any more.",
            "not-required": "filter.gitenv.required is not set: a filter that dies stages plain text.",
            "guard-not-lifted": "info/attributes is not as gitenv writes it: files are refused, or pass as plain text.",
            "no-attributes": "gitenv's lines are not in .gitattributes: other clones would commit plain text.",
            "cachetextconv": "git is told to keep opened files as objects.",
            "cached-textconv": "git keeps opened files as objects.",
            "forged-mark": "A mark was edited, or made by nobody here.",
            "lookalike": "A line looks encrypted, and no key of its environment opens it.",
            "first-edition": "A statement or a pin has the form before this one, which no release had.",
            "not-vouched-for": "Something new is signed by nobody whom GITENV_TRUST names.",
            "not-trusted": "Something is not vouched for by anybody whom this clone trusts.",
            "malformed": "A file of gitenv's own has not its form; nothing in it is used.",
            "not-in-order": "git, or a file that gitenv needs, is not as it has to be.",
            "two-rotations": "Two statements met in a merge: gitenv rotate goes on from one, and gives up the other.",
        },
    ),
    **_all(
        Severity.WARNING,
        {
            "filter-elsewhere": "git's configuration names another installation of gitenv than this one.",
            "merge-driver": "Merges are by line and not by key.",
            "textconv": "git shows what is encrypted or masked in diffs, or is slow.",
            "attributes-incomplete": "gitenv's lines in .gitattributes lack words: other clones would not do as this one.",
            "hook-missing": "A hook does not call gitenv.",
            "hook-elsewhere": "A hook calls another gitenv, or stands where other clients do not look.",
            "other-tool": "Another tool that encrypts looks after the same files.",
            "rerere": "git's records of resolved conflicts hold plain text.",
            "readable-by-others": "Others on this machine may read open files.",
            "encoding": "A file in the work tree is not in UTF-8, or begins with a byte order mark.",
            "no-environment": "A dotenv file belongs to no environment.",
            "not-a-key": "A .pub file holds no public key.",
            "expires-soon": "Somebody's access ends within two weeks (policy, not cryptography).",
            "removed": "An environment was removed, and this clone still believes who held it.",
            "revoked": "Somebody's grant is for a generation before they were taken out.",
            "unfinished": "Somebody was let in while another rotated: let them in again.",
            "too-many-environments": "There are more environments that this clone does not know than anybody could need.",
        },
    ),
    **_all(
        Severity.NOTE,
        {
            "departed": "Somebody took gitenv out of the repository.",
            "locked": "No key, or no grant, or gitenv lock.",
            "ignored": "git ignores a file of an environment, so nobody else has it: gitenv init --unignore.",
            "closed": "Files are closed, and the key is here: gitenv unlock.",
            "left-open": "A file stands open in a closed work tree: gitenv init --closed.",
            "not-staged": "A command was cut off before it had staged what it wrote in .recipients/: git add.",
            "let-in": "You were let in: gitenv unlock opens it.",
            "new-environment": "An environment is new to this clone, and not believed yet: gitenv unlock.",
            "former-key": "A grant is for a key that this device had before: gitenv key rotate.",
            "many": "There is more than is listed.",
        },
    ),
}


def finding(
    code: str,
    text: str,
    path: str = "",
    line: int = 0,
    commands: tuple[str, ...] = (),
    commit: str = "",
    *,
    by: str = "",
    was_before: bool = False,
) -> Finding:
    """A finding of the catalogue. An error that the base has as well, byte for byte, is a warning: nobody brought it now."""
    severity = CODES[code].severity
    if was_before and severity is Severity.ERROR:
        severity, text = Severity.WARNING, text + BEFORE
    return Finding(code, severity, text, path, line, tuple(filter(None, commands)), commit, by)


def of_error(error: GitenvError, where: str = "") -> Finding:
    """What an error says, about a file."""
    severity = CODES[error.code].severity if error.code in CODES else Severity.ERROR
    text = f"{where}: {error.message}" if where else error.message
    return Finding(error.code, severity, text, commands=(error.hint,) if error.hint else ())
