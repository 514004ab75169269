"""A recording as text and as an HTML table, one row a signal."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from cisterna.recordings.recording import Recording

_HEAD = ("signal", "own name", "unit", "rate", "length", "mean", "missing", "level", "origin", "quality")


def rows(rec: Recording) -> list[tuple[str, ...]]:
    """What stands in the table: one row of texts a signal, in the order of `_HEAD`."""
    table: list[tuple[str, ...]] = []
    for name in rec.signals:
        signal, axis = rec[name], rec.dataset[rec.time_dim(name)]
        values = rec.values(name)
        rate = float(axis.attrs.get("rate", 0.0))
        good = np.isfinite(values)
        missing = 1.0 - good.mean() if values.size else 0.0
        places = "".join(f" x {n} {d}" for d, n in signal.sizes.items() if d != axis.dims[0])
        table.append(
            (
                name,
                str(signal.attrs["own_name"]),
                str(signal.attrs["units"]) or "none",
                f"{rate:.7g} Hz" if rate > 0 else "irregular",
                (f"{values.shape[0] / rate:.1f} s" if rate > 0 else f"{values.shape[0]} samples") + places,
                f"{values[good].mean():.4g}" if good.any() else "-",
                f"{100 * missing:.2g} %" if missing else "0",
                str(signal.attrs["level_ref"]),
                str(signal.attrs["origin"]),
                str(signal.attrs["quality"]),
            )
        )
    return table


def as_text(rec: Recording) -> str:
    """The table in plain text, with a line for the whole."""
    body = [_HEAD, *rows(rec)]
    widths = [max(len(row[k]) for row in body) for k in range(len(_HEAD))]
    lines = ["  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in body]
    return "\n".join([_line(rec), *lines])


def as_html(rec: Recording) -> str:
    """The table for a notebook; names from files are escaped."""
    head = "".join(f"<th>{cell}</th>" for cell in _HEAD)
    body = "".join("<tr>" + "".join(f"<td>{escape(c)}</td>" for c in row) + "</tr>" for row in rows(rec))
    return f"<p>{escape(_line(rec))}</p><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _line(rec: Recording) -> str:
    events = f", {len(rec.events)} events" if rec.events else ""
    title = f" of {rec.title}" if rec.title else ""
    return f"Recording{title}: {len(rec.signals)} signals, {rec.duration:.1f} s{events}"
