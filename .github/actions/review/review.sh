#!/usr/bin/env bash
# Reviews the commits from BASE to HEAD: a comment with the key names that change, then the gate, whose answer is this script's.
# It reads commits and runs nothing of them.
set -euo pipefail

marker='<!-- gitenv diff -->'
text="$RUNNER_TEMP/gitenv-review.md"
zeros='^0*$'

fetch() { # what the checkout left out: the base's history, and the commits of a fork
  if [[ $(git rev-parse --is-shallow-repository) == true ]]; then
    git fetch --quiet --no-tags --unshallow origin
  fi
  if ! git cat-file -e "$HEAD^{commit}" 2>/dev/null && [[ -n ${NUMBER:-} ]]; then
    git fetch --quiet --no-tags origin "refs/pull/$NUMBER/head"
  fi
}

comment() { # replaces the one of the last run; a person's comment that only looks like it is left alone
  local comments="repos/$GITHUB_REPOSITORY/issues/$NUMBER/comments" ours
  ours=$(gh api --paginate "$comments" \
    --jq ".[] | select(.user.type == \"Bot\" and (.body | startswith(\"$marker\"))) | .id" | sed -n 1p) || return
  if [[ -n $ours ]]; then
    gh api --silent --method PATCH "repos/$GITHUB_REPOSITORY/issues/comments/$ours" --field "body=@$text"
  else
    gh api --silent --method POST "$comments" --field "body=@$text"
  fi
}

strict=()
[[ ${STRICT:-false} != true ]] || strict=(--strict)
fetch
if [[ $BASE =~ $zeros ]]; then # the first push of a branch: there is nothing to compare it with
  gitenv check --all --format github ${strict[@]+"${strict[@]}"}
  exit
fi
gitenv diff "$BASE...$HEAD" --format markdown >"$text"
cat "$text" >>"$GITHUB_STEP_SUMMARY"
if [[ $COMMENT == true && -n ${NUMBER:-} ]]; then
  # A fork's token may not write; the summary has it all the same.
  comment || echo 'gitenv: no comment could be written; see the summary of this job'
fi
if [[ -n ${SARIF:-} ]]; then
  gitenv check "$BASE..$HEAD" --format sarif >"$SARIF" || true # the last line decides
fi
gitenv check "$BASE..$HEAD" --format github ${strict[@]+"${strict[@]}"}
