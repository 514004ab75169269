"""The conditions (pathologies) a person can have, with source and size.

    cisterna conditions
    cisterna conditions --json
"""

from __future__ import annotations

from typing import Annotated

import typer

from cisterna.outside.commands._listing import show


def command(as_json: Annotated[bool, typer.Option("--json", help='Print {"conditions": [...]}.')] = False) -> None:
    from cisterna.conditions import conditions

    rows = [{"name": n, "summary": c.summary, "source": c.source} for n, c in conditions().items()]
    show("conditions", rows, as_json)
