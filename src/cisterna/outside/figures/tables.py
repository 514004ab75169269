"""HTML tables: numbers right-aligned on the decimal, unit in its own column, hypotheses and required rows marked."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from cisterna.ground.errors import CisternaError
from cisterna.outside.figures.numerals import number
from cisterna.outside.figures.svg import Html

_NUMBER = re.compile(r"^([−+-]?\d+)(\.\d+)?$")
_FIGURE_SPACE, _POINT_SPACE = "\u2007", "\u2008"
#: Row classes with a meaning: a hypothesis (violet, dashed) and a number a claim requires (red).
ROW_CLASSES = ("", "hyp", "required")


def aligned(texts: Sequence[str]) -> list[str]:
    """Numbers padded on the right so that a right-aligned column lines up at the decimal point.

    Examples
    --------
    >>> [t.replace(_FIGURE_SPACE, "_").replace(_POINT_SPACE, ",") for t in aligned(["9.4", "0.62", "12"])]
    ['9.4_', '0.62', '12,__']
    """
    longest = max((len(m.group(2) or "") for t in texts if (m := _NUMBER.match(t))), default=0)
    out = []
    for t in texts:
        m = _NUMBER.match(t)
        if m and longest:
            fraction = m.group(2) or ""
            pad = longest - len(fraction)
            t += _FIGURE_SPACE * pad if fraction else _POINT_SPACE + _FIGURE_SPACE * (pad - 1)
        out.append(t)
    return out


def cell_text(value: Any) -> str:
    """A cell as markup: `Html` as it is, numbers with true minus, None empty, all else escaped."""
    if isinstance(value, Html):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return escape(number(float(value)) if isinstance(value, (int, float)) else str(value))


def table(
    columns: Sequence[Mapping[str, Any] | str],
    rows: Sequence[Mapping[str, Any]],
    *,
    caption: str = "",
    cls: str = "",
) -> Html:
    """A table of mappings.

    Parameters
    ----------
    columns : sequence
        Key, or a mapping with ``key`` and any of ``label``, ``unit`` (second line of the head), ``number`` (right
        aligned, tabular), ``bold``. The column ``unit`` is set in the secondary colour.
    rows : sequence of mappings
        Key -> text, number or `Html`; ``class`` may be "hyp" or "required".
    caption : str
        One line above the table.

    Examples
    --------
    >>> t = table(["Quantity", {"key": "Value", "number": True}], [{"Quantity": "ICP", "Value": -3.1}])
    >>> "−3.1" in t
    True
    """
    specs = [dict(c) if isinstance(c, Mapping) else {"key": c} for c in columns]
    for row in rows:
        if row.get("class", "") not in ROW_CLASSES:
            raise CisternaError("unknown row class", found=str(row["class"]), mend="hyp or required")
    shown: dict[str, list[str]] = {}
    for spec in specs:
        texts = [cell_text(row.get(spec["key"])) for row in rows]
        shown[spec["key"]] = aligned(texts) if spec.get("number") else texts
    head = ""
    for spec in specs:
        label = escape(str(spec.get("label", spec["key"])))
        unit = f'<span class="unit">{escape(str(spec["unit"]))}</span>' if spec.get("unit") else ""
        head += f'<th scope="col"{_cls(spec)}>{label}{unit}</th>'
    body = ""
    for i, row in enumerate(rows):
        cells = ""
        for j, spec in enumerate(specs):
            tag, scope = ("th", ' scope="row"') if j == 0 else ("td", "")
            cells += f"<{tag}{scope}{_cls(spec)}>{shown[spec['key']][i]}</{tag}>"
        mark = f' class="{row["class"]}"' if row.get("class") else ""
        body += f"<tr{mark}>{cells}</tr>\n"
    above = f"<caption>{escape(caption)}</caption>" if caption else ""
    mark = f' class="{cls}"' if cls else ""
    inner = f"{above}<thead><tr>{head}</tr></thead>\n<tbody>{body}</tbody>"
    return Html(f'<div class="table"><table{mark}>{inner}</table></div>')


def _cls(spec: Mapping[str, Any]) -> str:
    names = [n for n, on in (("num", spec.get("number")), ("bold", spec.get("bold")),
                             ("unit", spec["key"] == "unit")) if on]  # fmt: skip
    return f' class="{" ".join(names)}"' if names else ""
