"""The quick reader of a command's words, and typer, read the same; whatever is wrong is said by typer."""

from __future__ import annotations

import functools
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitenv.cli import app, arguments, commands, edge
from gitenv.cli.commands import Command
from gitenv.cli.options import Argument, Option
from gitenv.errors import Usage

COMMANDS = {command.name: command for command in commands.ALL}
_VALUES = [
    "",
    "-",
    "--",
    "a",
    "=",
    "a=b",
    "3",
    "-3",
    "text",
    "json",
    "--jso",
    "production",
    "-x",
    "--",
    "ü",
    "\udcff",
    " 7 ",
    "1_0",
]


def _typers(command: Command, words: list[str]) -> object:
    """What typer reads: the keyword arguments, an exit code, or the message."""
    try:
        call = app.read([*command.name.split(), *words])
    except Exception as error:
        return str(error)
    return call.keywords if isinstance(call, functools.partial) else call


def _quick(command: Command, words: list[str]) -> object:
    try:
        given = arguments.read(command.function(), words)
    except Usage:  # typer would take what stands before `--` for the command
        return None
    return None if given is None else _called(command, given)


def _called(command: Command, given: arguments.Given) -> object:
    return arguments.call(command.function(), given).keywords


def _options(command: Command) -> list[arguments.Parameter]:
    return [each for each in arguments.parameters(command.function()) if isinstance(each.declared, Option)]


def _forms(names: list[str], value: str) -> list[list[str]]:
    """All ways to type an option."""
    return [
        form
        for name in names
        for form in ([name], [name, value], [f"{name}={value}"], [f"{name}{value}"], [name[:-1], value], [name[:4]])
    ]


@st.composite
def _typed(draw: st.DrawFn) -> tuple[Command, list[str]]:
    """A command and words that may follow it, right or wrong."""
    command = COMMANDS[draw(st.sampled_from(sorted(COMMANDS)))]
    names = [each.declared.names for each in _options(command) if isinstance(each.declared, Option)]
    value = st.sampled_from(_VALUES) | st.text(max_size=3)
    options = st.builds(_forms, st.sampled_from([*names, ["--help"], ["-h"], ["--nothing"]]), value)
    part = st.builds(lambda each: [each], value) | options.flatmap(st.sampled_from)
    return command, [word for words in draw(st.lists(part, max_size=6)) for word in words]


@given(_typed())
def test_both_read_the_same(typed: tuple[Command, list[str]]) -> None:
    """Where the quick reader reads the words of a command, typer reads the same."""
    command, words = typed
    if (quick := _quick(command, words)) is not None:
        assert quick == _typers(command, words)


@st.composite
def _in_order(draw: st.DrawFn) -> tuple[Command, list[str], arguments.Given]:
    """A command, words that are as it wants them, and what they mean."""
    command = COMMANDS[draw(st.sampled_from(sorted(COMMANDS)))]
    words: list[str] = []
    behind: list[str] = []
    meant: arguments.Given = {}
    for each in arguments.parameters(command.function()):
        is_given = each.default is ... or draw(st.booleans())
        value: object = each.default
        if is_given and each.type is bool:
            value = True
            words += [draw(st.sampled_from(_names(each)))]
        elif is_given:
            listed = draw(st.lists(_value(each), min_size=1, max_size=3 if each.is_list else 1))
            value = [text for text, _ in listed] if each.is_list else listed[0][1]
            if isinstance(each.declared, Argument) and each.declared.is_behind:
                behind = ["--", *(text for text, _ in listed)]
                listed = []
            for text, _ in listed:
                words += draw(st.sampled_from(_spelled(each, text)))
        meant[each.name] = value
    return command, words + behind, meant


def _names(parameter: arguments.Parameter) -> list[str]:
    return parameter.declared.names if isinstance(parameter.declared, Option) else []


def _value(parameter: arguments.Parameter) -> st.SearchStrategy[tuple[str, object]]:
    if parameter.type in (int, int | None):
        return st.integers(0, 10**6).map(lambda number: (str(number), number))
    if parameter.type in (str, str | None, list[str], list[str] | None):
        return st.text().filter(lambda text: not text.startswith("-")).map(lambda text: (text, text))
    return st.sampled_from(list(parameter.type)).map(lambda member: (member.value, member))


def _spelled(parameter: arguments.Parameter, text: str) -> list[list[str]]:
    if not _names(parameter):
        return [[text]]
    long = [name for name in _names(parameter) if name.startswith("--")]
    short = [name for name in _names(parameter) if not name.startswith("--")]
    joined = [[f"{name}={text}"] for name in long] + [[f"{name}{text}"] for name in short if text]
    return joined + [[name, text] for name in _names(parameter)]


@given(_in_order())
def test_what_is_in_order_is_read_without_typer(case: tuple[Command, list[str], arguments.Given]) -> None:
    """The quick reader knows every option of every command, however it is spelled; and typer has the same."""
    command, words, meant = case
    assert _quick(command, words) == _typers(command, words) == _called(command, meant)


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_what_is_declared(command: Command) -> None:
    """Every parameter is declared, each has a form that can be read, and a list takes the last words."""
    declared = arguments.parameters(command.function())
    names = [name for each in declared for name in _names(each)]
    assert len(names) == len(set(names))
    assert all(each.type is bool or isinstance(each.declared, Argument) or each.declared.metavar for each in declared)
    assert not any(each.is_list for each in [each for each in declared if isinstance(each.declared, Argument)][:-1])


def test_options_before_words_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """getopt heeds a variable that typer does not: then typer reads."""
    words = ["production", "--json"]
    read: Callable[[], object] = functools.partial(_quick, COMMANDS["reissue"], words)
    assert read()
    monkeypatch.setenv("POSIXLY_CORRECT", "1")
    assert read() is None
    assert _typers(COMMANDS["reissue"], words) == {
        "environments": ["production"],
        "also": None,
        "json": True,
        "markdown": False,
    }


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("status --foo", "no such option: --foo"),
        ("status --js", "no such option: --js (Possible options: --json)"),
        ("status --json=1", "option '--json' does not take a value"),
        ("status x", "got unexpected extra argument(s) (x)"),
        ("status -e", "option '-e' requires an argument"),
        ("set", "missing argument 'NAME[=VALUE]'"),
        ("set-role bob", "missing argument 'reader|holder'"),
        ("check --format bad", "invalid value for '--format': 'bad' is not one of 'text', 'json', 'sarif', 'github'"),
        ("log -n x", "invalid value for '-n': 'x' is not a valid int"),
        ("key new x", "got unexpected extra argument(s) (x)"),
        ("key foo", "no such command 'foo'"),
        ("-x", "no such option: -x"),
    ],
)
def test_what_is_wrong(words: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """typer says it, and the hint is the command's help."""
    assert edge.main(words.split()) == 2
    verb = words.split()[0]
    hint = "gitenv --help" if verb.startswith("-") else f"gitenv {verb} --help"
    shown = capsys.readouterr().err.lower()
    assert said.lower() in shown
    assert shown.endswith(f"hint: {hint}\n")
