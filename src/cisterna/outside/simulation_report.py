"""The report of a simulation: one self-contained page."""

from __future__ import annotations

import math
import platform
import re
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from cisterna import __version__
from cisterna.outside.commands._observed import span, value
from cisterna.outside.figures import Html, fmt, key_numbers, paragraph, range_sign, table
from cisterna.outside.figures.page import page
from cisterna.outside.simulation import Simulation
from cisterna.outside.simulation_numbers import label
from cisterna.outside.simulation_pictures import (
    body,
    body_title,
    course_title,
    courses,
    flow_over_time,
    flow_title,
    pressures,
    ranges,
)
from cisterna.protocol.tally import stands_as, told, totals

#: What stands before a range, by what its limits stand on.
_BASES = {"published": "published", "own band": "published, own band", "assumed": "assumed", "own": "own limits"}
#: Ids of the key numbers, the first that was observed of each group.
_KEYS = (
    (("rest_icp", "icp"), "ICP, mean"),
    (("rest_pulse", "icp_pulse"), "ICP pulse"),
    (("rest_stroke_c2", "stroke_c2"), "Stroke volume, C2"),
    (("rest_stroke_aqueduct", "stroke_aqueduct"), "Stroke volume, aqueduct"),
    (("rest_cbf", "cbf"), "Cerebral blood flow"),
)


def simulation_page(
    done: Simulation,
    rows: Sequence[Mapping[str, Any]],
    *,
    table_rows: Sequence[Mapping[str, Any]] = (),
    seconds: float,
    date: str,
) -> str:
    """The report as one HTML text.

    Parameters
    ----------
    done : Simulation
    rows : sequence of mappings
        Values of this run, see `observed`.
    table_rows : sequence of mappings
        Values of the experiments of `cisterna table` on this person, where they were asked for.
    seconds : float
        Time it took.
    date : str
        Printed at the top.
    """
    told = done.provenance()
    sections: list[Any] = [{"html": key_numbers(_keys(rows))}]
    for warning in done.warnings():
        sections.append({"html": paragraph(f"Doubtful: {warning}.")})
    if done.interrupted:
        words = f"Stopped after {done.end:.1f} of {done.asked:.0f} s: everything below is of those {done.end:.1f} s."
        sections.append({"html": paragraph(words)})
    if pressures(done):
        sections.append({"title": body_title(done, pressures(done)), "note": _body_note(done), "html": body(done)})
    speed = _first(rows, "rest_wave_speed", "wave_speed")
    flow = flow_over_time(done, speed["value"] if speed else None)
    if flow is not None:
        sections.append({"title": flow_title(done), "note": _flow_note(done), "html": flow})
    sections.append({"title": course_title(done), "note": _course_note(done), "html": courses(done)})
    sections.append({"title": _ranges_title(rows), "note": _ranges_note(done, rows),
                     "html": Html(ranges(rows) + observed_table(rows))})  # fmt: skip
    if table_rows:
        sections.append({"title": f"Experiments on this person: {_ranges_title(table_rows).lower()}",
                         "note": "Rest, posture, bolus and infusion, as cisterna table runs them.",
                         "html": Html(ranges(table_rows, "table") + observed_table(table_rows))})  # fmt: skip
    if done.driven_by():
        listed = "".join(f"<li>{escape(_minus(line))}</li>" for line in done.driven_by())
        sections.append({"title": "Driven by a measurement", "html": Html(f"<ul>{listed}</ul>")})
    sections.append({"title": "Provenance", "html": provenance(told, seconds, len(done.run.net.layout.state_names))})
    sections.append({"title": "Sources of what ran", "html": _sources(told["sources"])})
    return page(
        _finding(done, rows),
        _subtitle(done),
        sections,
        footer=f"cisterna {__version__} · computed, not measured · run {told['hash'][:12]} · {seconds:.1f} s",
        meta=[date, f"run {told['hash'][:12]}"],
        kind="simulation",
    )


def _minus(line: str) -> str:
    """A line with true minus signs; spans such as 0.5-1.2 s stay."""
    return re.sub(r"(?<![\w.])-(?=\d)", "\u2212", line)


def _first(rows: Sequence[Mapping[str, Any]], *ids: str) -> Mapping[str, Any] | None:
    found = {row["id"]: row for row in rows if row["value"] is not None}
    return next((found[key] for key in ids if key in found), None)


def _finding(done: Simulation, rows: Sequence[Mapping[str, Any]]) -> str:
    icp, stroke = _first(rows, "rest_icp", "icp"), _first(rows, "rest_stroke_c2", "stroke_c2")
    where = {"supine": "Lying", "seated": "Seated", "upright": "Upright"}.get(
        done.plan.posture.name, f"At {done.plan.posture.name}"
    )
    if icp is None:
        return f"{where}: {done.end:.0f} s of body {done.person.body}"
    head = f"{where}, intracranial pressure is {fmt(icp['value'], 'mmHg', 2)}"
    return head if stroke is None else f"{head}; each beat moves {fmt(stroke['value'], 'mL', 2)} of CSF past C2"


def _subtitle(done: Simulation) -> str:
    age = "adult" if done.person.grown else f"{done.person.age:g} y"
    told = done.provenance()
    changed = [f"{row['id']} {row['value']:g} {row['unit']}" for row in told["changed"] if row["status"] == "set"]
    parts = [f"Simulated, computed · {age} · body {done.person.body}", *told["conditions"], *changed,
             done.plan.posture.name, f"{done.end:.0f} s"]  # fmt: skip
    if done.files:
        parts.append(f"driven by {', '.join(done.files)}")
    return " · ".join(parts)


def _keys(rows: Sequence[Mapping[str, Any]]) -> list[tuple[str, str, str, str]]:
    """(label, number, unit, published range) of the numbers a reader looks for first."""
    found = []
    for ids, name in _KEYS:
        row = _first(rows, *ids)
        if row is not None:
            known = f"{_BASES.get(row['basis'], row['basis'])} {span(row)}" if span(row) else ""
            found.append((name, fmt(row["value"], "", 2), row["unit"], known))
    return found


def _body_note(done: Simulation) -> str:
    return "Mean CSF pressure as colour, zero is the atmosphere; arrows: stroke volume of the heart at seven levels."


def _flow_note(done: Simulation) -> str:
    beats = 60.0 * done.body.plan.periods.get("heart.phase", 0.0)
    rate = f", {beats:.0f} beats/min" if beats and done.drive is None else ""
    return (
        f"CSF flow from foramen magnum (FM) to the end of the dural sac, the last beats of the run{rate}. "
        "Thin line: no flow. Thick line: flow is half way up its rise."
    )


def _course_note(done: Simulation) -> str:
    return "The last seconds of the run. Flow is positive towards the feet; each row has its own scale."


def _ranges_title(rows: Sequence[Mapping[str, Any]]) -> str:
    total = totals(rows)
    if not total.asked:
        return told(total).capitalize() if total.beside else "Values of this run"
    return f"{total.met} of {total.asked} outcomes of the reference met"


def _ranges_note(done: Simulation, rows: Sequence[Mapping[str, Any]]) -> str:
    total = totals(rows)
    beside = f" Not counted: {total.inside} of {total.beside} further values lie inside their range."
    return _applied(done) + (beside if total.asked and total.beside else "")


def _applied(done: Simulation) -> str:
    if not done.adult:
        return "Published ranges are those of adults: none is applied here."
    if not done.lying:
        return (
            "Most published ranges are of people lying down: only those of this posture are applied. The body has "
            "rested in it for hours; minutes after sitting up pressures are still higher."
        )
    if done.files:
        return "The ranges are those of people at rest; this body was driven by the measurement told below."
    return "Each range is stretched to the same width; what lies outside is shown as outside."


def observed_table(rows: Sequence[Mapping[str, Any]]) -> Html:
    """Every value with its range, one-sided ranges and values without a range included."""
    columns: list[Any] = [
        {"key": "what", "label": "Quantity"}, {"key": "value", "label": "Computed", "number": True, "bold": True},
        "unit", {"key": "range", "label": "Range", "number": True}, {"key": "place", "label": ""},
        {"key": "role", "label": "Counts as"}, {"key": "source", "label": "Source"},
    ]  # fmt: skip
    told = []
    for row in rows:
        name = label(row["id"], row["unit"])[1]
        place: Html | str = ""
        if row["inside"] is not None and row["value"] is not None:
            low, high = row["low"], row["high"]
            place = range_sign(row["value"], -math.inf if low is None else low, math.inf if high is None else high)
        source = str(row["source"] or "").split(" doi:")[0]
        told.append({"what": name, "value": value(row), "unit": row["unit"], "range": span(row), "place": place,
                     "role": stands_as(row),
                     "source": source if len(source) < 90 else source[:87].rstrip() + "..."})  # fmt: skip
    return table(columns, told)


def provenance(told: Mapping[str, Any], seconds: float, states: int) -> Html:
    """Version, body, world, what was changed, inputs with their hash, seed, hash of the run."""
    listed = [(row["status"], f"{row['id']} = {row['value']:g} {row['unit']}") for row in told["changed"]]
    scaled = [words for status, words in listed if status == "computed"]
    changed = [f"{words} ({status})" for status, words in listed if status != "computed"]
    inputs = [f"{name}, SHA-256 {digest}" for name, digest in told["inputs"].items()]
    error = told["largest_step_error"]
    local = "not known: stopped early" if error is None else f"{error:.1g} of a state (at least 1)"
    rows = [
        ("Program", f"cisterna {told['cisterna']}, Python {platform.python_version()}"),
        ("Body", f"{told['body']}, {states} states"),
        ("Age", told["age"]),
        ("World", told["world"] + (f": {', '.join(told['hypotheses'])}" if told["hypotheses"] else "")),
        ("Conditions", ", ".join(told["conditions"]) or "none"),
        ("Posture", f"{told['posture']}, {told['tilt_deg']:g}° head up"),
        ("Time", f"{told['seconds']:g} s of model time, from the resting state in this posture"),
        ("Values", f"read from {told['measured_s'][0]:g} to {told['measured_s'][1]:g} s"),
        ("Rest", told["rest"]),
        ("Changed numbers", "; ".join(changed) or "none"),
        ("Scaled for age", "; ".join(scaled) or "none"),
        ("Inputs", "; ".join(inputs) or "none"),
        ("Solver", f"ROS34PW2, 5 ms; largest local error {local}"),
        ("Seed", "none is needed: nothing is drawn"),
        ("Run", told["hash"]),
        ("Computing time", f"{seconds:.1f} s"),
    ]
    return table(["what", "value"], [{"what": a, "value": b} for a, b in rows])


def _sources(cited: Sequence[str]) -> Html:
    own = [s for s in cited if s.startswith("assumed")]
    read = [s for s in cited if not s.startswith(("assumed", "set by", "computed"))]
    head = f"{len(read)} sources; {len(own)} assumptions of our own"
    items, ours = ("".join(f"<li>{escape(s)}</li>" for s in part) for part in (read, own))
    return Html(f"<details><summary>{head}</summary><ul>{items}</ul><p>Assumptions</p><ul>{ours}</ul></details>")
