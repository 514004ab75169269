"""Words and tables of an evaluation: results, quality, faults, provenance, and the same as CSV."""

from __future__ import annotations

import csv
import io
import math
import platform
import re
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

from cisterna import __version__
from cisterna.outside.figures.numerals import decimals, fmt, number, unit_text
from cisterna.outside.figures.svg import Html
from cisterna.outside.figures.tables import table
from cisterna.recordings.names import kind_of
from cisterna.signals.evaluate import RecordingEvaluation
from cisterna.signals.quality import REASONS
from cisterna.signals.result import Result, Series

#: Names that are said in capitals.
_SHORT = ("icp", "abp", "cvp", "pap", "ppg", "ecg", "cpp", "prx", "rap", "rac", "pax", "mx", "mxa")
_SAID = {"prx": "PRx", "pax": "PAx", "mx": "Mx", "mxa": "Mxa", "co2": "CO2", "cppopt": "CPPopt"}
#: Units that are written otherwise in text.
_UNITS = {"1/min": "/min", "1/h": "/h", "mmHg2": "mmHg²", "cm2/s2": "cm²/s²"}
#: What tells a paper from a remark beside it.
_YEAR = re.compile(r"\b(19|20)\d\d\b")
#: Longest faults told one by one for each channel.
_TOLD = 8


def label(name: str) -> str:
    """What a channel or an index is called in text.

    Examples
    --------
    >>> label("icp"), label("velocity_mca"), label("abp:icp"), label("prx"), label("ecg_ii")
    ('ICP', 'velocity mca', 'ABP and ICP', 'PRx', 'ECG ii')
    """
    if ":" in name:
        return " and ".join(label(part) for part in name.split(":"))
    if name in _SAID:
        return _SAID[name]
    head, _, rest = name.partition("_")
    if head in _SHORT:
        return f"{head.upper()} {rest.replace('_', ' ')}".strip()
    return name.replace("_", " ") if kind_of(name) else name


def unit(text: str) -> str:
    """A unit as written in text: "1" is nothing, "1/min" is "/min"."""
    return _UNITS.get(text, unit_text(text))


def _places(result: Result) -> int | None:
    """Decimals of a value and its interval: those of the value, fewer where the interval is wide."""
    if not (math.isfinite(result.low) and math.isfinite(result.high) and math.isfinite(result.value)):
        return None
    if all(v == round(v) for v in (result.low, result.high, result.value)):
        return 0
    size = max(abs(result.low), abs(result.high), abs(result.value))
    if size and not 1e-4 <= size < 1e6:
        return None
    places = decimals(result.value) if result.value != round(result.value) else decimals(size + 1e-9 * size)
    width = result.high - result.low
    if width > 0:
        places = min(places, max(math.floor(-math.log10(width / 10)) + 1, 0))
        if f"{result.low:.{places}f}" == f"{result.high:.{places}f}":
            places += 1  # a narrow interval is told with one more
    return places


def value(result: Result) -> str:
    """The value of a result with the decimals that its interval allows.

    Examples
    --------
    >>> r = Result("mean", "icp", 12.123, "mmHg", 11.953, 12.291)
    >>> value(r), bounds(r)
    ('12.1', '12.0 to 12.3')
    >>> r = Result("cpp", "abp:icp", 80.29, "mmHg", 62.25, 98.32)
    >>> value(r), bounds(r)
    ('80', '62 to 98')
    """
    places = _places(result)
    return number(result.value) if places is None else number(result.value, places=places)


def bounds(result: Result) -> str:
    """The 95 % interval of a result in words, "" where there is none."""
    if not (math.isfinite(result.low) and math.isfinite(result.high)):
        return ""
    places = _places(result)
    if places is None:
        return f"{number(result.low)} to {number(result.high)}"
    return f"{number(result.low, places=places)} to {number(result.high, places=places)}"


def said(result: Result) -> str:
    """Value and unit of a result.

    Examples
    --------
    >>> said(Result("heart_rate", "icp", 71.6, "1/min")), said(Result("prx", "icp:abp", -0.042, "1"))
    ('71.6 /min', '−0.042')
    """
    if not math.isfinite(result.value):
        return "not known"
    shown = unit(result.unit)
    text = value(result)
    return f"{text} {shown}" if shown else text


def span_text(seconds: float) -> str:
    """A length of time in words.

    Examples
    --------
    >>> span_text(56), span_text(2100), span_text(86400), span_text(22320)
    ('56 s', '35 min', '24 h', '6 h 12 min')
    """
    if seconds < 120:
        return fmt(seconds, "s")
    minutes = round(seconds / 60)
    if minutes < 120:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest} min" if rest and hours < 48 else f"{hours} h"


def origin_text(evaluation: RecordingEvaluation) -> str:
    """Whether it was measured or simulated, said plainly."""
    words = {"measured": "Measured recording", "simulated": "Simulated recording, computed, nobody was measured"}
    return words.get(evaluation.origin, "Recording; the file does not say whether it was measured or simulated")


# ---- tables ----------------------------------------------------------------------------------------------
def _num(key: str, label: str, unit: str = "") -> dict[str, Any]:
    return {"key": key, "label": label, "unit": unit, "number": True}


def results_table(results: Iterable[Result]) -> Html:
    """Every number that was found."""
    columns: list[Any] = [
        {"key": "id", "label": "Id"}, {"key": "channel", "label": "Channel"}, _num("value", "Value"),
        {"key": "interval", "label": "95 % interval"}, {"key": "in", "label": "Unit"}, _num("n", "n"),
        {"key": "note", "label": "Definition"},
    ]  # fmt: skip
    rows = [
        {
            "id": Html(f"<code>{escape(r.id)}</code>"),
            "channel": label(r.channel),
            "value": value(r),
            "interval": bounds(r) or "none",
            "in": unit(r.unit) or "1",
            "n": f"{r.n:d}",
            "note": r.note,
        }
        for r in results
        if math.isfinite(r.value)
    ]
    return table(columns, rows)


def untold_table(results: Iterable[Result]) -> Html:
    """Numbers that were looked for and that the recording does not tell, with the reason."""
    rows = [
        {"id": Html(f"<code>{escape(r.id)}</code>"), "channel": label(r.channel), "note": r.note}
        for r in results
        if not math.isfinite(r.value)
    ]
    columns = [{"key": "id", "label": "Id"}, {"key": "channel", "label": "Channel"}, {"key": "note", "label": "Why"}]
    return table(columns, rows) if rows else Html("")


def picked(results: Iterable[Result]) -> Html:
    """A short table behind a picture, of the numbers that are known: what, value, interval, unit."""
    rows = [
        {"what": r.id.replace("_", " "), "channel": label(r.channel), "value": value(r),
         "interval": bounds(r) or "none", "in": unit(r.unit) or "1"}
        for r in results
        if math.isfinite(r.value)
    ]  # fmt: skip
    columns: list[Any] = [
        {"key": "what", "label": "Quantity"}, {"key": "channel", "label": "Channel"}, _num("value", "Value"),
        {"key": "interval", "label": "95 % interval"}, {"key": "in", "label": "Unit"},
    ]  # fmt: skip
    return table(columns, rows)


def quality_table(evaluation: RecordingEvaluation) -> Html:
    """One row a channel: what it is, how much of it can be believed, and what was wrong with the rest."""
    told = evaluation.as_dict()["quality"]
    met = [k for k in REASONS if any(q["reasons"].get(k) for q in told)]
    rows = []
    for name, q in zip(evaluation.channels, told, strict=True):
        c = evaluation.channels[name].channel
        row: dict[str, Any] = {
            "name": label(name), "own": c.own_name, "in": c.unit or "none", "rate": number(c.rate, 4),
            "share": _percent(q["share"]), "faults": f"{q['faults']:d}",
        }  # fmt: skip
        row |= {k: _percent(q["reasons"][k]) if q["reasons"].get(k) else "" for k in met}
        rows.append(row)
    columns: list[Any] = [
        {"key": "name", "label": "Signal"}, {"key": "own", "label": "Own name"}, {"key": "in", "label": "Unit"},
        _num("rate", "Rate", "Hz"), _num("share", "Usable", "%"), *(_num(k, k.capitalize(), "%") for k in met),
        _num("faults", "Faults"),
    ]  # fmt: skip
    return table(columns, rows)


def faults_table(evaluation: RecordingEvaluation) -> Html:
    """The longest faults of each channel with their times."""
    rows: list[dict[str, Any]] = []
    for name, passed in evaluation.channels.items():
        start = passed.channel.start
        longest = sorted(passed.quality.intervals, key=lambda i: -i.duration)[:_TOLD]
        rows += [
            {"name": label(name), "kind": i.kind, "from": number(i.start + start, places=1),
             "length": number(i.duration, places=1), "how": i.how}
            for i in sorted(longest, key=lambda i: i.start)
        ]  # fmt: skip
    if not rows:
        return Html("")
    columns: list[Any] = [
        {"key": "name", "label": "Signal"}, {"key": "kind", "label": "Fault"}, _num("from", "From", "s"),
        _num("length", "Length", "s"), {"key": "how", "label": "Looks like"},
    ]  # fmt: skip
    inner = table(columns, rows)
    head = "The longest faults with their times (all are in faults.csv)"
    return Html(f"<details><summary>{head}</summary>{inner}</details>")


def _percent(share: float) -> str:
    return number(100 * share, places=1)


def provenance_table(evaluation: RecordingEvaluation, seconds: float) -> Html:
    """Where the numbers come from: file, program, settings, time."""
    known = dict(evaluation.provenance)
    rows = [
        ("Recording", evaluation.title or str(known.pop("file", "")) or "not named"),
        ("Origin", origin_text(evaluation)),
        ("Start", evaluation.start or "not stated in the file"),
        ("Program", f"cisterna {__version__}, Python {platform.python_version()}"),
        ("Window of correlation indices", fmt(evaluation.window, "s")),
    ]
    for key, value in known.items():
        if key not in ("file", "cisterna", "not_medical_advice") and value not in ("", None, [], {}, ()):
            rows.append((key.replace("_", " "), str(value)))
    rows.append(("Time to compute", fmt(seconds, "s", 2)))
    return table(["what", "value"], [{"what": a, "value": b} for a, b in rows])


def methods_text(evaluation: RecordingEvaluation) -> Html:
    """How it was computed, in sentences for a paper, and the papers behind it."""
    sentences = " ".join(s[:1].upper() + s[1:] for s in evaluation.methods)
    papers = dict.fromkeys(s for source in evaluation.sources for s in source.split("; ") if _YEAR.search(s))
    cited = "".join(f"<li>{escape(s)}</li>" for s in papers)
    intro = f"Recordings were evaluated with cisterna {__version__}. "
    listed = f"<h3>Sources</h3><ul class='note'>{cited}</ul>" if cited else ""
    return Html(f"<p>{escape(intro + sentences)}</p>{listed}")


# ---- CSV -------------------------------------------------------------------------------------------------
def results_csv(evaluation: RecordingEvaluation) -> str:
    """Every result, one a row; an empty cell is not known.

    Examples
    --------
    >>> from cisterna.recordings.recording import Recording
    >>> from cisterna.signals.evaluate import evaluate
    >>> rec = Recording().with_signal("etco2", [5.0] * 40, rate=1.0, unit="mmHg")
    >>> results_csv(evaluate(rec)).splitlines()[0]
    'id,channel,value,unit,low,high,n,note'
    """
    rows = (
        (r.id, r.channel, _cell(r.value), r.unit, _cell(r.low), _cell(r.high), r.n, r.note) for r in evaluation.results
    )
    return _csv(("id", "channel", "value", "unit", "low", "high", "n", "note"), rows)


def series_csv(evaluation: RecordingEvaluation) -> str:
    """Every index over time: middle of the window in s of the recording, value and 95 % interval."""

    def rows(series: Series) -> Iterable[Sequence[Any]]:
        for t, v, a, b in zip(series.time, series.value, series.low, series.high, strict=True):
            yield series.id, series.channel, _cell(t), _cell(v), _cell(a), _cell(b), series.unit, f"{series.window:g}"

    heads = ("id", "channel", "time_s", "value", "low", "high", "unit", "window_s")
    return _csv(heads, (row for series in evaluation.series.values() for row in rows(series)))


def faults_csv(evaluation: RecordingEvaluation) -> str:
    """Every fault of every channel: kind, start and stop in s of the recording."""
    rows = (
        (name, i.kind, f"{i.start + p.channel.start:.3f}", f"{i.stop + p.channel.start:.3f}", i.how)
        for name, p in evaluation.channels.items()
        for i in p.quality.intervals
    )
    return _csv(("channel", "kind", "start_s", "stop_s", "note"), rows)


def _csv(heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(heads)
    writer.writerows(rows)
    return out.getvalue()


def _cell(value: float) -> str:
    return f"{value:.8g}" if math.isfinite(value) else ""
