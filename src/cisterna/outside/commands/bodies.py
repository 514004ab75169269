"""The body models: what each holds and leaves out.

    cisterna bodies
    cisterna bodies --json
"""

from __future__ import annotations

from typing import Annotated

import typer

from cisterna.outside.commands._listing import show


def command(as_json: Annotated[bool, typer.Option("--json", help='Print {"bodies": [...]}.')] = False) -> None:
    from cisterna.model.body import bodies

    show("bodies", [{"name": name, "summary": cls.summary} for name, cls in bodies().items()], as_json)
