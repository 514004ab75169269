"""A protocol in words: who, what happens when, what is read."""

from __future__ import annotations

from collections.abc import Sequence

from cisterna.protocol.protocol import Observation, Protocol
from cisterna.protocol.ready import make_ready


def plan_of(protocol: Protocol) -> str:
    """The timeline of a protocol in words, one line a step and an observation.

    Examples
    --------
    >>> from cisterna.protocol.protocol import Subject
    >>> from cisterna.protocol.steps.rest import Rest
    >>> from cisterna.protocol.steps.infusion import Infusion
    >>> steps = (Rest(duration="2 min"), Infusion(rate="1.5 mL/min", duration="10 min"))
    >>> print(plan_of(Protocol(title="Short infusion", person=Subject(body="one"), steps=steps)))
    Short infusion
    person   body one, 35 years
    lasts    12 min
    <BLANKLINE>
      from    to      step
      0 s     2 min   rest      nothing is changed
      2 min   12 min  infusion  1.5 mL/min infused, 15 mL in all
    """
    ready = make_ready(protocol)
    subject = protocol.person
    lines = [protocol.title or "Protocol without a title"]
    lines.append(f"person   body {subject.body}, {subject.age:g} years")
    lines += [f"         {key} = {value}" for key, value in subject.set.items()]
    lines += [f"         condition {c if isinstance(c, str) else c.get('name')}" for c in subject.conditions]
    lines += [f"lasts    {clock_time(ready.timeline.end)}", ""]
    rows = [("from", "to", "step", "")]
    rows += [(clock_time(p.start), clock_time(p.end), p.label, p.step.words()) for p in ready.timeline.placed]
    lines += _columns(rows)
    if protocol.observe:
        rows = [("observed", "what", "window", "range")]
        for reading in ready.readings:
            window = " to ".join(clock_time(t) for t in reading.window)
            if reading.baseline:
                window += ", against " + " to ".join(clock_time(t) for t in reading.baseline)
            seen = reading.seen
            bounds = reading.range
            span = "" if bounds is None else f"{_bounds(bounds.low, bounds.high)} {reading.unit}".removesuffix(" 1")
            rows.append((seen.id, _what(seen), window, span))
        lines += ["", *_columns(rows)]
    return "\n".join(line.rstrip() for line in lines)


def _what(seen: Observation) -> str:
    place = f" at {seen.place}" if seen.place else ""
    other = f" against {seen.against}" if seen.against else ""
    return f"{seen.measure} of {seen.signal}{place}{other}"


def _bounds(low: float | None, high: float | None) -> str:
    if low is None:
        return f"at most {high:.4g}"
    return f"at least {low:.4g}" if high is None else f"{low:.4g} to {high:.4g}"


def clock_time(t: float) -> str:
    """A time in hours, minutes and seconds.

    Examples
    --------
    >>> clock_time(90), clock_time(33.25), clock_time(7200)
    ('1 min 30 s', '33.25 s', '2 h')
    """
    tenths = round(t, 2)
    hours, rest = divmod(tenths, 3600)
    minutes, seconds = divmod(rest, 60)
    parts = [f"{hours:g} h" if hours else "", f"{minutes:g} min" if minutes else ""]
    parts.append(f"{round(seconds, 2):g} s" if seconds >= 0.005 or not (hours or minutes) else "")
    return " ".join(filter(None, parts))


def _columns(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    return ["  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
