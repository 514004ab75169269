"""The steps a protocol can be made of, with their fields and units.

    cisterna steps
    cisterna steps bolus
    cisterna steps --json
"""

from __future__ import annotations

import dataclasses
from typing import Annotated, Any

import typer

from cisterna.ground.errors import UnknownName
from cisterna.outside import terminal
from cisterna.outside.commands._listing import show


def command(
    name: Annotated[str, typer.Argument(help="One step: its fields.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help='Print {"steps": [...]} with fields.')] = False,
) -> None:
    from cisterna.protocol.step import steps

    known = steps()
    if name and name not in known:
        raise UnknownName("step", name, list(known))
    rows: list[dict[str, Any]] = [
        {"name": key, "summary": cls.summary, "fields": fields(cls)}
        for key, cls in known.items()
        if not name or key == name
    ]
    show("steps", rows, as_json)
    if name and not as_json:
        screen = terminal.out()
        screen.blank()
        screen.table(
            ["field", "unit", "default", "meaning"],
            [[f["name"], f["unit"] or "word", f["default"], f["meaning"]] for f in rows[0]["fields"]],
        )


def fields(cls: Any) -> list[dict[str, str]]:
    """The words a step takes in a file: name, unit, default, meaning."""
    from cisterna.protocol.step import plain

    found = []
    for item in dataclasses.fields(cls):
        about = item.metadata
        if "doc" not in about:
            continue
        if item.default is dataclasses.MISSING:
            default = "needed"
        elif isinstance(item.default, str):
            default = item.default.lstrip("@")
        else:
            default = plain(item.default, about["unit"])
        name = about.get("key") or item.name
        found.append({"name": name, "unit": about["unit"], "default": default, "meaning": about["doc"]})
    return found
