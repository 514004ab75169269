"""A list of named things with a line each: what `bodies`, `conditions` and `steps` have in common."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

from cisterna.outside import terminal


def show(kind: str, rows: Sequence[dict[str, Any]], as_json: bool) -> None:
    """Print rows with `name` and `summary` (other keys go to the JSON only)."""
    if as_json:
        terminal.emit({kind: list(rows)})
        return
    screen = terminal.out()
    width = max((len(row["name"]) for row in rows), default=0) + 2
    for row in rows:
        lines = textwrap.wrap(screen.text(row["summary"]), max(screen.width - width, 20)) or [""]
        print(f"{row['name']:<{width}}{lines[0]}".rstrip(), file=screen.stream)
        for more in lines[1:]:
            print(" " * width + more, file=screen.stream)
