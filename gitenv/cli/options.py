"""How the words of a command are declared, once for both that read them: `arguments`, which is quick, and typer.

    def run(name: Annotated[str, Argument("NAME", "Who leaves.")], json: Json = False) -> None:

A `bool` is a flag. A list takes each word, or each time that its option is given; whatever has a default may be left out. What
several commands have in common is a tuple with names, whose fields are declared like that (`cli.selection`).
"""

from __future__ import annotations

from typing import Annotated

from gitenv.tuples import NamedTuple


class Argument(NamedTuple):
    """A word that is known by its place."""

    form: str
    help: str = ""
    is_behind: bool = False  # behind `--`, and only there: the words are another program's
    of: str = ""  # what it names, where the form does not say it: see `meaning`


class Option(NamedTuple):
    """A word that begins with a dash; its form is what help shows: `-e, --environment ENV`."""

    form: str
    help: str
    of: str = ""  # as an argument's

    @property
    def names(self) -> list[str]:
        """All that it may be typed as."""
        return [word for word in self.form.replace(",", "").split() if word.startswith("-")]

    @property
    def metavar(self) -> str:
        """What help calls its value; "" for a flag."""
        return next((word for word in self.form.split() if not word.startswith("-")), "")


_BY_FORM = {"ENV": "environment", "KEY": "key", "FILE": "file", "FOLDER": "folder"}


def meaning(declared: Argument | Option) -> str:
    """What a shell completes there: environment, person, newcomer, key, waiting, file, folder, or `a|b`; or nothing.

    A newcomer is a person or a file, and what waits are keys that somebody has to decide about.
    """
    form = declared.form if isinstance(declared, Argument) else declared.metavar
    return declared.of or _BY_FORM.get(form, form if "|" in form and form.islower() else "")


QUIET = Option("-q, --quiet", "Only errors, and what you ask for.")
COLOUR = Option("--color auto|always|never", "Colours; auto: on a terminal, without NO_COLOR.")
"""What may be typed with every command, before `--`; `arguments.manner` takes them out."""
Json = Annotated[bool, Option("--json", "For programs.")]
Yes = Annotated[bool, Option("--yes", "Do not ask.")]
Strict = Annotated[bool, Option("--strict", "For CI: believe only what GITENV_TRUST=SHA256:… vouches for.")]
Environment = Annotated[str, Option("-e, --environment ENV", "Only this one.")]
Environments = Annotated[list[str] | None, Option("-e, --environment ENV", "Only this one; may be repeated.")]
About = Annotated[
    list[str] | None,
    Option("-e, --environment ENV", "Leave out what is about other environments; may be repeated."),
]
