"""What a value given from outside may be: inside its stated range, outside but possible, or impossible."""

from __future__ import annotations

from cisterna.ground.parameter import Parameter
from cisterna.ground.units import same_dimension

#: Kinds of quantity that can be nought where the stated range excludes it: shares, flows, forces.
_NOUGHT = ("1", "mL/s", "gf")
_GAUGE = "mmHg"


def impossible(row: Parameter) -> str:
    """Why no body can have the value of a row, "" when one can.

    The stated range tells what kind of number it is. One that is never negative there cannot become negative; one
    that is never 0 cannot become 0, but for shares, flows and forces, which can be switched off. A pressure is counted
    from that of the air: it may cross 0 as far as its range is wide, a central venous pressure of -1 mmHg is one.

    Examples
    --------
    >>> from cisterna.ground.parameter import default_parameters
    >>> rows = default_parameters()
    >>> impossible(rows.peek("hr_rest").with_value("0 1/min"))
    'it is above 0 in every body'
    >>> impossible(rows.peek("csf_production").with_value("0 mL/min"))
    ''
    """
    if row.low < 0.0 or row.value > 0.0:
        return ""
    if same_dimension(row.unit, _GAUGE):
        return "" if row.value >= row.low - (row.high - row.low) else "no body has such a pressure"
    if row.value < 0.0:
        return "it is never negative"
    nought = row.low == 0.0 or any(same_dimension(row.unit, kind) for kind in _NOUGHT)
    return "" if nought else "it is above 0 in every body"


def reversed_field(before: float, after: float, unit: str) -> bool:
    """Whether a field of a law that no table holds was given the opposite sign, where its kind has one sign only."""
    signed = any(same_dimension(unit, kind) for kind in ("1", _GAUGE, "cm", "s", "mL/s"))
    return not signed and before > 0.0 > after
