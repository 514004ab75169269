"""An evaluation in words: its finding in one line, and the numbers a reader looks for first."""

from __future__ import annotations

import math

from cisterna.outside.evaluation_tables import bounds, label, said, span_text, unit, value
from cisterna.outside.figures.numerals import fmt
from cisterna.recordings.check import Finding
from cisterna.signals.evaluate import RecordingEvaluation
from cisterna.signals.result import Result

DISCLAIMER = "This is not medical advice."
#: Numbers a reader looks for first: id, channel (as it begins), words. The first five that are known are shown large.
KEYS = (
    ("rout", "icp", "Outflow resistance"),
    ("pvi", "icp", "PVI"),
    ("mean", "icp", "Mean ICP"),
    ("pulse_amplitude_pp", "icp", "ICP pulse, peak to peak"),
    ("rap", "icp", "RAP"),
    ("prx", "icp", "PRx"),
    ("cpp", "abp", "CPP"),
    ("cppopt", "icp", "CPPopt"),
    ("time_above_22", "icp", "Share of time above 22 mmHg"),
    ("stroke_volume", "flow", "Stroke volume"),
    ("net_flow", "flow", "Net flow"),
    ("mean", "abp", "Mean arterial pressure"),
    ("mean", "velocity_mca", "Mean flow velocity"),
    ("mxa", "velocity_mca", "Mxa"),
    ("heart_rate", "", "Heart rate"),
    ("breath_rate", "", "Breath rate"),
    ("pulse_p2_p1", "", "P2 over P1"),
    ("rhythm_p", "", "p of a slow rhythm"),
    ("quality", "", "Usable"),
)
MOST_KEYS = 5


def finding(evaluation: RecordingEvaluation) -> str:
    """What the recording shows, in one line."""
    grave = next((f for f in evaluation.findings if f.grave), None)
    if grave is not None:
        what = _named(grave)
        return sentence(f"{what}: {grave.found}" if grave.found else what)
    parts = [*_test_words(evaluation), *_pressure_words(evaluation)[:1]]
    if evaluation.infusion is not None and evaluation.infusion.phases.how == "pressure":
        parts.append("a rise with the shape of an infusion test, marked nowhere")
    parts += [*_pressure_words(evaluation)[1:], *_other_words(evaluation)]
    return sentence("; ".join(parts[:2]))


def _test_words(e: RecordingEvaluation) -> list[str]:
    out = []
    rout, waves = lookup(e, "rout", "icp"), lookup(e, "plateau_waves", "icp")
    alone = e.infusion is not None and e.infusion.phases.how == "pressure"
    if rout is not None and not alone:
        out.append(f"outflow resistance {said(rout)}")
    elif e.infusion is not None and not alone:
        out.append(f"{e.infusion.phases.kind} test, rate not stated")
    if waves is not None and waves.extra.get("count"):
        count = int(waves.extra["count"])
        out.append(f"{count} plateau wave{'s' if count > 1 else ''} in {span_text(e.duration)}")
    out += [f"a slow rhythm of {said(t.rate)} in {label(n)}" for n, t in e.rhythm.items() if t.verdict == "rhythm"]
    return out


def _pressure_words(e: RecordingEvaluation) -> list[str]:
    words = (("mean", "icp", "mean ICP"), ("prx", "icp", "PRx"), ("stroke_volume", "flow", "stroke volume"),
             ("net_flow", "flow", "net flow"), ("mean", "abp", "mean arterial pressure"))  # fmt: skip
    return [f"{text} {said(r)}" for id, channel, text in words if (r := lookup(e, id, channel)) is not None]


def _other_words(e: RecordingEvaluation) -> list[str]:
    out = [
        f"{text} {said(r)}"
        for id, text in (("heart_rate", "heart rate"), ("breath_rate", "breath rate"))
        if (r := lookup(e, id, "")) is not None
    ]
    if not e.channels:
        out += [f"no flow curve: {r.note}" for r in e.results if not math.isfinite(r.value)]
    if len(out) < 2 and e.channels:
        share = [r.value for r in e.results if r.id == "quality"]
        usable = f", {fmt(100 * sum(share) / len(share), '%')} usable" if share else ""
        out.append(f"{len(e.channels)} signal{'s' * (len(e.channels) != 1)} over {span_text(e.duration)}{usable}")
    return out


def sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def lookup(e: RecordingEvaluation, id: str, channel: str) -> Result | None:
    """The first known number of this id in a channel whose name begins so; no level of a signal without a unit."""
    for r in e.results:
        if r.id == id and r.channel.startswith(channel) and math.isfinite(r.value) and (r.unit or id != "mean"):
            return r
    return None


def key_results(e: RecordingEvaluation, most: int = MOST_KEYS) -> list[tuple[str, Result]]:
    """The numbers a reader looks for first, those that are known, with their words."""
    found = []
    for id, channel, words in KEYS:
        r = lookup(e, id, channel)
        if r is None or not r.unit:
            continue
        found.append((words if channel or ":" in r.channel or not r.channel else f"{words}, {label(r.channel)}", r))
    return found[:most]


def key_rows(e: RecordingEvaluation, most: int = MOST_KEYS) -> list[tuple[str, str, str, str, int]]:
    """The same as text: words, value, unit, interval ("" where there is none), n; shares in %."""
    rows = []
    for words, r in key_results(e, most):
        shown = _percent(r) if r.id in ("time_above_22", "quality") else r
        rows.append((words, value(shown), unit(shown.unit), bounds(shown), r.n))
    return rows


def _percent(r: Result) -> Result:
    return Result(r.id, r.channel, 100 * r.value, "%", 100 * r.low, 100 * r.high, r.n)


def _named(f: Finding) -> str:
    """What is wrong, the signal by the name used in the report."""
    return f.what.replace(f.signal, label(f.signal)) if f.signal else f.what


def finding_words(f: Finding) -> tuple[str, str]:
    """What is wrong, and how it shows and is mended."""
    return sentence(_named(f)) + ".", " ".join(f"{sentence(t)}." for t in (f.found, f.mend) if t)
