"""Names that change which code a program loads, or which it starts. A value in a commit must not decide that unasked.

Whoever may set a value for a team may be somebody who may run nothing on its machines. So these take the user's word for each:
`--allow NAME`, or `GITENV_ALLOW`, which no commit writes. It is a list of what is known, not a wall: a program can read its own
code from any name.
"""

from __future__ import annotations

import os
from collections.abc import Collection

VARIABLE = "GITENV_ALLOW"
_BEGINNINGS = {
    "LD_": "the dynamic linker loads what it names",
    "DYLD_": "the dynamic linker loads what it names",
    "GIT_": "git starts what it names",
    "PYTHON": "Python loads what it names",
    "BASH_FUNC_": "bash takes it for a function",
    "GITENV_": "gitenv itself goes by it",
    "NPM_CONFIG_": "npm starts what it names",
    "npm_config_": "npm starts what it names",
    "GCONV_": "the C library loads what it names",
}
_HARMLESS = frozenset(("PYTHONUNBUFFERED", "PYTHONUTF8", "PYTHONIOENCODING", "PYTHONDONTWRITEBYTECODE", "PYTHONHASHSEED"))
_LOADS = "it names code that is loaded at the start"
_STARTS = "it names a program that others start"
_SHELL = "shells go by it in whatever they do"
_NAMES = {
    **dict.fromkeys(("NODE_OPTIONS", "NODE_PATH", "NODE_REPL_EXTERNAL_MODULE", "ELECTRON_RUN_AS_NODE", "BUN_OPTIONS"), _LOADS),
    **dict.fromkeys(("PERL5OPT", "PERL5LIB", "PERLLIB", "PERL5DB", "RUBYOPT", "RUBYLIB", "PHPRC", "PHP_INI_SCAN_DIR"), _LOADS),
    **dict.fromkeys(
        ("JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS", "JDK_JAVA_OPTIONS", "CLASSPATH", "MAVEN_OPTS", "GRADLE_OPTS"), _LOADS
    ),
    **dict.fromkeys(("DOTNET_STARTUP_HOOKS", "COR_PROFILER", "CORECLR_PROFILER", "R_PROFILE", "R_PROFILE_USER"), _LOADS),
    **dict.fromkeys(("LUA_INIT", "LUA_PATH", "LUA_CPATH", "TCLLIBPATH", "ERL_FLAGS", "ERL_LIBS", "R_LIBS"), _LOADS),
    **dict.fromkeys(
        ("OPENSSL_CONF", "OPENSSL_MODULES", "OPENSSL_ENGINES", "GLIBC_TUNABLES", "VIMINIT", "EXINIT", "LESSOPEN", "LESSCLOSE"),
        _LOADS,
    ),
    **dict.fromkeys(("GEM_HOME", "GEM_PATH", "BUNDLE_GEMFILE", "JULIA_LOAD_PATH", "PSMODULEPATH"), _LOADS),
    **dict.fromkeys(
        ("RUSTC_WRAPPER", "RUSTC", "CARGO_HOME", "MAKEFLAGS", "GOFLAGS", "RSYNC_RSH", "CVS_RSH", "SVN_SSH"), _STARTS
    ),
    **dict.fromkeys(
        ("EDITOR", "VISUAL", "PAGER", "MANPAGER", "BROWSER", "SHELL", "SSH_ASKPASS", "SUDO_ASKPASS", "SUDO_EDITOR"), _STARTS
    ),
    **dict.fromkeys(("BASH_ENV", "ENV", "ZDOTDIR", "IFS", "PROMPT_COMMAND", "SHELLOPTS", "BASHOPTS", "PS0", "PS4"), _SHELL),
    **dict.fromkeys(("PATH", "CDPATH", "FPATH", "PATHEXT", "COMSPEC"), "programs are found by it"),
    **dict.fromkeys(("HOME", "XDG_CONFIG_HOME", "XDG_CONFIG_DIRS", "APPDATA"), "programs read their configuration there"),
}


def why(name: str, given: Collection[str] = ()) -> str:
    """What is dangerous about a name that the user has not allowed; "" if nothing is known. `given` are allowed here."""
    if name in given or name in allowed():
        return ""
    if os.name == "nt":  # there PATH and Path are one variable
        name = name.upper()
    if name in _HARMLESS:
        return ""
    return _NAMES.get(name, "") or next((reason for begin, reason in _BEGINNINGS.items() if name.startswith(begin)), "")


def allowed() -> frozenset[str]:
    """The names that the user has allowed once and for all."""
    return frozenset(os.environ.get(VARIABLE, "").replace(",", " ").split())
