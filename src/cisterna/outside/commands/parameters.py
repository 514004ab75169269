"""Numbers of the body: value, range, unit, status and source of each.

PATTERN is part of an id or name, or has wildcards. Three rows or fewer are told in full. Status: read in a
source, recalled, computed from other rows; assumed and required numbers have no source.

    cisterna parameters csf_production
    cisterna parameters "csf_*" --json
    cisterna parameters skull --status assumed
    cisterna parameters icp --sources
"""

from __future__ import annotations

import re
from typing import Annotated

import typer

from cisterna.ground.errors import CisternaError, UnknownName
from cisterna.ground.parameter import STATUS, Parameter, Parameters, default_parameters
from cisterna.ground.sources import cite
from cisterna.outside import terminal
from cisterna.outside.figures.numerals import plain
from cisterna.outside.terminal import Cell, Mark

#: So many rows are told in full instead of in a table.
FULL = 3


def command(
    pattern: Annotated[str, typer.Argument(help="Part of an id or name, or a pattern with * and ?.")] = "*",
    as_json: Annotated[bool, typer.Option("--json", help='Print {"parameters": [...]}, all columns.')] = False,
    status: Annotated[str, typer.Option("--status", help=f"Only rows of one status: {', '.join(STATUS)}.")] = "",
    sources: Annotated[bool, typer.Option("--sources", help="Print the distinct sources instead.")] = False,
) -> None:
    every = default_parameters()
    found = every.select(pattern)
    if pattern in every and not (as_json or sources):
        _full(every.peek(pattern))
        if len(found) > 1:
            terminal.out().hint(f"{len(found) - 1} more: cisterna parameters '*{pattern}*'")
        return
    if not found:
        raise UnknownName("parameter like", pattern, list(every))
    if status:
        if status not in STATUS:
            raise UnknownName("status", status, list(STATUS))
        found = found.select(status=status)
        if not found:
            raise CisternaError(f"no parameter like '{pattern}' is {status}", mend="leave out --status")
    if sources:
        _sources(found, as_json)
    elif as_json:
        terminal.emit({"parameters": found.table()})
    elif len(found) <= FULL:
        for number, row in enumerate(found.values()):
            if number:
                terminal.out().blank()
            _full(row)
    else:
        _table(found)


def status_of(row: Parameter) -> Cell:
    """The status; a number without source carries a sign."""
    return Mark("assumed", row.status) if row.assumed else row.status


def short_source(row: Parameter) -> str:
    """Who and when, for a narrow table; an assumed number has none.

    Examples
    --------
    >>> short_source(default_parameters()["csf_vol_lateral_vent"])
    'Grant et al. 1986'
    """
    text = row.source.removeprefix(f"{row.status}:").strip()
    named = re.match(r"[^\d:]{0,40}?\b(?:19|20)\d\d\b", text)
    return named.group(0) if named else "" if text == row.status else text


def _table(found: Parameters) -> None:
    screen = terminal.out()
    rows: list[list[Cell]] = []
    for row in found.values():
        span = f"{plain(row.low, 4)} to {plain(row.high, 4)}"
        source = short_source(row) if screen.tty else row.source
        rows.append([row.id, plain(row.value, 5), span, row.unit, status_of(row), source])
    screen.table(["id", ">value", ">range", "unit", "status", "source"], rows)
    assumed = sum(row.assumed for row in found.values())
    screen.hint(f"{len(found)} parameters, {assumed} without a source (assumed or required)")


def _full(row: Parameter) -> None:
    screen = terminal.out()
    screen.title(row.id, row.name)
    screen.fact("value", f"{plain(row.value, 6)} {row.unit}")
    screen.fact("range", f"{plain(row.low, 6)} to {plain(row.high, 6)} {row.unit} ({row.range_kind})")
    screen.fact("status", status_of(row))
    screen.fact("evidence", Mark(row.evidence, row.evidence))
    for label, text in (("who", row.population), ("level", row.level_ref), ("source", row.source), ("note", row.note)):
        if text and text != "none":
            screen.fact(label, text)


def _sources(found: Parameters, as_json: bool) -> None:
    cited = cite(found, found)
    if as_json:
        terminal.emit({"sources": cited})
        return
    for source in cited:
        terminal.out().fact("-", source, width=2)
