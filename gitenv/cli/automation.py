"""Whether a program reads along: an agent that keeps what it sees, or CI, whose logs many can read.

Agents mark the shells that they start, each in its own way. A new one is a word more here, with where it is written down.
"""

from __future__ import annotations

from collections.abc import Mapping

AGENTS = (
    "AI_AGENT",  # any that follows github.com/vercel/vercel/tree/main/packages/detect-agent, from where also those with *
    "AGENT",  # goose, Amp: the proposal of agents.md
    "CLAUDECODE",  # Claude Code *
    "CLAUDE_CODE",
    "CURSOR_AGENT",  # Cursor's agent *
    "CURSOR_TRACE_ID",  # a terminal in Cursor *
    "CODEX_SANDBOX",  # Codex *
    "CODEX_CI",  # *
    "CODEX_THREAD_ID",  # *
    "GEMINI_CLI",  # Gemini CLI *; gitlab.com/gitlab-org/cli/-/merge_requests/3293
    "COPILOT_CLI",  # Copilot's command line: github.com/dotnet/sdk/pull/54227
    "COPILOT_AGENT",  # Copilot in VS Code: github.com/microsoft/vscode/pull/316267
    "COPILOT_AGENT_SESSION_ID",  # github.com/watson/is-ci/issues/28
    "ANTIGRAVITY_AGENT",  # *
    "AUGMENT_AGENT",  # *
    "OPENCODE",  # github.com/checkly/checkly-cli/pull/1261
    "OPENCODE_CLIENT",  # *
    "CLINE_ACTIVE",  # github.com/checkly/checkly-cli/pull/1261
    "REPL_ID",  # Replit *
    "AIDER_API_KEY",  # aider marks nothing: this is its configuration. github.com/ascorbic/am-i-vibing
    "AIDER_MODEL",
)

CI = (  # github.com/watson/ci-info/blob/master/vendors.json
    "CI",  # nearly all
    "GITHUB_ACTIONS",
    "GITLAB_CI",
    "APPVEYOR",
    "BITBUCKET_COMMIT",
    "BITRISE_IO",
    "BUDDY_WORKSPACE_ID",
    "BUILDKITE",
    "CIRCLECI",
    "CIRRUS_CI",
    "CODEBUILD_BUILD_ARN",
    "DRONE",
    "GO_PIPELINE_LABEL",
    "JENKINS_URL",
    "NETLIFY",
    "SEMAPHORE",
    "SYSTEM_TEAMFOUNDATIONCOLLECTIONURI",  # Azure Pipelines
    "TEAMCITY_VERSION",
    "TRAVIS",
    "bamboo_planKey",
)

_NO = ("", "0", "false")  # how people switch off what looks at such a variable


def found(environment: Mapping[str, str]) -> str:
    """The first of those variables that is set, or ""."""
    return next((name for name in (*AGENTS, *CI) if environment.get(name, "").lower() not in _NO), "")
