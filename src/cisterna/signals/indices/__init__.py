"""Indices of slow behaviour, one file an index or family: found by scanning, each with its definition and window.

Drop-in: a class below `Index` in a file of this folder is listed, documented and evaluated by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from cisterna.ground.errors import UnknownName
from cisterna.ground.parameter import default_parameters
from cisterna.ground.registry import scan
from cisterna.signals.indices._index import ANY, Index, Report, Signals, align
from cisterna.signals.indices._sweep import Sweep, sweep

__all__ = [
    "ANY",
    "Index",
    "Report",
    "Signals",
    "Sweep",
    "align",
    "documentation",
    "explain",
    "index",
    "indices",
    "sweep",
    "table",
]


@lru_cache(maxsize=1)
def _found() -> dict[str, type[Index]]:
    return dict(sorted(scan("cisterna.signals.indices", Index).items()))


def indices() -> Mapping[str, type[Index]]:
    """All indices that ship, by name.

    Examples
    --------
    >>> {"prx", "rap", "cpp", "cppopt", "pulse_amplitude_f1"} <= set(indices())
    True
    """
    return dict(_found())


def index(id: str) -> Index:
    """The index that answers with a number of this id; a wrong name is answered with the nearest.

    Examples
    --------
    >>> index("prx").window
    300.0
    >>> index("amplitude_zero").name
    'elastance_index'
    """
    answers = {report.id: cls for cls in _found().values() for report in cls().all_reports()}
    known = {**answers, **_found()}
    if id not in known:
        raise UnknownName("index", id, list(known))
    return known[id]()


def explain(id: str) -> str:
    """An index in words: what it is, its window, how sure it is, where it comes from.

    Examples
    --------
    >>> print(explain("prx"))
    PRx, pressure reactivity index (prx), unit 1
      from      icp, abp
      computed  moving Pearson correlation of the 10-s means of ICP and ABP
      window    300 s, swept from 150 to 600 s
      interval  Fisher's z with the effective number of epochs ...
      source    Czosnyka et al. 1997 Neurosurgery 41:11 doi:10.1097/00006123-199707000-00005
    """
    one = index(id)
    row = default_parameters()[one.window_id]
    report = next((r for r in one.all_reports() if r.id == id), one.all_reports()[0])
    parts = (
        ("from", ", ".join("any signal" if need == ANY else need for need in one.needs)),
        ("computed", one.definition),
        ("window", f"{row.value:g} s, swept from {row.low:g} to {row.high:g} s"),
        ("interval", one.interval),
        ("source", one.source),
    )
    title = one.title if id == one.name else f"{report.title}; of {one.title}"
    head = f"{title} ({report.id}), unit {report.unit or 'of the signal'}"
    return "\n".join([head, *(f"  {label:<9} {text}" for label, text in parts)])


def table() -> list[dict[str, str]]:
    """Every number of every index as plain text, for the documentation: id, what, from, definition, window, source."""
    rows = []
    for cls in _found().values():
        one = cls()
        for report in one.all_reports():
            rows.append(
                {
                    "id": report.id,
                    "what": report.title,
                    "unit": report.unit or "of the signal",
                    "from": ", ".join("any" if need == ANY else need for need in one.needs),
                    "definition": one.definition,
                    "window": f"{one.window:g} s",
                    "interval": one.interval,
                    "source": one.source,
                }
            )
    return rows


def documentation() -> str:
    """The table of indices as Markdown.

    Examples
    --------
    >>> documentation().splitlines()[0]
    '| id | what | unit | from | definition | window | interval | source |'
    """
    rows = table()
    names = list(rows[0])
    lines = [f"| {' | '.join(names)} |", f"|{'---|' * len(names)}"]
    return "\n".join(lines + [f"| {' | '.join(row[name].replace('|', '/') for name in names)} |" for row in rows])
