"""Pictures of an evaluation: each takes what it needs and is "" where the recording does not hold it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cisterna.ground.parameter import default_parameters
from cisterna.outside.evaluation_tables import bounds, label, said, span_text
from cisterna.outside.figures.histogram import histogram
from cisterna.outside.figures.numerals import fmt, number
from cisterna.outside.figures.timecourse import time_course
from cisterna.outside.figures.trend import trend
from cisterna.outside.figures.xychart import xy_chart
from cisterna.signals.epochs import Epochs
from cisterna.signals.evaluate import Passed, RecordingEvaluation
from cisterna.signals.flow import FlowCurve
from cisterna.signals.indices.bands import BANDS
from cisterna.signals.indices.cppopt import ReactivityByCPP
from cisterna.signals.infusion import InfusionTest
from cisterna.signals.pulse import PulseShape
from cisterna.signals.result import Series
from cisterna.signals.rhythm import RhythmTest
from cisterna.signals.spectra import Spectrum

Samples = NDArray[np.float64]
#: Beats drawn behind a mean pulse, and signals drawn in the trend; more hide one another.
BEATS, ROWS = 120, 8
#: Up to this many epochs the trace itself is drawn (20 min), beyond it the means of the epochs.
_TRACED = 120
_FULL, _HALF = 1104.0, 530.0
#: Colour of a kind of signal; every line is named as well.
_COLOURS = {"icp": "fluid", "abp": "art", "cvp": "ven", "pap": "ven", "velocity": "art", "ppg": "art", "resp": "breath"}
#: Signals in the order they are drawn.
_ORDER = ("icp", "abp", "velocity", "flow", "cvp", "pap", "ppg", "resp", "co2", "etco2", "heart_rate")
_BAND_COLOURS = {"slow": "rest", "b": "rest", "mayer": "position", "breath": "breath", "heart": "heart"}
#: The width of a correlation of every kind, so that two of them can be compared.
_CORRELATION = (-1.0, 1.0)


def clock(seconds: float) -> tuple[float, str]:
    """Factor and unit in which a recording of this length is drawn.

    Examples
    --------
    >>> clock(60)[1], clock(3600)[1], clock(86400)[1]
    ('s', 'min', 'h')
    """
    if seconds < 240:
        return 1.0, "s"
    return (1 / 60, "min") if seconds <= 10800 else (1 / 3600, "h")


def drawn_order(names: Sequence[str]) -> list[str]:
    """Channels as they are drawn: pressures of the head first, what no table knows last."""

    def rank(name: str) -> int:
        return next((k for k, head in enumerate(_ORDER) if name == head or name.startswith(f"{head}_")), len(_ORDER))

    return sorted(names, key=rank)


def colour(name: str) -> str:
    """Colour of a signal."""
    return next((c for head, c in _COLOURS.items() if name == head or name.startswith(f"{head}_")), "ink")


# ---- quality over time -----------------------------------------------------------------------------------
def trend_picture(evaluation: RecordingEvaluation) -> tuple[str, str]:
    """The trend of the first signals with what can be believed of them, and a line that says what is drawn."""
    names = drawn_order([n for n, p in evaluation.channels.items() if p.epochs is not None])
    shown = names[:ROWS]
    if not shown:
        return "", ""
    ends = [(p.channel.start, p.channel.start + p.samples / p.channel.rate) for p in evaluation.channels.values()]
    begin, end = min(a for a, _ in ends), max(b for _, b in ends)
    factor, word = clock(end - begin)
    rows = [_trend_row(evaluation, evaluation.channels[name], factor, end) for name in shown]
    drawing = trend(
        rows, span=(begin * factor, end * factor), time_unit=word, width=_FULL, prefix="trend",
        title=f"{', '.join(label(n) for n in shown)} over {span_text(end - begin)}",
    )  # fmt: skip
    traced = len(evaluation.channels[shown[0]].epochs or ()) <= _TRACED
    note = (
        "Trace in steps of 0.1 s, whole epochs of 10 s only."
        if traced
        else "Means of 10 s; the band reaches from diastole to systole."
    )
    left = [label(n) for n in names[ROWS:]]
    note += f" Not drawn: {', '.join(left)}." if left else ""
    return drawing, note


def _trend_row(evaluation: RecordingEvaluation, passed: Passed, factor: float, end: float) -> dict[str, Any]:
    c, table = passed.channel, passed.epochs
    assert table is not None
    traced = len(table) <= _TRACED
    t = _times(table, traced)
    y = table.fine.ravel() if traced else table.mean
    step = (1 / table.fine_rate if traced else table.length) * factor
    row: dict[str, Any] = {
        "name": label(c.name), "unit": c.unit or "no unit", "t": t * factor, "y": y, "colour": colour(c.name),
        "step": step, "gaps": [(a * factor, b * factor) for a, b in _missing(table, passed, end)],
        "faults": [((i.start + c.start) * factor, (i.stop + c.start) * factor) for i in passed.quality.intervals
                   if i.kind != "gap"],
    }  # fmt: skip
    if not traced and np.isfinite(table.diastolic).any():
        row |= {"low": table.diastolic, "high": table.systolic}
    mean = next((r for r in evaluation.results if r.id == "mean" and r.channel == c.name), None)
    share = float(np.mean(passed.quality.usable()))
    row["summary"] = [*([f"mean {number(mean.value)}"] if mean and c.unit else []), f"usable {fmt(100 * share, '%')}"]
    if c.name == "icp" and c.unit == "mmHg":
        level = default_parameters()["idx_dose_22"].value
        row["references"] = [(level, fmt(level, "mmHg"))]
    return row


def _times(table: Epochs, traced: bool) -> Samples:
    if not traced:
        return table.time
    return np.asarray(table.first * table.length + (np.arange(table.fine.size) + 0.5) / table.fine_rate)


def _missing(table: Epochs, passed: Passed, end: float) -> list[tuple[float, float]]:
    """Stretches without signal: gaps of the samples, and what lies before or after the channel."""
    c = passed.channel
    spans = [(i.start + c.start, i.stop + c.start) for i in passed.quality.intervals if i.kind == "gap"]
    last = c.start + passed.samples / c.rate
    if end - last > table.length:
        spans.append((last, end))
    return spans


# ---- pulse -----------------------------------------------------------------------------------------------
def pulse_picture(shape: PulseShape, seed: int) -> str:
    """Mean pulse over single beats, P1, P2 and P3 marked where they are there."""
    picks = np.arange(len(shape.beats))
    if picks.size > BEATS:
        picks = np.sort(np.random.default_rng(seed).choice(picks.size, BEATS, replace=False))
    tint = colour(shape.channel)
    lines: list[dict[str, Any]] = [
        {"x": shape.time, "y": shape.beats[k], "faint": True, "colour": "fluid" if tint == "ink" else tint}
        for k in picks
    ]
    lines.append({"x": shape.time, "y": shape.mean, "low": shape.low, "high": shape.high, "colour": "ink"})
    marks = shape.landmarks
    points = [
        {"x": peak.time, "y": peak.height, "label": name}
        for name, peak in (("P1", marks.p1), ("P2", marks.p2), ("P3", marks.p3))
        if peak is not None
    ]
    sure = shape.beats[picks]
    limits = np.nanquantile(sure, [0.002, 0.998])
    air = 0.12 * float(np.ptp(limits))
    notes = [f"{len(shape.feet):,} beats"]
    for result, words in ((shape.result("pulse_p2_p1"), "P2/P1"), (shape.result("pulse_rise_time"), "rise time")):
        if np.isfinite(result.value):
            notes.append(f"{words} {said(result)}")
    return xy_chart(
        lines, x_label="Time from the foot, s", y_label=f"{shape.unit or 'no unit'}, above the foot", points=points,
        y_limits=(float(min(limits[0], shape.mean.min())) - air, float(max(limits[1], shape.mean.max())) + air),
        notes=notes, width=_HALF, prefix=f"pulse-{_id(shape.channel)}",
        title=f"Mean pulse of {label(shape.channel)} over {len(picks)} of {len(shape.feet)} beats",
    )  # fmt: skip


# ---- spectrum --------------------------------------------------------------------------------------------
def bands_of(lowest: float, highest: float) -> list[dict[str, Any]]:
    """Bands that a spectrum reaches, to be drawn; the one of B waves lies inside the slow one."""
    rows = default_parameters()
    out = []
    for name, row_id, _ in BANDS:
        low, high = max(rows[row_id].low, lowest), min(rows[row_id].high, highest)
        if high <= 1.05 * low:
            continue
        words = {"slow": "slow, darker: B", "b": "", "mayer": "Mayer"}.get(name, name)
        out.append({"from": low, "to": high, "label": words, "colour": _BAND_COLOURS[name]})
    return out


def spectrum_picture(name: str, found: Spectrum, unit_name: str) -> str:
    """Power over frequency, both by decades, with the bands."""
    seen = (found.frequency > 0) & np.isfinite(found.density) & (found.density > 0)
    if found.segments == 0 or seen.sum() < 4:
        return ""
    f, power = found.frequency[seen], found.density[seen]
    bare = f"({unit_name})" if "/" in unit_name or " " in unit_name else unit_name
    squared = f"{bare}²/Hz" if unit_name else "power, no unit"
    top = float(power.max())
    return xy_chart(
        [{"x": f, "y": power}], x_label="Frequency, Hz", y_label=squared, log_x=True, log_y=True,
        y_limits=(max(float(power.min()), 1e-8 * top), 3 * top), bands=bands_of(float(f[0]), float(f[-1])),
        width=_HALF, prefix=f"spectrum-{_id(name)}",
        title=f"Spectrum of {label(name)}: {found.segments} segments of {fmt(found.segment, 's')}",
    )  # fmt: skip


# ---- indices over time -----------------------------------------------------------------------------------
def series_picture(series: Series, seconds: float) -> str:
    """One index over time with its interval; a window without a value stays empty."""
    if np.isfinite(series.value).sum() < 2:
        return ""
    factor, word = clock(seconds)
    bounded = series.unit == "1" and np.nanmax(np.abs(series.value)) <= 1
    known = np.isfinite(series.low) & np.isfinite(series.high)
    line: dict[str, Any] = {"name": label(series.id), "t": series.time * factor, "y": series.value}
    if known.any():
        line |= {"low": series.low, "high": series.high}
        if bounded:
            line |= {"low": np.clip(series.low, -1, 1), "high": np.clip(series.high, -1, 1)}
    return time_course(
        [line], unit=series.unit if series.unit != "1" else "no unit", time_unit=word, width=_FULL, height=150,
        note=f"windows of {fmt(series.window, 's')}", limits=_CORRELATION if bounded else None,
        prefix=f"series-{series.id}", title=f"{label(series.id)} of {label(series.channel)} over time",
    )  # fmt: skip


def reactivity_picture(found: ReactivityByCPP) -> str:
    """PRx in bins of CPP with the parabola through them."""
    if not found.used.any():
        return ""
    points = [
        {"x": x, "y": y, "low": a if np.isfinite(a) else None, "high": b if np.isfinite(b) else None}
        for x, y, a, b in zip(*(v[found.used] for v in (found.cpp, found.prx, found.low, found.high)), strict=True)
    ]
    cpp = found.cpp[found.used]
    half = float(np.diff(found.cpp).min() / 2) if found.cpp.size > 1 else 2.5
    x = np.linspace(cpp.min() - half, cpp.max() + half, 120)
    lines = []
    if np.isfinite(found.curve).all() and not found.reason:
        lines = [{"x": x, "y": np.tanh(np.polyval(found.curve, x))}]
    bands: list[dict[str, Any]] = []
    best = f"CPPopt {fmt(found.optimum, 'mmHg')}" if np.isfinite(found.optimum) else ""
    if np.isfinite(found.optimum_low):
        bands = [{"from": found.optimum_low, "to": found.optimum_high, "label": best, "colour": "ok"}]
    return xy_chart(
        lines, x_label="CPP, mmHg", y_label="PRx", points=points, bands=bands,
        x_limits=(float(x[0]), float(x[-1])), width=_HALF, prefix="cppopt",
        title=f"PRx against CPP: {best or found.reason}",
    )  # fmt: skip


# ---- infusion --------------------------------------------------------------------------------------------
def infusion_picture(test: InfusionTest) -> str:
    """Pressure of the test with the fit, its band and the phases."""
    course, p = test.course, test.phases
    minutes = course.time / 60
    fitted = np.where(course.fitted, course.value, np.nan)
    lines: list[dict[str, Any]] = [{"x": minutes, "y": course.measured, "colour": "fluid", "name": "measured"}]
    lines.append({"x": minutes[course.fitted], "y": fitted[course.fitted], "low": course.low[course.fitted],
                  "high": course.high[course.fitted], "name": "fit"})  # fmt: skip
    after = ~course.fitted & (course.time > p.pump[0])
    if after.any():
        lines.append({"x": minutes[after], "y": course.value[after], "colour": "ink3", "name": "expected"})
    bands = [{"from": p.pump[0] / 60, "to": p.pump[1] / 60, "label": _pump(test), "colour": "hand"}]
    if p.baseline[1] > p.baseline[0]:
        bands.insert(0, {"from": p.baseline[0] / 60, "to": p.baseline[1] / 60, "label": "rest", "colour": "rest"})
    if p.recovery is not None:
        bands.append({"from": p.recovery[0] / 60, "to": p.recovery[1] / 60, "label": "after", "colour": "rest"})
    return xy_chart(
        lines, x_label="Time, min", y_label="mmHg", bands=bands, width=_FULL, height=340, prefix="infusion",
        title=f"{p.kind.capitalize()} test with fit, {fmt(p.pump[0], 's')} to {fmt(p.pump[1], 's')}",
        x_limits=(float(minutes.min()), float(minutes.max())),
    )  # fmt: skip


def _pump(test: InfusionTest) -> str:
    if test.phases.kind == "bolus" or not test.fit.rate_known:
        return test.phases.kind + ("" if test.fit.rate_known else ", rate not stated")
    return f"{test.phases.kind} {fmt(test.fit.pumps[0].rate, 'mL/min')}"


# ---- rhythm ----------------------------------------------------------------------------------------------
def rhythm_pictures(name: str, test: RhythmTest) -> list[str]:
    """The statistic over frequency against its 95 % limit, and its largest value among the surrogates."""
    if test.frequency.size < 3 or not test.surrogates.size:
        return []
    what = "Residual / background" if test.places == 1 else "Partial coherence²"
    far = float(np.nanmax(test.observed)) > 4 * float(np.nanmax(test.limit))
    rows = default_parameters()
    bands: list[dict[str, Any]] = [
        {"from": rows[row].low, "to": rows[row].high, "label": words, "colour": tint}
        for row, words, tint in (("idx_mayer", "Mayer", "position"), ("idx_breath", "breath", "breath"))
    ]
    f = test.frequency
    jumps = np.flatnonzero(np.diff(f) > 1.5 * np.median(np.diff(f))) + 1  # explained by a source: not looked at
    x, seen, limit = (np.insert(v, jumps, np.nan) for v in (f, test.observed, test.limit))
    x = np.where(np.isfinite(x), x, np.insert(f, jumps, f[jumps - 1]))
    over = xy_chart(
        [{"x": x, "y": seen, "name": "observed"}, {"x": x, "y": limit, "name": "95 % limit", "colour": "phys"}],
        x_label="Frequency, Hz", y_label=what, log_y=far, bands=[b for b in bands if b["from"] < float(f[-1])],
        width=_HALF, prefix=f"rhythm-{_id(name)}", x_limits=(float(f[0]), float(f[-1])),
        title=f"{what} of {label(name)}, {test.verdict}",
    )  # fmt: skip
    among = histogram(
        test.surrogates.tolist(), x_label=f"Largest {what[0].lower()}{what[1:]} in the band",
        mark=(test.statistic, f"observed, p {number(test.p)}"), y_label="surrogates", width=_HALF,
        prefix=f"surrogates-{_id(name)}",
        title=f"Largest value of {label(name)} among {test.surrogates.size} surrogates",
    )  # fmt: skip
    return [over, among]


# ---- flow ------------------------------------------------------------------------------------------------
def flow_picture(name: str, curve: FlowCurve) -> str:
    """Flow over one cycle, single cycles faint."""
    at = curve.time[0] + np.append(curve.fine_time, curve.cycle)
    fine = curve.fine()
    lines: list[dict[str, Any]] = []
    for row in curve.repeats[:BEATS] if curve.repeats is not None else ():
        lines.append({"x": curve.time, "y": row, "faint": True, "colour": "fluid"})
    lines.append({"x": at, "y": np.append(fine, fine[0])})
    points = [{"x": a, "y": b} for a, b in zip(curve.time, curve.flow, strict=True)] if curve.time.size <= 64 else []
    return xy_chart(
        lines, x_label="Time in the cycle, s", y_label="mL/s", points=points, width=_HALF, prefix=f"flow-{_id(name)}",
        notes=[f"net {fmt(curve.net_flow(), 'mL/min')}", f"stroke volume {fmt(curve.stroke_volume(), 'mL')}"],
        title=f"{label(name)} over a cycle of {fmt(curve.cycle, 's')}",
    )  # fmt: skip


def _id(name: str) -> str:
    return "".join(c if c.isalnum() else "-" for c in name)


def told(rows: Mapping[str, Any]) -> str:
    """Numbers in one line, each with its interval."""
    return " · ".join(f"{words} {said(r)}" + (f" ({bounds(r)})" if bounds(r) else "") for words, r in rows.items())
