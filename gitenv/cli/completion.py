"""`gitenv completion`: what each shell is told, which then asks `gitenv complete` (`completing.py`) at each Tab.

No shell takes an answer for code: it is read line by line, and put into the line as a word.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from gitenv.cli import show
from gitenv.cli.options import Argument


class Shell(StrEnum):
    """Those that can be told."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"
    POWERSHELL = "powershell"


_BASH = r"""# gitenv for bash. In ~/.bashrc: eval "$(gitenv completion bash)"
_gitenv() {
    local word found
    COMPREPLY=()
    found=$(command gitenv complete bash "=${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[@]:1:COMP_CWORD-1}" 2>/dev/null) || return 0
    while IFS= read -r word; do
        case $word in
            :file) compopt -o default 2>/dev/null ;;
            :folder) compopt -o dirnames 2>/dev/null ;;
            :behind*)
                if declare -F _command_offset >/dev/null; then _command_offset "${word#:behind }"
                elif ((COMP_CWORD == ${word#:behind })); then
                    found=$(compgen -c -- "${COMP_WORDS[COMP_CWORD]}" | sort -u)
                    while IFS= read -r word; do COMPREPLY+=(${word:+"$word"}); done <<< "$found"
                else compopt -o default 2>/dev/null
                fi ;;
            ?*) COMPREPLY+=("$word") ;;
        esac
    done <<< "$found"
    return 0
}
complete -F _gitenv gitenv
"""

_ZSH = r"""#compdef gitenv
# gitenv for zsh. In ~/.zshrc, behind compinit: eval "$(gitenv completion zsh)"
_gitenv() {
    local -a found
    found=("${(@f)$(command gitenv complete zsh "=$PREFIX" "${(@)words[2,CURRENT-1]}" 2>/dev/null)}")
    case $found[1] in
        :file) _files ;;
        :folder) _files -/ ;;
        :behind*) shift ${found[1]#:behind } words; (( CURRENT -= ${found[1]#:behind } )); _normal ;;
        ?*) compadd -- "${(@)found}" ;;
    esac
}
compdef _gitenv gitenv
"""

_FISH = r"""# gitenv for fish. In ~/.config/fish/completions/gitenv.fish: gitenv completion fish | source
function __gitenv_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l found (command gitenv complete fish "=$current" $words[2..] 2>/dev/null)
    switch "$found[1]"
        case ':folder'
            __fish_complete_directories "$current"
        case ':behind*'
            set -e words[1..(string replace ':behind ' '' -- "$found[1]")]
            complete -C (string join -- ' ' (string escape -- $words) "$current")
        case ':*'
            complete -C "'' $current"
        case '*'
            printf '%s\n' $found
    end
end
complete -c gitenv -f -a '(__gitenv_complete)'
"""

_POWERSHELL = r"""# gitenv for PowerShell. In $PROFILE: gitenv completion powershell | Out-String | Invoke-Expression
Register-ArgumentCompleter -Native -CommandName gitenv -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $words = @($commandAst.CommandElements | Select-Object -Skip 1 |
        Where-Object { $_.Extent.EndOffset -lt $cursorPosition } | ForEach-Object { $_.ToString() })
    & gitenv complete powershell "=$wordToComplete" @words 2>$null | Where-Object { $_ -notlike ':*' } | ForEach-Object {
        [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)
    }
}
"""
_SCRIPTS = {Shell.BASH: _BASH, Shell.ZSH: _ZSH, Shell.FISH: _FISH, Shell.POWERSHELL: _POWERSHELL}


def run(shell: Annotated[Shell, Argument("bash|zsh|fish|powershell", "The shell that is to complete.")]) -> None:
    """Print what makes your shell complete.

    Commands, options, and the names of environments, people and keys. The first line says where to put it.
    """
    show.write(_SCRIPTS[shell])
