"""What docs/whole.md takes from a run: the tables, the tally, the rows that are not met, values outside their row.

Words stand in the page, numbers come from the program: `python docs/generate.py` keeps the one and renews the other.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Mapping, Sequence
from importlib import resources
from typing import Any

Rows = Sequence[Mapping[str, Any]]
_FIGURE = r"\d+ of \d+ outcomes"
_BULLET = re.compile(r"^- `(\w+)` \([^)]*\)", re.MULTILINE)
#: A working value stands for a published row when its note says on which side of it it lies.
_STANDS_FOR = re.compile(r"\b(?:below|above) (\w+)")


def number(value: float | None) -> str:
    """Three digits, a true minus; nothing for none."""
    return "none" if value is None else f"{value:.3g}".replace("-", "\u2212")


def limits(row: Mapping[str, Any]) -> str:
    """The range as the command line prints it, with a true minus."""
    from cisterna.outside.commands._observed import span

    return span(row).replace("-", "\u2212")


def words_of(page: str) -> dict[str, str]:
    """Row id -> what the page calls it, where it is named first."""
    found: dict[str, str] = {}
    for key, words in re.findall(r"^\| `(\w+)` \| ([^|]+?) \|", page, re.MULTILINE):
        found.setdefault(key, words)
    return found


def table(rows: Rows, words: Mapping[str, str]) -> str:
    """Observed rows as a table."""
    from cisterna.outside.simulation_numbers import label
    from cisterna.protocol.tally import stands_as

    lines = ["| row | what | value | unit | range | | counts as |", "|---|---|---:|---|---|---|---|"]
    for row in rows:
        inside = row["inside"]
        place = "" if inside is None else "inside" if inside else "**outside**"
        what = words.get(row["id"]) or label(row["id"], row["unit"])[1]
        lines.append(
            f"| `{row['id']}` | {what} | {number(row['value'])} | {row['unit']} | {limits(row)} | {place} "
            f"| {stands_as(row)} |"
        )
    return "\n".join(lines)


def failing(rows: Rows) -> tuple[list[Mapping[str, Any]], list[Mapping[str, Any]]]:
    """Outcomes that are not met: those that lose a vote, and those whose group another row wins."""
    from cisterna.protocol.tally import counts, votes

    won = votes(rows)
    missed = [row for row in rows if counts(row) and not row["inside"]]
    lost = [row for row in missed if not won[row["group"] or row["range"]]]
    return lost, [row for row in missed if row not in lost]


def outvoted_table(rows: Rows) -> str:
    """Rows outside whose group another row wins, with what the reference says of them."""
    from cisterna.protocol.ranges import experiments

    lines = ["| row | group | value | unit | range | measured in | reference says |", "|---|---|---:|---|---|---|---|"]
    for row in failing(rows)[1]:
        said = experiments()[row["range"]]
        lines.append(
            f"| `{row['id']}` | {row['group']} | {number(row['value'])} | {row['unit']} | {limits(row)} "
            f"| {said['population']}, {said['setup'].partition(';')[0]} | {said['note']} |"
        )
    return "\n".join(lines)


def values_outside() -> list[tuple[str, str]]:
    """(parameter, published row) of every working value of the body outside the row it stands for."""
    from cisterna.ground.parameter import default_parameters
    from cisterna.ground.units import convert, same_dimension

    p, found = default_parameters(), []
    for row in working_values():
        for key in _STANDS_FOR.findall(row["note"]):
            if key not in p or not same_dimension(p.peek(key).unit, row["unit"]):
                continue
            own, other = p.peek(row["id"]), p.peek(key)
            value = convert(own.value, own.unit, other.unit)
            if not other.low <= value <= other.high:
                found.append((row["id"], key))
    return found


def working_values() -> list[dict[str, str]]:
    """Rows of the values of the body."""
    text = (resources.files("cisterna.parameters") / "whole.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def outside_table() -> str:
    """The values outside the row they stand for, and why, as a table."""
    from cisterna.ground.parameter import default_parameters

    p = default_parameters()
    notes = {row["id"]: row["note"] for row in working_values()}
    lines = ["| value | what | here | unit | stands for | its range | why |", "|---|---|---:|---|---|---|---|"]
    for key, other in values_outside():
        own, row = p.peek(key), p.peek(other)
        why = notes[key].partition("because ")[2] or notes[key]
        span = f"{number(row.low)} to {number(row.high)}"
        name = f"`{key}` | {own.name} | {number(own.value)} | {own.unit} | `{other}`"
        lines.append(f"| {name} | {span} | {why} |")
    return "\n".join(lines)


def blocks(rows: Rows, words: Mapping[str, str]) -> dict[str, str]:
    """What each marked block of the page holds."""
    from cisterna.protocol.tally import counts, told, totals

    counted = [row for row in rows if counts(row)]
    beside = [row for row in rows if not counts(row)]
    return {
        "tally": f"{told(totals(rows))}.",
        "outcomes": table(counted, words),
        "beside": table(beside, words),
        "outvoted": outvoted_table(rows),
        "values": outside_table(),
    }


def with_run(page: str, rows: Rows) -> str:
    """The page with the numbers of a run.

    Raises
    ------
    ValueError
        A block or a reason is missing: every vote that is lost needs its words in the page.
    """
    for name, text in blocks(rows, words_of(page)).items():
        begin, end = f"<!-- {name}: written by generate.py -->", "<!-- end -->"
        head, found, rest = page.partition(begin)
        if not found:
            raise ValueError(f"whole.md has no block '{name}'")
        page = f"{head}{begin}\n{text}\n{end}{rest.partition(end)[2]}"
    missed = {row["id"]: row for row in failing(rows)[0]}
    told = set(_BULLET.findall(page))
    if told != set(missed):
        raise ValueError(f"whole.md gives reasons for {sorted(told)}, not met are {sorted(missed)}")
    return _BULLET.sub(_bullet(missed), page)


def _bullet(missed: Mapping[str, Mapping[str, Any]]) -> Callable[[re.Match[str]], str]:
    def written(found: re.Match[str]) -> str:
        row = missed[found[1]]
        unit = "" if row["unit"] == "1" else f" {row['unit']}"
        return f"- `{found[1]}` ({number(row['value'])} against {limits(row)}{unit})"

    return written


def with_figure(text: str, rows: Rows) -> str:
    """A text that tells the tally, with the figure of a run in the first place that has one."""
    from cisterna.protocol.tally import totals

    total = totals(rows)
    return re.sub(_FIGURE, f"{total.met} of {total.asked} outcomes", text, count=1)
