"""Numbers as text: significant figures, true minus sign, space before the unit, lengths in a fitting unit."""

from __future__ import annotations

import math

MINUS = "\u2212"
_METRES = {"m": 1.0, "cm": 1e-2, "mm": 1e-3, "um": 1e-6, "µm": 1e-6, "nm": 1e-9}
_PRETTY = {
    "um": "µm",
    "uL": "µL",
    "mm2": "mm²",
    "cm2": "cm²",
    "m2": "m²",
    "degC": "°C",
    "deg": "°",
    "kg/m3": "kg/m³",
}
_SUPER = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
#: Lengths at least this long (m) keep the unit they were given in: a stature is not told in millimetres.
_LONG = 0.1


def unit_text(unit: str) -> str:
    """The unit as printed in text; a dimensionless one prints nothing.

    Examples
    --------
    >>> unit_text("um"), unit_text("1")
    ('µm', '')
    """
    return "" if unit in ("1", "") else _PRETTY.get(unit, unit)


def decimals(value: float, digits: int | None = None) -> int:
    """Decimals that show `value` with `digits` significant figures (None: two below 10, else three).

    Examples
    --------
    >>> decimals(9.41), decimals(9.97), decimals(12.24), decimals(0.041), decimals(35.0)
    (1, 1, 1, 3, 0)
    """
    if value == 0 or not math.isfinite(value):
        return 0
    if digits is None and value == round(value):
        return 0
    figures = digits if digits is not None else (2 if abs(value) < 9.95 else 3)
    size = math.floor(math.log10(abs(value)))
    if digits is None and 9.95 <= abs(value) < 10:
        return 1
    if abs(value) >= 10.0 ** (size + 1) - 0.5 * 10.0 ** (size + 1 - figures):
        size += 1  # 9.97 to two figures is 10
    return max(figures - 1 - size, 0)


def number(value: float | None, digits: int | None = None, *, sign: bool = False, places: int | None = None) -> str:
    """A number with true minus sign; `sign` also writes the plus, `places` fixes the decimals.

    Examples
    --------
    >>> number(-10.37), number(0.6234), number(3.41, sign=True), number(0.0004), number(412)
    ('−10.4', '0.62', '+3.4', '0.00040', '412')
    >>> number(4.1e-7), number(-9.96e-9, 2)
    ('4.1 × 10⁻⁷', '−1.0 × 10⁻⁸')
    """
    if value is None or not math.isfinite(value):
        return "not known"
    value = float(f"{value:.12g}")
    size = abs(value)
    if places is None and size and not 1e-4 <= size < 1e6:
        mantissa, power = f"{size:.{(digits or 2) - 1}e}".split("e")
        text = f"{mantissa} × 10{str(int(power)).translate(_SUPER)}"
    else:
        text = f"{size:.{decimals(value, digits) if places is None else places}f}"
        if float(text) == 0:
            return text
    return (MINUS if value < 0 else "+" if sign and value else "") + text


def plain(value: float, digits: int = 3, *, sign: bool = False) -> str:
    """A number as given: at most `digits` figures, no trailing zeros.

    Examples
    --------
    >>> plain(0.9), plain(16.3), plain(-5.9), plain(0.001, sign=True), plain(850.0)
    ('0.9', '16.3', '−5.9', '+0.001', '850')
    """
    if not math.isfinite(value):
        return "not known"
    rounded = float(f"{value:.{digits}g}")
    if rounded and not 1e-4 <= abs(rounded) < 1e6:
        return number(rounded, digits, sign=sign)
    places = next(p for p in range(12) if abs(round(rounded, p) - rounded) <= 1e-9 * abs(rounded))
    return number(rounded, places=places, sign=sign)


def length_unit(metres: float) -> tuple[float, str]:
    """Factor and unit (nm, µm or mm) in which a length in metres reads as 1 to 999.

    Examples
    --------
    >>> length_unit(86e-6)[1], length_unit(0.4e-9)[1], length_unit(0.002)[1]
    ('µm', 'nm', 'mm')
    """
    size = abs(metres)
    if size >= 0.9995e-3:
        return 1e3, "mm"
    return (1e6, "µm") if size >= 0.9995e-6 else (1e9, "nm")


def fmt(value: float | None, unit: str = "", digits: int | None = None, *, sign: bool = False) -> str:
    """A value with its unit, as printed in figures and reports.

    Parameters
    ----------
    value : float or None
        None and not-a-number print as "not known".
    unit : str
        A unit of `cisterna.ground.units`; "1" or "" prints nothing. Lengths below 10 cm turn to nm, µm or mm.
    digits : int, optional
        Significant figures; by default two below 10 and three above.
    sign : bool
        Write the plus sign too (changes).

    Examples
    --------
    >>> fmt(9.41, "mmHg"), fmt(-3.12, "mmHg"), fmt(3.4, "mmHg", sign=True)
    ('9.4 mmHg', '−3.1 mmHg', '+3.4 mmHg')
    >>> fmt(0.0086, "cm"), fmt(4e-7, "mm"), fmt(1.70, "m", 3)
    ('86 µm', '0.40 nm', '1.70 m')
    >>> fmt(0.79, "1"), fmt(40, "%")
    ('0.79', '40 %')
    """
    if value is None or not math.isfinite(value):
        return "not known"
    if unit in _METRES and 0 < abs(value) * _METRES[unit] < _LONG:
        metres = value * _METRES[unit]
        factor, unit = length_unit(metres)
        value = metres * factor
    text, shown = number(value, digits, sign=sign), unit_text(unit)
    return f"{text} {shown}" if shown else text


def interval(low: float, high: float, unit: str = "") -> str:
    """Two bounds with common decimals, about two figures of their distance.

    Examples
    --------
    >>> interval(8.8, 10, "mmHg"), interval(-0.6, 0), interval(2.81, 4.1), interval(0, 0.002)
    ('8.8 to 10.0 mmHg', '−0.6 to 0.0', '2.8 to 4.1', '0 to 0.002')
    """
    width = abs(high - low) or abs(high) or 1.0
    places = min(max(math.floor(-math.log10(width / 5)) + 1, 0), 9)
    while places and all(f"{x:.{places}f}".endswith("0") for x in (low, high)):
        places -= 1
    shown = unit_text(unit)
    low_text, high_text = ("0" if x == 0 and places > 1 else number(x, places=places) for x in (low, high))
    return f"{low_text} to {high_text}" + (f" {shown}" if shown else "")


def plus_minus(value: float, spread: float | None, unit: str = "") -> str:
    """A value with its standard deviation, both with the decimals the deviation allows.

    Examples
    --------
    >>> plus_minus(9.41, 0.6, "mmHg"), plus_minus(728, 20), plus_minus(0.0412, 0.004, "mL")
    ('9.4 ± 0.6 mmHg', '728 ± 20', '0.041 ± 0.004 mL')
    """
    if not spread or not math.isfinite(spread):
        return fmt(value, unit)
    places = min(max(-math.floor(math.log10(abs(spread) * 1.0000001)), 0), 9)
    shown = unit_text(unit)
    return f"{number(value, places=places)} ± {number(spread, places=places)}" + (f" {shown}" if shown else "")
