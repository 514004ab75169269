"""Places on the body where a hand rests: the table of listening stations and treatment sites.

NAME is one station (sacrum.M) or a pair (heel). Almost every number in this table is assumed and says so.

    cisterna stations
    cisterna stations occiput --json
"""

from __future__ import annotations

from typing import Annotated, Any

import typer

from cisterna.outside import terminal


def command(
    name: Annotated[str, typer.Argument(help="A station or a pair of them.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help='Print {"stations": [...]}, all columns.')] = False,
) -> None:
    from cisterna.ground.errors import UnknownName
    from cisterna.physiology.stations import stations

    every = stations()
    chosen = {key: row for key, row in every.items() if not name or name in (key, key.split(".")[0])}
    if not chosen:
        raise UnknownName("station", name, list(dict.fromkeys([*(k.split(".")[0] for k in every), *every])))
    if as_json:
        terminal.emit({"stations": [{"id": key, **dict(row.cells)} for key, row in chosen.items()]})
    elif name:
        for key, row in chosen.items():
            _full(key, dict(row.cells))
    else:
        _table({key: dict(row.cells) for key, row in chosen.items()})


def _table(rows: dict[str, dict[str, Any]]) -> None:
    screen = terminal.out()
    columns = ("kind", "region", "contact_area_cm2", "stiffness_N_per_mm", "status")
    screen.table(
        ["station", "kind", "region", ">area, cm2", ">stiffness, N/mm", "status"],
        [[key, *(row[name] for name in columns)] for key, row in rows.items()],
    )
    screen.hint(f"{len(rows)} stations; one in full: cisterna stations NAME")


def _full(key: str, row: dict[str, Any]) -> None:
    screen = terminal.out()
    screen.title(key, row["name"])
    for label, text in row.items():
        if text and label not in ("id", "name"):
            screen.fact(label, str(text), width=22)
    screen.blank()
