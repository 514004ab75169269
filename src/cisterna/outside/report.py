"""The report of a session: one self-contained page, both worlds side by side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from cisterna import __version__
from cisterna.ground.units import from_internal
from cisterna.outside import report_tables as tables
from cisterna.outside.figures import (
    Html,
    block,
    cause_bars,
    decade_dots,
    figure,
    fmt,
    key_numbers,
    paragraph,
    published_ranges,
    sagittal_body,
    tide_legend,
    time_course,
)
from cisterna.outside.figures.page import page, panel
from cisterna.sessions.onworld import minute_means
from cisterna.sessions.outcome import SessionResult, WorldOutcome
from cisterna.sessions.screening import DISCLAIMER

#: Colour scale of the body, mmHg: the same for both postures and every session.
SCALE = (-10.0, 50.0)
#: Threshold band of a resting hand, m (50 to 200 um, the share of people read in Kasparian 2015).
HAND = (50e-6, 200e-6)
_STATION_AT = {"asis": "pelvis", "ribs": "ribs", "shoulder": "shoulders", "vault": "head"}
_CAUSES_NOTE = "Position and rest at the end of the session; touch by paired runs on identical steps."
_RANGES = (
    ("ICP seated, end of intake", "icp_seated", "icp_upright", "mmHg"),
    ("ICP lying, evaluation", "icp_supine", "icp_supine", "mmHg"),
    ("ICP pulse, peak to peak", "icp_pulse", "icp_pulse_amp", "mmHg"),
    ("ICP swing with breath, peak to peak", "icp_breath", "icp_resp_amp", "mmHg"),
    ("CSF stroke volume at C2-C3", "stroke_c2", "sv_c2c3", "mL"),
    ("Cerebral blood flow", "cbf", "cbf_total", "mL/min"),
)


def observed(outcome: WorldOutcome) -> list[dict[str, Any]]:
    """Numbers of a session with their published ranges, in the shape used everywhere."""
    rows = []
    for _, key, row, unit in _RANGES:
        published = outcome.person.parameters.peek(row)
        value = float(outcome.numbers[key])
        inside = published.low <= value <= published.high
        rows.append(
            {"id": key, "value": value, "unit": unit, "low": published.low, "high": published.high,
             "inside": inside, "source": published.source}
        )  # fmt: skip
    return rows


def session_page(result: SessionResult, *, seconds: float, date: str) -> str:
    """The report as one HTML text."""
    first = result.first
    sections: list[Any] = [
        {"html": _screening(result)},
        {"title": "From cranium to sacrum", "note": _body_note(first), "html": _bodies(first), "span": 7},
        {"html": _touch_block(result), "span": 5},
        *({"html": _causes(outcome), "span": 12 // len(result.worlds)} for outcome in result.worlds.values()),
        {"title": "Intracranial pressure over the session", "note": "mmHg, minute means; both worlds, one scale",
         "html": _course(result)},
        {"title": "What a hand felt at the seven stations",
         "note": "Motion by its strongest source for a hand; what it would note when it listens for a slow rhythm.",
         "html": tables.stations(result)},
        {"title": "Holds", "note": "5 gf is what is taught; practice is what was measured on experts (upper end).",
         "html": tables.holds(result)},
        {"title": "Against published ranges", "html": _ranges(result)},
        {"title": "Both worlds, side by side", "note": _worlds_note(result), "html": tables.worlds(result)},
        {"title": "Claims this session touches", "html": tables.claims(result)},
    ]  # fmt: skip
    if result.drive is not None:
        sections.insert(1, {"title": "Driven by a recording", "html": [paragraph(t) for t in result.drive.report()]})
    sections.append({"title": "Provenance", "html": tables.provenance(result, seconds)})
    sections.append({"title": "Sources of what ran", "html": tables.sources(result)})
    return page(
        _finding(first),
        _subtitle(result),
        sections,
        footer=f"cisterna {__version__} · computed, not measured · seed {result.plan.seed} · {seconds:.1f} s",
        meta=[date, f"seed {result.plan.seed}"],
        kind="session report",
    )


def _finding(first: WorldOutcome) -> str:
    causes = {cause.name: cause for cause in first.causes}
    touch = fmt(abs(causes["touch"].value), "mmHg", 2)
    if "position" not in causes:
        return f"The largest touch moved intracranial pressure by {touch}"
    position = fmt(causes["position"].value, "mmHg", 2, sign=True)
    return f"Lying down moved intracranial pressure by {position}, the largest touch by {touch}"


def _subtitle(result: SessionResult) -> str:
    person = result.first.person
    conditions = ", ".join(c.name for c in result.plan.conditions) or "no condition"
    minutes = result.first.run.timeline.end / 60
    return (
        f"Simulated session, computed · {person.age:g} y, {conditions} · body {person.body} · "
        f"{result.protocol.title.lower()} · {minutes:.0f} min"
    )


def _screening(result: SessionResult) -> Html:
    s = result.screening
    who = "" if result.plan.client else " The person is simulated: the answers were generated, harmless by default."
    doctor = f" A physician answered: {result.plan.doctor}." if result.plan.doctor else ""
    rest = result.first.begun.rest
    model = f" The model at rest: ICP {fmt(rest.icp, 'mmHg', 2)}, PVI {fmt(rest.pvi, 'mL', 2)}."
    why = " ".join(f"{reason}." for reason in s.reasons[:3])
    sign = {"no_listed_contraindication": "none", "physician_first": "physician first"}.get(s.verdict, s.verdict)
    return panel(sign, s.sentence().split(".")[0] + ".", f"{why}{doctor}{model}{who}", DISCLAIMER)


# ---- pictures -------------------------------------------------------------------------------------------
def _levels(outcome: WorldOutcome, start: float, end: float) -> dict[str, float]:
    window = outcome.run.window(start, end)
    values = {"cranial": float(window.signal("icp").mean())}
    for name in window.names:
        if name.startswith("pressure_csf."):
            values[name.split(".", 1)[1]] = float(window.signal(name).mean())
    return values


def _strokes(outcome: WorldOutcome, start: float, end: float) -> dict[str, float]:
    window = outcome.run.window(start, end)
    step = float(np.median(np.diff(window.times)))
    beat = max(2, round(60.0 / outcome.numbers["heart_rate"] / step))
    found = {}
    for level in ("C2", "C7", "T6", "T12", "L3"):
        flow = window.signal(f"flow_csf.{level}")
        folded = flow[: len(flow) // beat * beat].reshape(-1, beat)
        found[level] = float((np.abs(folded - folded.mean(axis=1, keepdims=True)).sum(axis=1) * step / 2).mean())
    return found


def _spans(outcome: WorldOutcome) -> dict[str, tuple[float, float]]:
    intake = outcome.run.timeline.placed[0]
    start, end = outcome.run.span("evaluation")
    return {"seated": (max(intake.start, intake.end - 60.0), intake.end), "supine": (max(start, end - 60.0), end)}


def _bodies(outcome: WorldOutcome) -> Html:
    stations = []
    for finding in outcome.before.findings:
        if finding.station in _STATION_AT:
            stations.append({"name": finding.station, "at": _STATION_AT[finding.station], "felt": finding.sqar.felt})
    drawn = []
    for posture, (start, end) in _spans(outcome).items():
        values = _levels(outcome, start, end)
        arrows = _strokes(outcome, start, end)
        low, high = fmt(values["cranial"], "mmHg", 2), fmt(values["S1"], "mmHg", 2)
        drawn.append(
            sagittal_body(
                values, scale=SCALE, arrows=arrows, height_px=760, prefix=f"b-{posture}", posture=posture,
                stations=stations if posture == "supine" else (), levels=("C2", "C7", "T6", "T12", "L3", "S1"),
                title=f"{posture.capitalize()}: CSF pressure {low} in the head, {high} at S1",
                desc=f"Mean CSF pressure as colour, stroke volume as arrows, {posture}.",
                heading=f"{posture}: head {low}",
            )
        )  # fmt: skip
    legend = tide_legend(*SCALE, "mmHg", label="mean CSF pressure, one scale for both", prefix="legend")
    return Html(figure(*drawn) + figure(legend))


def _body_note(outcome: WorldOutcome) -> str:
    volume = fmt(_strokes(outcome, *_spans(outcome)["supine"])["C2"], "mL", 2)
    return (
        f"Arrows: CSF stroke volume per beat, {volume} at C2 lying. Rings: stations, filled where a rhythm was noted."
    )


def _course(result: SessionResult) -> Html:
    lines = []
    for name, outcome in result.worlds.items():
        times, means = minute_means(outcome.run.run.times, outcome.run.icp)
        taught = bool(outcome.hypotheses)
        lines.append({"name": name, "t": times, "y": means, "colour": "hyp" if taught else "ink", "hypothesis": taught})
    first = result.first
    times, means = minute_means(result.seated.times, result.seated.signal("icp"))
    lines.append({"name": "if seated", "t": times, "y": means, "colour": "position", "dash": "2 3"})
    steps = [
        {"name": _short(p), "start": p.start / 60, "end": p.end / 60, "treatment": p.step.name == "hold"}
        for p in first.run.timeline.placed
    ]
    drawing = time_course(
        lines, unit="mmHg", time_unit="min", steps=steps, width=1104, height=320, prefix="icp",
        title=_finding(first), desc="Minute means of intracranial pressure in both worlds.",
    )  # fmt: skip
    return figure(drawing)


def _short(placed: Any) -> str:
    from cisterna.sessions.technique import technique

    return technique(placed.step.technique).title if placed.step.name == "hold" else placed.label


def _causes(outcome: WorldOutcome) -> Html:
    """What moved ICP in one world; each world has its own scale, said by its numbers."""
    rows: list[Mapping[str, Any]] = []
    for cause in outcome.causes:
        row: dict[str, Any] = {"name": cause.label, "value": cause.value, "cause": cause.name}
        row["interval"] = "change of the mean" if cause.kind == "change" else "peak to peak"
        rows.append(row)
    drawing = cause_bars(
        rows, unit="mmHg", width=530, prefix=f"causes-{outcome.world}", title=f"What moved ICP, {outcome.world}"
    )
    return block(f"What moved intracranial pressure, {outcome.world}", figure(drawing), note=_CAUSES_NOTE)


def _touch_block(result: SessionResult) -> Html:
    outcome = result.first
    rows = []
    breath = {f.station: f.motion.get("breath", 0.0) for f in outcome.before.findings}
    for held in outcome.holds:
        name, effect = max(held.effects.items(), key=lambda item: abs(item[1].tissue.value))
        bone = abs(effect.bone.value)
        rows.append(
            {"name": f"{_brief(held.title)}: skin", "value": _metres(effect.tissue.value), "other": _near(name, breath)}
        )
        if bone > 0:
            rows.append({"name": f"{_brief(held.title)}: bone", "value": _metres(bone)})
    if not rows:
        return Html("")
    drawing = decade_dots(rows, threshold=HAND, width=470, prefix="dots", title="Displacement under the hand")
    force = fmt(from_internal(outcome.holds[0].force, "gf"), "gf", 2)
    moved = block("How far the hands moved", figure(drawing), note=f"{force} each hand, at once; established")
    return Html(moved + block("In numbers", key_numbers(_keys(outcome)), note="established"))


def _keys(outcome: WorldOutcome) -> list[tuple[str, str, str, str]]:
    """(label, number, unit, remark) of the numbers a reader looks for first."""
    n = outcome.numbers
    touch = next(c for c in outcome.causes if c.name == "touch")
    span = "" if touch.low is None or touch.high is None else f"{fmt(touch.low, '', 2)} to {fmt(touch.high, '', 2)}"
    return [
        ("ICP seated", fmt(n["icp_seated"], "", 2), "mmHg", "end of intake"),
        ("ICP lying", fmt(n["icp_supine"], "", 2), "mmHg", "evaluation"),
        ("ICP pulse", fmt(n["icp_pulse"], "", 2), "mmHg", "peak to peak"),
        ("CSF stroke volume", fmt(n["stroke_c2"], "", 2), "mL", "C2-C3, per beat"),
        ("Largest touch on ICP", fmt(touch.value, "", 2), "mmHg", f"range of the materials {span}"),
    ]


def _brief(title: str) -> str:
    return title.replace("Traction of the dural tube at the sacrum", "Dural tube traction")


def _near(name: str, breath: Mapping[str, float]) -> float | None:
    from cisterna.physiology.stations import station

    region = station(name).region
    place = {"head": "vault", "cranial_base": "vault", "face": "vault", "trunk": "ribs", "pelvis": "asis"}.get(region)
    return breath[place] * 1e-6 if place is not None and place in breath else None


def _metres(value: float) -> float:
    return abs(from_internal(value, "m"))


def _ranges(result: SessionResult) -> Html:
    rows = [
        {"name": label, "low": row["low"], "high": row["high"], "value": row["value"], "unit": row["unit"],
         "source": str(row["source"]).split(" doi:")[0][:22]}
        for (label, *_), row in zip(_RANGES, observed(result.first), strict=True)
    ]  # fmt: skip
    inside = sum(bool(row["inside"]) for row in observed(result.first))
    title = f"{inside} of {len(rows)} values lie inside the published range"
    return figure(published_ranges([{"name": "established", "rows": rows}], title=title, prefix="ranges"))


def _worlds_note(result: SessionResult) -> str:
    taught = [o for o in result.worlds.values() if o.hypotheses]
    if not taught:
        return "One world was asked for."
    on = ", ".join(taught[0].hypotheses)
    return (
        f"As taught switches on {on}. Numbers it needs are required by the claim, not measured (red). "
        "Other switches of the teaching are not built yet."
    )
