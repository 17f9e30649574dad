"""Names that change which code a program loads, or which it starts. A value in a commit must not decide that unasked.

Whoever may set a value for a team may be somebody who may run nothing on its machines. So these take the user's word for each:
`--allow NAME`, or `GITENV_ALLOW`, which no commit writes. It is a list of what is known, not a wall: a program can read its own
code from any name.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping

VARIABLE = "GITENV_ALLOW"
_BEGINNINGS = {
    "LD_": "the dynamic linker loads what it names",
    "DYLD_": "the dynamic linker loads what it names",
    "GIT_": "git starts what it names",
    "PYTHON": "Python loads what it names",
    "BASH_FUNC_": "bash takes it for a function",
    "GITENV_": "gitenv itself goes by it",
    "GCONV_": "the C library loads what it names",
    "PERL5": "Perl loads what it names",
    "LUA_": "Lua loads what it names",  # LUA_INIT_5_4 comes before LUA_INIT
    "fish_": "fish finds functions and programs by it",
    "CARGO_BUILD_": "cargo starts what it names",
    "CARGO_TARGET_": "cargo starts what it names",
}
_IN_ANY_CASE = {"NPM_CONFIG_": "npm starts what it names", "PNPM_CONFIG_": "pnpm starts what it names"}
_HARMLESS = frozenset(("PYTHONUNBUFFERED", "PYTHONUTF8", "PYTHONIOENCODING", "PYTHONDONTWRITEBYTECODE", "PYTHONHASHSEED"))
_LOADS = "it names code that is loaded at the start"
_STARTS = "it names a program that others start"
_SHELL = "shells go by it in whatever they do"
_FOUND_BY, _CONFIGURED_BY = "programs are found by it", "programs read their configuration there"
_WORDS = {
    _LOADS: """
        NODE_OPTIONS NODE_PATH NODE_REPL_EXTERNAL_MODULE ELECTRON_RUN_AS_NODE BUN_OPTIONS YARN_YARN_PATH YARN_PLUGINS
        PERLLIB RUBYOPT RUBYLIB GEM_HOME GEM_PATH BUNDLE_GEMFILE BUNDLE_APP_CONFIG PHPRC PHP_INI_SCAN_DIR COMPOSER_HOME
        JAVA_TOOL_OPTIONS _JAVA_OPTIONS JDK_JAVA_OPTIONS JAVA_OPTS CLASSPATH MAVEN_OPTS GRADLE_OPTS
        DOTNET_STARTUP_HOOKS DOTNET_ADDITIONAL_DEPS ASPNETCORE_HOSTINGSTARTUPASSEMBLIES COR_PROFILER CORECLR_PROFILER
        R_PROFILE R_PROFILE_USER R_ENVIRON R_ENVIRON_USER R_LIBS R_LIBS_USER R_LIBS_SITE JULIA_LOAD_PATH JULIA_DEPOT_PATH
        TCLLIBPATH ERL_FLAGS ERL_AFLAGS ERL_ZFLAGS ERL_LIBS ELIXIR_ERL_OPTIONS PSQLRC GTK_MODULES PSMODULEPATH
        QT_PLUGIN_PATH GTK_PATH GIO_EXTRA_MODULES GST_PLUGIN_PATH CAML_LD_LIBRARY_PATH GUILE_LOAD_PATH EMACSLOADPATH VIMRUNTIME
        OPENSSL_CONF OPENSSL_MODULES OPENSSL_ENGINES GLIBC_TUNABLES VIMINIT EXINIT LESSOPEN LESSCLOSE
    """,
    _STARTS: """
        RUSTC_WRAPPER RUSTC_WORKSPACE_WRAPPER RUSTC RUSTDOC CARGO_HOME GOFLAGS GOROOT GOTOOLCHAIN
        MAKEFILES MAKEFLAGS GNUMAKEFLAGS RSYNC_RSH CVS_RSH SVN_SSH npm_execpath npm_node_execpath
        COMPILER_PATH GCC_EXEC_PREFIX RUSTFLAGS GOENV ANT_OPTS SBT_OPTS WGETRC SCREENRC FCEDIT HGEDITOR SVN_EDITOR KUBE_EDITOR
        PSQL_PAGER PSQL_EDITOR AWS_PAGER SYSTEMD_PAGER SYSTEMD_EDITOR GH_PAGER GH_EDITOR GH_BROWSER BAT_PAGER DELTA_PAGER
        TAR_OPTIONS LESS LESSKEY LESSKEYIN LESSKEY_CONTENT LESSEDIT ZIPOPT FZF_DEFAULT_COMMAND FZF_DEFAULT_OPTS
        RIPGREP_CONFIG_PATH KUBECTL_EXTERNAL_DIFF CLOUDSDK_PYTHON PERLDB_OPTS NULLCMD READNULLCMD CC CXX CPP
        EDITOR VISUAL PAGER MANPAGER BROWSER SHELL SSH_ASKPASS SUDO_ASKPASS SUDO_EDITOR
    """,
    # In a prompt shells replace commands; for a number bash computes what it is given, and a subscript in that is a command.
    _SHELL: """
        BASH_ENV ENV ZDOTDIR IFS SHELLOPTS BASHOPTS BASH_LOADABLES_PATH INPUTRC MAILPATH
        PROMPT_COMMAND PS0 PS1 PS2 PS3 PS4 PROMPT RPROMPT RPS1
        RANDOM SRANDOM SECONDS OPTIND HISTCMD
    """,
    _FOUND_BY: "PATH CDPATH FPATH PATHEXT COMSPEC",
    _CONFIGURED_BY: "HOME XDG_CONFIG_HOME XDG_CONFIG_DIRS APPDATA",
}
_NAMES = {name: reason for reason, names in _WORDS.items() for name in names.split()}


def why(name: str, given: Collection[str] = ()) -> str:
    """What is dangerous about a name that the user has not allowed; "" if nothing is known. `given` are allowed here."""
    if name in given or name in allowed():
        return ""
    return _reason(name)


def is_from_outside(name: str) -> bool:
    """Whether a variable that somebody set for a command may have it load, or start, code of theirs.

    What is left is how the machine is set up: without PATH, HOME and SHELL little runs.
    """
    return name != "SHELL" and not name.startswith("GITENV_") and _reason(name) not in ("", _FOUND_BY, _CONFIGURED_BY)


def _reason(name: str) -> str:
    if os.name == "nt":  # there PATH and Path are one variable
        name = name.upper()
    if name in _HARMLESS:
        return ""
    return _NAMES.get(name, "") or _by_beginning(name, _BEGINNINGS) or _by_beginning(name.upper(), _IN_ANY_CASE)


def _by_beginning(name: str, beginnings: Mapping[str, str]) -> str:
    return next((reason for begin, reason in beginnings.items() if name.startswith(begin)), "")


def allowed() -> frozenset[str]:
    """The names that the user has allowed once and for all."""
    return frozenset(os.environ.get(VARIABLE, "").replace(",", " ").split())
