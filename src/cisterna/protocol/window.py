"""Windows of an observation: from when to when, by times, steps, breaths and beats.

A window is one or two texts:

    "rest"                          the whole step or event of that name
    ["0 s", "30 s"]                 times from the start of the run
    ["bolus end", "+1 breath"]      from a mark on; a leading + counts from the window's own start
    ["seated + 5 min", "end - 2 s"] marks with an offset

A mark is the label of a step, ``label start``, ``label end``, or ``start`` and ``end`` of the whole run. A label
alone is its start where a window begins and its end where a window ends; with an offset it is its start. Offsets
have a unit of time, or count breaths or beats.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cisterna.ground.errors import CisternaError, UnknownName
from cisterna.ground.units import parse, same_dimension, to_internal
from cisterna.protocol.clock import Clock

_AMOUNT = re.compile(r"^([\d.eE+-]+)\s*(breaths?|beats?)$")
_MARKED = re.compile(r"^(?P<mark>.+?)(?:\s*(?P<sign>[+-])\s*(?P<amount>[\d.].*))?$")
_OUTSIDE = 1e-6


@dataclass(frozen=True)
class Marks:
    """What a window may refer to.

    Attributes
    ----------
    spans : dict
        Label -> (start, end), s.
    end : float
        End of the run, s.
    clock : Clock
    start : float
        Start of the run, s.
    """

    spans: Mapping[str, tuple[float, float]]
    end: float
    clock: Clock
    start: float = 0.0


def resolve(window: Sequence[str], marks: Marks, who: str = "the window") -> tuple[float, float]:
    """A window as (start, end), s.

    Raises
    ------
    CisternaError
        Unknown mark (with the nearest), no unit, an empty window, or one that leaves the run.

    Examples
    --------
    >>> marks = Marks({"rest": (0.0, 30.0), "bolus": (30.0, 33.0)}, 60.0, Clock())
    >>> resolve(["bolus end", "+10 s"], marks), resolve(["rest"], marks)
    ((33.0, 43.0), (0.0, 30.0))
    """
    texts = [str(text).strip() for text in window]
    if len(texts) not in (1, 2) or not all(texts):
        raise CisternaError(f"{who} needs a start and an end", found=str(list(window)), mend='write ["0 s", "30 s"]')
    if len(texts) == 1:
        label, rest = _mark_of(texts[0], marks)
        if label and rest or texts[0][0] in "+.0123456789":
            mend = f'write ["{texts[0]}", "+10 s"]'
            raise CisternaError(f"{who} has only one end", found=texts[0], mend=mend)
        t0, t1 = marks.spans[_known(texts[0], marks, who)]
    else:
        if texts[0].startswith("+"):
            mend = "only the second text counts from the first"
            raise CisternaError(f"{who} cannot begin with an offset", found=texts[0], mend=mend)
        t0 = _time(texts[0], marks, who, 0)
        t1 = _offset(texts[1][1:], t0, 1, marks, who) if texts[1].startswith("+") else _time(texts[1], marks, who, 1)
    found = f"{t0:.6g} s to {t1:.6g} s"
    if t1 <= t0:
        raise CisternaError(f"{who} is empty", found=found, mend="its end must come after its start")
    if t0 < marks.start - _OUTSIDE or t1 > marks.end + _OUTSIDE:
        mend = "end it with the run ('end'), or let the last step take longer"
        what = f"{who} leaves the run, which lasts from {marks.start:g} s to {marks.end:.6g} s"
        raise CisternaError(what, found=found, mend=mend)
    return t0, t1


def _mark_of(text: str, marks: Marks) -> tuple[str, str]:
    """(label, rest of the text); the longest label that the text begins with."""
    fits = [label for label in marks.spans if text == label or re.match(rf"{re.escape(label)}(\s|[+-])", text)]
    label = max(fits, key=len, default="")
    return label, text[len(label) :].strip()


def _known(text: str, marks: Marks, who: str) -> str:
    label, _ = _mark_of(text, marks)
    if not label:
        raise _unknown(text, marks, who)
    return label


def _time(text: str, marks: Marks, who: str, side: int) -> float:
    label, rest = _mark_of(text, marks)
    if label:
        edge, rest = _edge(rest, side)
        base = marks.spans[label][edge]
    elif match := re.match(r"^(start|end)\b(.*)$", text):
        base, rest = (marks.start if match[1] == "start" else marks.end), match[2].strip()
    elif re.match(r"^[\d.]", text):
        return _offset(text, 0.0, 1, marks, who)
    else:
        raise _unknown(text, marks, who)
    if not rest:
        return base
    if rest[0] not in "+-":
        found, mend = f"{text}", "after a mark stands 'start', 'end', or + or - and a time"
        raise CisternaError(f"{who} is not understood", found=found, mend=mend)
    return _offset(rest[1:].strip(), base, 1 if rest[0] == "+" else -1, marks, who)


def _edge(rest: str, side: int) -> tuple[int, str]:
    match = re.match(r"^(start|end)\b\s*(.*)$", rest)
    if match:
        return (0 if match[1] == "start" else 1), match[2]
    return (0 if rest else side), rest


def _offset(text: str, base: float, sign: int, marks: Marks, who: str) -> float:
    """Time `text` away from `base`."""
    text = text.strip()
    counted = _AMOUNT.match(text)
    if counted:
        try:
            count = float(counted[1])
        except ValueError:
            raise CisternaError(f"{who} is not understood", found=text) from None
        return marks.clock.cycle(counted[2].rstrip("s"), who).after(base, sign * count)
    value, unit = parse(text)
    if unit == "1" or not same_dimension(unit, "s"):
        mend = "write e.g. '30 s', '5 min', '1 breath'"
        what = f"{who} needs a unit of time" if unit == "1" else f"{who} has the wrong kind of unit"
        raise CisternaError(what, found=text, mend=mend)
    return base + sign * to_internal(value, unit)


def _unknown(text: str, marks: Marks, who: str) -> CisternaError:
    known = [*marks.spans, "start", "end"]
    parts = _MARKED.match(text)
    name = re.sub(r"\s+(start|end)$", "", parts["mark"] if parts else text)
    return UnknownName("step", name, known, where=who)
