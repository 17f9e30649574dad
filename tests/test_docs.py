"""What README.md and docs/*.md show is run, command by command, and what they print is compared.

How to write a session into a document:

    ```console
    $ gitenv init
    you are alice, key SHA256:…
    …
    bob$ git clone -q git@example.com:team/app.git app
    ```

- Only fenced blocks that open with ```console at the start of a line are run; all blocks of one document are one session.
- `alice$ `, `bob$ ` and `$ ` (the same as `alice$ `) begin a command, which `sh` runs. Each person has a home of their own,
  and each keeps the folder that their last `cd` went to, also from one block to the next. A line ending in a backslash goes on
  in the next one; so does a here-document, up to its end mark.
- The lines after a command are its output, standard output and standard error together as they come. `…` in a line stands
  for anything in that line; a line that is only `…` stands for any number of lines. White space at line ends and blank
  lines do not count. A command that shows no output may print what it likes.
- A command that fails must show a line that begins with `error:` or `fatal:`; one that shows such a line must fail.
- A document may begin (its very first line) with a comment that says where it starts from; without one it is `fresh`:
  `<!-- lab: fresh -->`    an empty hub, nothing cloned; both people stand in their home, `~`.
  `<!-- lab: empty -->`    the same hub, cloned by both at `~/app`, where they stand; no commit yet.
  `<!-- lab: founded -->`  a repository that alice founded: `.env` (HELLO, PASSWORD) committed and pushed; both have it at
                           `~/app`, where they stand; bob has run nothing of gitenv yet.
- The hub is `git@example.com:team/app.git` everywhere; git is told in each person's configuration where that really is.
- `PASSWORD` in the founded `.env` is `hunter2`; `main` is the only branch. There is no terminal: what asks needs `--yes`.
"""
