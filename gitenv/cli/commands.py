"""All commands by what they are for. Each is a function in a module of its own, which is imported when it is typed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module

from gitenv.tuples import NamedTuple


class Command(NamedTuple):
    """One command: `key show` is `run_show` in `gitenv/cli/key.py`."""

    name: str
    example: str
    tells: bool = False  # what it prints is what it was asked for: `--quiet` leaves it

    def function(self) -> Callable[..., object]:
        """What it does. Whatever it returns, if it is a number, is the exit code."""
        module, _, verb = self.name.partition(" ")
        run: Callable[..., object] = getattr(
            import_module(f"gitenv.cli.{module.replace('-', '_')}"), f"run_{verb}" if verb else "run"
        )
        return run


ABOUT = "A team's .env files in git: values encrypted, key names readable, no server."
GROUPS = {
    "Start": (
        Command("init", "gitenv init --name alice"),
        Command("unlock", "gitenv unlock production"),
        Command("lock", "gitenv lock"),
        Command("status", "gitenv status", tells=True),
        Command("demo", "gitenv demo", tells=True),
        Command("completion", "gitenv completion bash", tells=True),
    ),
    "Use": (
        Command("run", "gitenv run -e production -- npm start"),
        Command("get", "gitenv get API_KEY -e production", tells=True),
        Command("list", "gitenv list -e production", tells=True),
        Command("allow", "gitenv allow -- npm test", tells=True),
        Command("export", "gitenv export --format docker -e production", tells=True),
        Command("example", "gitenv example"),
        Command("mcp", "gitenv mcp ~/app", tells=True),
    ),
    "People": (
        Command("add-recipient", "gitenv add-recipient bob -e production"),
        Command("remove-recipient", "gitenv remove-recipient carol"),
        Command("set-role", "gitenv set-role bob reader -e production"),
        Command("recipients", "gitenv recipients", tells=True),
        Command("rotate", "gitenv rotate production"),
        Command("reissue", "gitenv reissue production", tells=True),
        Command("policy", "gitenv policy production reissue-within=30d"),
        Command("key new", "gitenv key new"),
        Command("key rotate", "gitenv key rotate"),
        Command("key show", "gitenv key show --json", tells=True),
        Command("key export", "gitenv key export --yes > key.pem", tells=True),
        Command("key import", "gitenv key import key.pem"),
    ),
    "Values": (
        Command("set", "gitenv set API_KEY -e production"),
        Command("unset", "gitenv unset API_KEY -e production"),
        Command("rename", "gitenv rename API_KEY SERVICE_KEY -e production"),
        Command("edit", "gitenv edit -e production"),
        Command("accept", "gitenv accept API_KEY -e production"),
        Command("reject", "gitenv reject API_KEY -e production"),
        Command("add-environment", "gitenv add-environment production"),
        Command("remove-environment", "gitenv remove-environment staging"),
    ),
    "Review": (
        Command("matrix", "gitenv matrix --who", tells=True),
        Command("diff", "gitenv diff main...HEAD", tells=True),
        Command("check", "gitenv check main..HEAD", tells=True),
        Command("log", "gitenv log HELLO -e production", tells=True),
    ),
    "Repair": (
        Command("doctor", "gitenv doctor --fix", tells=True),
        Command("trust", "gitenv trust production", tells=True),
        Command("hook", "gitenv hook --print pre-receive", tells=True),
        Command("uninstall", "gitenv uninstall"),
    ),
}
ALL = [command for commands in GROUPS.values() for command in commands]


def say_version() -> None:
    """What `gitenv --version` says."""
    from gitenv import __version__
    from gitenv.cli import show

    show.say(f"gitenv {__version__}")


def names() -> list[str]:
    """What may be typed as the first word."""
    return list(dict.fromkeys(command.name.partition(" ")[0] for command in ALL))


def find(words: Sequence[str]) -> tuple[Command, Sequence[str]] | None:
    """The command that these words begin with, and the others; None if they do not begin with a whole one."""
    for command in ALL:
        name = command.name.split()
        if name == [*words[: len(name)]]:
            return command, words[len(name) :]
    return None
