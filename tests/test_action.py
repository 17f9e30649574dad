"""What the GitHub action and the GitLab snippet run, as a host would run it: in a clone that has all commits and no key."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from tests.conftest import NewLab
from tests.lab import HUB, Done, Lab, Person
from tests.programs import programs

if sys.platform == "win32":
    pytest.skip("the action runs on Linux and macOS", allow_module_level=True)

TOP = Path(__file__).parent.parent
ACTION = TOP / ".github" / "actions" / "review"
if not ACTION.exists():
    pytest.skip("the action is in a checkout only, not in a wheel", allow_module_level=True)
MARKER = "<!-- gitenv diff -->"
# Says what it was asked, and knows the comment of an earlier run if there is a file that says so.
GH = """#!/bin/sh
printf '%s\\n' "$*" >>"$HOME/asked"
[ ! -e "$HOME/fails" ] || exit 1
case "$*" in *--paginate*) cat "$HOME/earlier" 2>/dev/null;; esac
exit 0
"""
# The same for GitLab: curl lists the notes that are there, or writes one.
CURL = """#!/bin/sh
printf '%s\\n' "$*" >>"$HOME/asked"
case "$*" in *per_page*) cat "$HOME/earlier" 2>/dev/null || echo '[]';; esac
exit 0
"""


class Host:
    """Where the action runs: a clone of the hub with a pull request in it."""

    def __init__(self, lab: Lab, folder: Path) -> None:
        self.person: Person = lab.person("host")
        self.person.must("git", "clone", "-q", HUB, "app")
        self.person.cwd = self.person.home / "app"
        self.programs = programs(folder)
        for name, script in (("gh", GH), ("curl", CURL)):
            (self.programs / name).write_text(script, encoding="utf-8")
            (self.programs / name).chmod(0o755)

    def review(self, base: str, head: str, **settings: str) -> Done:
        env = {
            "PATH": f"{self.programs}:{self.person.env['PATH']}",
            "RUNNER_TEMP": str(self.person.home),
            "GITHUB_STEP_SUMMARY": str(self.person.home / "summary"),
            "GITHUB_REPOSITORY": "team/app",
            "NUMBER": "7",
            "COMMENT": "true",
            "BASE": self._id(base),
            "HEAD": self._id(head),
        }
        return self.person.run(["bash", str(ACTION / "review.sh")], env=env | settings)

    def gitlab(self, base: str, head: str) -> Done:
        env = {
            "PATH": f"{self.programs}:{self.person.env['PATH']}",
            "CI_PROJECT_DIR": str(self.person.cwd),
            "CI_API_V4_URL": "https://gitlab.example.com/api/v4",
            "CI_PROJECT_ID": "5",
            "CI_MERGE_REQUEST_IID": "7",
            "GITENV_COMMENT_TOKEN": "token",
            "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": base,
            "CI_COMMIT_SHA": self._id(head),
        }
        return self.person.run(["sh", "-e", "-c", gitlab_script()], env=env)

    def has(self, name: str) -> str:
        file = self.person.home / name
        return file.read_text(encoding="utf-8") if file.exists() else ""

    def write(self, name: str, text: str) -> None:
        (self.person.home / name).write_text(text, encoding="utf-8")

    def _id(self, revision: str) -> str:
        return self.person.must("git", "rev-parse", revision).said if set(revision) != {"0"} else revision


@pytest.fixture
def lab(new_lab: NewLab) -> Lab:
    """A pull request of alice's that sets a key, and one that somebody made with a client that runs no filters."""
    lab = new_lab("founded")
    alice = lab.person("alice")
    alice.cwd = alice.home / "app"
    alice.must("git", "switch", "-qc", "topic")
    (alice.cwd / ".env").write_bytes((alice.cwd / ".env").read_bytes() + b"GREETING=hunter2-new\n")
    alice.must("git", "commit", "-qam", "Set a key")
    alice.must("git", "push", "-q", "origin", "topic")
    alice.must("git", "switch", "-qc", "plain", "main")
    (alice.cwd / "raw").write_bytes(b"PASSWORD=hunter2-plain\n")
    blob = alice.must("git", "hash-object", "-w", "--no-filters", "raw").said
    (alice.cwd / "raw").unlink()
    alice.must("git", "update-index", "--cacheinfo", f"100644,{blob},.env")
    alice.must("git", "commit", "-qm", "Plain text", "--no-verify")
    alice.must("git", "push", "-q", "--no-verify", "origin", "plain")
    return lab


def test_a_comment_and_a_clean_gate(lab: Lab, tmp_path: Path) -> None:
    """An honest pull request gets one comment, which the next run replaces, and passes."""
    host = Host(lab, tmp_path / "bin")
    done = host.review("origin/main", "origin/topic")
    assert done.exit_code == 0, done.said
    comment = host.has("gitenv-review.md")
    assert comment.startswith(MARKER)
    assert "GREETING" in comment
    assert host.has("summary") == comment
    assert "--method POST repos/team/app/issues/7/comments" in host.has("asked")
    host.write("earlier", "4711\n4712\n")
    assert host.review("origin/main", "origin/topic").exit_code == 0
    assert "--method PATCH repos/team/app/issues/comments/4711 --field body=@" in host.has("asked")


def test_plain_text_stops_the_job(lab: Lab, tmp_path: Path) -> None:
    """A pull request with plain text in it fails, with an annotation that shows where and not what; SARIF is written."""
    host = Host(lab, tmp_path / "bin")
    done = host.review("origin/main", "origin/plain", SARIF="found.sarif")
    assert done.exit_code == 1, done.said
    assert "::error file=.env,line=1" in done.said
    assert "hunter2" not in done.said + host.has("gitenv-review.md") + host.has("app/found.sarif")
    assert '"2.1.0"' in host.has("app/found.sarif")


def test_a_fork_cannot_comment(lab: Lab, tmp_path: Path) -> None:
    """Where the token may not write, the summary has the review, and the gate decides as ever."""
    host = Host(lab, tmp_path / "bin")
    host.write("fails", "")
    done = host.review("origin/main", "origin/topic")
    assert done.exit_code == 0, done.said
    assert "no comment could be written" in done.said
    assert host.has("asked").count("\n") == 1  # it did not go on to write a second comment
    assert "GREETING" in host.has("summary")


def test_the_first_push_of_a_branch(lab: Lab, tmp_path: Path) -> None:
    """Without a base all of the commit is judged."""
    host = Host(lab, tmp_path / "bin")
    assert host.review("0" * 40, "origin/main").exit_code == 0
    host.person.must("git", "checkout", "-q", "origin/plain")
    assert host.review("0" * 40, "origin/plain").exit_code == 1


def gitlab_script() -> str:
    """The `script:` of the job in docs/review.md, as a runner puts it together."""
    page = (TOP / "docs" / "review.md").read_text(encoding="utf-8")
    found = re.search(r"## On GitLab\n\n```yaml\n.*?  script:\n(.*?)```", page, re.DOTALL)
    assert found
    lines = [line.removeprefix("    - ").removeprefix("      ") for line in found[1].splitlines()]
    return "\n".join(line for line in lines if line != "|" and "pip install" not in line)


def test_gitlab_has_one_note(lab: Lab, tmp_path: Path) -> None:
    """The job of the documents writes a note, replaces its own and nobody else's, and fails where the gate does."""
    host = Host(lab, tmp_path / "bin")
    notes = "https://gitlab.example.com/api/v4/projects/5/merge_requests/7/notes"
    done = host.gitlab("main", "origin/topic")
    assert done.exit_code == 0, done.said
    assert f"-X POST --data-urlencode body@{host.person.cwd}.md {notes}\n" in host.has("asked")
    assert host.has("app.md").startswith(MARKER)
    people = {"project_5_bot_1": 12, "alice": 11}
    earlier = [{"id": number, "body": f"{MARKER} old", "author": {"username": name}} for name, number in people.items()]
    host.write("earlier", json.dumps([*earlier[::-1], {"id": 13, "body": "LGTM", "author": {"username": "project_5_bot_1"}}]))
    assert host.gitlab("main", "origin/topic").exit_code == 0
    assert f"-X PUT --data-urlencode body@{host.person.cwd}.md {notes}/12\n" in host.has("asked")
    assert host.gitlab("main", "origin/plain").exit_code == 1


def test_nothing_chosen_by_others_is_part_of_a_script() -> None:
    """What comes from a pull request reaches the scripts in variables only: spliced into one, it would be run."""
    text = (ACTION / "action.yml").read_text(encoding="utf-8")
    scripts = re.findall(r"^ +run: (?:\|\n((?:(?:        .*)?\n)+)|(.*)\n)", text, re.MULTILINE)
    assert len(scripts) == 2
    assert not any("${{" in part for script in scripts for part in script)
    assert "${{" not in (ACTION / "review.sh").read_text(encoding="utf-8")


def test_python_starts_nothing_of_a_pull_request() -> None:
    """Scripts of a host start where a pull request is checked out: -I, or a venv.py or json.py from there would run."""
    places = [ACTION / "action.yml", ACTION / "review.sh", TOP / "docs" / "review.md"]
    started = [line for place in places for line in re.findall(r"python3? -.*", place.read_text(encoding="utf-8"))]
    assert len(started) >= 2
    assert all(line.startswith("python3 -I ") for line in started)


def test_the_base_is_not_where_a_merge_request_began() -> None:
    """Whoever was removed could begin before that: the GitLab snippet believes the target branch as it is now."""
    snippet = (TOP / "docs" / "review.md").read_text(encoding="utf-8").partition("## On GitLab")[2].partition("```\n")[0]
    assert "git fetch -q --no-tags origin" in snippet
    assert "DIFF_BASE" not in snippet
