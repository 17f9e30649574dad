"""Options that mean the same in every command that has them."""

from __future__ import annotations

from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="For programs.")]
Environment = Annotated[str, typer.Option("-e", "--environment", help="Only this one.", metavar="ENV", show_default=False)]
Environments = Annotated[
    list[str] | None, typer.Option("-e", "--environment", help="Only this one; may be repeated.", metavar="ENV")
]
About = Annotated[
    list[str] | None,
    typer.Option("-e", "--environment", help="Leave out what is about other environments; may be repeated.", metavar="ENV"),
]
