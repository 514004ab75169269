"""The coherent unit system (cm, mL, mmHg, s) and the border to every other unit.

Inside, all numbers are bare floats: length cm, volume mL = cm^3, pressure mmHg, time s, hence force
mmHg cm^2 (13.332 mN) and mass mmHg cm s^2 (1.333 kg). Conversion happens here and nowhere else; pint does
the arithmetic and is loaded at the first conversion.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from cisterna.ground.errors import CisternaError

#: Internal unit of each base dimension; pressure takes the place of mass.
LENGTH, PRESSURE, TIME = "cm", "mmHg", "s"
#: Multiples of the coherent system that carry no dimension of the four above.
_PLAIN = {"": "dimensionless", "1": "dimensionless", "%": "percent", "deg": "degree", "degC": "degC"}
_COMMA = re.compile(r"^\s*([-+−]?\d+),(\d+)")
_NUMBER = re.compile(r"^\s*([-+−]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*(.*?)\s*$")


@lru_cache(maxsize=1)
def _registry() -> Any:
    import pint

    ureg: Any = pint.UnitRegistry(cache_folder=":auto:", autoconvert_offset_to_baseunit=True)
    ureg.define("gf = 9.80665e-3 newton")
    ureg.define("cmH2O = 98.0665 pascal = cmh2o")
    ureg.define("mmH2O = 9.80665 pascal = mmh2o")
    ureg.define("bpm = 1 / minute")
    ureg.define("percent = 0.01 = pct")
    return ureg


def _tidy(unit: str) -> str:
    """The house spelling of a unit (mm2, mL/(mmHg s), 1/min) in pint's."""
    if unit in _PLAIN:
        return _PLAIN[unit]
    text = unit.replace("²", "2").replace("³", "3").replace("µ", "u").replace("μ", "u").replace("·", " ")
    text = text.replace(" per 100% CBF", "").replace("%", "percent").replace("100g", "hectogram")
    text = re.sub(r"\bL\b", "liter", re.sub(r"\bg\b", "gram", text))
    text = re.sub(r"(?<=[A-Za-z])(-?[1-9])(?![\dO])", r"**\1", text)  # mm2 -> mm**2, but not cmH2O
    return re.sub(r"(?<=[\w)])\s+(?=[\w(])", "*", text)


@lru_cache(maxsize=512)
def _unit(unit: str) -> Any:
    try:
        return _registry().parse_units(_tidy(unit.strip()))
    except Exception as error:  # pint raises many kinds
        raise CisternaError(f"unknown unit '{unit}'", mend="e.g. mmHg, cmH2O, mL/min, gf, mm2, 1/min") from error


@lru_cache(maxsize=512)
def _factor(unit: str) -> tuple[float, float]:
    """(factor, offset): internal = factor * value + offset."""
    source = _unit(unit)
    if str(source) == "degree_Celsius":
        return 1.0, 0.0
    exponents = {str(k): v for k, v in source.dimensionality.items()}
    mass = exponents.pop("[mass]", 0)
    length = exponents.pop("[length]", 0)
    time = exponents.pop("[time]", 0)
    if exponents:
        # Electrical, thermal and other dimensions stay in their own unit.
        return 1.0, 0.0
    # mass = pressure * length * time^2
    target = f"mmHg**{mass} * cm**{length + mass} * s**{time + 2 * mass}"
    value = _registry().Quantity(1.0, source).to(_registry().parse_units(target))
    return float(value.magnitude), 0.0


def to_internal(value: float, unit: str) -> float:
    """A number with a unit as a bare number of the coherent system.

    Examples
    --------
    >>> round(to_internal(1.5, "mL/min"), 6)
    0.025
    >>> round(to_internal(5, "gf"), 3)
    3.678
    """
    factor, offset = _factor(unit)
    return value * factor + offset


def from_internal(value: float, unit: str) -> float:
    """A bare number of the coherent system in the unit asked for.

    Examples
    --------
    >>> round(from_internal(0.025, "mL/min"), 6)
    1.5
    """
    factor, offset = _factor(unit)
    return (value - offset) / factor


def same_dimension(a: str, b: str) -> bool:
    """Whether two units measure the same kind of quantity."""
    return bool(_unit(a).dimensionality == _unit(b).dimensionality)


def volume_power(unit: str) -> float:
    """Power of volume in a unit when written in pressure, volume and time: mL/mmHg 1, mmHg s/mL -1, cm 1/3.

    Examples
    --------
    >>> volume_power("mmHg s/mL"), volume_power("mmHg")
    (-1.0, 0.0)
    """
    exponents = _unit(unit).dimensionality
    return float(exponents.get("[length]", 0) + exponents.get("[mass]", 0)) / 3.0


def convert(value: float, unit: str, target: str) -> float:
    """A number from one unit to another of the same kind.

    Examples
    --------
    >>> round(convert(10, "cmH2O", "mmHg"), 3)
    7.356

    Raises
    ------
    CisternaError
        The units measure different things.
    """
    if not same_dimension(unit, target):
        raise CisternaError(f"'{unit}' is not a unit of the same kind as '{target}'", found=f"{value:g} {unit}")
    return float(_registry().Quantity(value, _unit(unit)).to(_unit(target)).magnitude)


def parse(text: str | float | int, default: str = "") -> tuple[float, str]:
    """Number and unit of a text such as ``"1.5 mL/min"``.

    Parameters
    ----------
    text : str or float
        A number with its unit. A bare number takes `default`.
    default : str
        Unit of a bare number; "" leaves it dimensionless.

    Raises
    ------
    CisternaError
        No number, or an unknown unit.

    Examples
    --------
    >>> parse("1.5 mL/min")
    (1.5, 'mL/min')
    """
    if isinstance(text, (int, float)) and not isinstance(text, bool):
        return float(text), default or "1"
    if comma := _COMMA.match(str(text)):
        pointed = _COMMA.sub(r"\1.\2", str(text)).strip()
        mend = f"write a decimal point: '{pointed}'"
        raise CisternaError("a number with a decimal comma", found=comma.group(0).strip(), mend=mend)
    match = _NUMBER.match(str(text))
    if not match:
        raise CisternaError(f"'{text}' is not a number with a unit", mend="write e.g. '1.5 mL/min'")
    unit = match.group(2) or default or "1"
    _unit(unit)
    return float(match.group(1).replace("−", "-")), unit


def quantity(text: str | float | int, unit: str, what: str = "value") -> float:
    """Internal value of a text, checked to be of the same kind as `unit`.

    A text without unit is refused unless the quantity is dimensionless: silence is not a unit.

    Examples
    --------
    >>> quantity("30 deg", "deg") == to_internal(30, "deg")
    True
    """
    value, found = parse(text)
    bare = found == "1"
    if bare and not same_dimension("1", unit) or (bare and unit == "deg"):
        raise CisternaError(f"{what} needs a unit", found=str(text), mend=f"write e.g. '{value:g} {unit}'")
    if not same_dimension(found, unit):
        raise CisternaError(f"{what} has the wrong kind of unit", found=str(text), mend=f"give it in {unit}")
    return to_internal(value, found)
