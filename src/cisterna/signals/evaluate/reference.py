"""Every number an evaluation can answer with: what it is, how it is computed, how sure it is, where it comes from."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

from cisterna.ground.errors import UnknownName
from cisterna.ground.parameter import default_parameters
from cisterna.signals.indices import indices
from cisterna.signals.indices._index import ANY

_INDICES = "Indices"


@dataclass(frozen=True)
class Entry:
    """What a result of this id means.

    Attributes
    ----------
    id, unit, what : str
        As in `Result`; ``of the signal`` where the unit is that of the channel.
    part : str
        Part of the evaluation it belongs to.
    definition, window, interval, source : str
        How it is computed, over which window ("" for the whole recording), how its 95 % interval is found, the paper.
    """

    id: str
    unit: str
    what: str
    part: str
    definition: str
    window: str
    interval: str
    source: str


@lru_cache(maxsize=1)
def entries() -> dict[str, Entry]:
    """Every id -> what it means.

    Examples
    --------
    >>> entries()["rout"].unit, entries()["prx"].window
    ('mmHg/(mL/min)', '300 s, swept from 150 to 600 s')
    """
    text = resources.files("cisterna.signals.evaluate").joinpath("ids.csv").read_text(encoding="utf-8")
    found = [Entry(window="", **row) for row in csv.DictReader(text.splitlines())]
    rows = default_parameters()
    for kind in indices().values():
        one, row = kind(), rows[kind.window_id]
        window = f"{row.value:g} s, swept from {row.low:g} to {row.high:g} s"
        found += [
            Entry(r.id, r.unit or "of the signal", r.title, _INDICES, one.definition, window, one.interval, one.source)
            for r in one.all_reports()
        ]
    return {entry.id: entry for entry in found}


def entry(id: str) -> Entry:
    """What an id means; a wrong one is answered with the nearest.

    Examples
    --------
    >>> entry("pvi").definition
    '1/(0.4343 E)'
    """
    if id not in entries():
        raise UnknownName("result", id, list(entries()))
    return entries()[id]


def page() -> str:
    """The reference as Markdown: a table for each part, a paragraph for each index or family of indices."""
    every = entries().values()
    lines: list[str] = []
    for part in dict.fromkeys(e.part for e in every if e.part != _INDICES):
        lines += [f"## {part}", "", "| id | unit | what | how | 95 % interval | source |", "|---|---|---|---|---|---|"]
        lines += [
            f"| `{e.id}` | {e.unit} | {e.what} | {e.definition} | {e.interval} | {e.source} |"
            for e in every
            if e.part == part
        ]
        lines.append("")
    lines += [f"## {_INDICES}", ""]
    for kind in indices().values():
        one = kind()
        mine = [entries()[r.id] for r in one.all_reports()]
        of = ", ".join("any signal" if need == ANY else need for need in one.needs)
        lines += [f"### {one.title}", ""]
        lines += [f"- `{e.id}`{'' if len(mine) == 1 else f': {e.what}'} ({e.unit})" for e in mine]
        lines += ["", f"From {of}. Computed: {one.definition}. Window: {mine[0].window}."]
        lines += [f"Interval: {one.interval}.", f"Source: {one.source}.", ""]
    return "\n".join(lines)
