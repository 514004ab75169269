"""Tables of a session report: stations, holds, worlds, claims, provenance, sources."""

from __future__ import annotations

import platform
import re
from typing import Any

from cisterna import __version__
from cisterna.ground.sources import doi_share
from cisterna.ground.units import from_internal
from cisterna.outside.figures import Html, block, fmt, grade_sign, paragraph, table
from cisterna.outside.figures.signs import felt_sign
from cisterna.physiology.stations import LISTENING
from cisterna.sessions.outcome import Held, SessionResult, WorldOutcome
from cisterna.sessions.technique import technique

_NAMES = {
    "heel": "Heels", "dorsum": "Feet", "thigh": "Thighs", "asis": "Pelvis", "ribs": "Ribs", "shoulder": "Shoulders",
    "vault": "Head",
}  # fmt: skip


def _num(key: str, label: str, unit: str = "") -> dict[str, Any]:
    return {"key": key, "label": label, "unit": unit, "number": True}


def stations(result: SessionResult) -> Html:
    """Before and after, station by station, in each world."""
    columns = [
        {"key": "station", "label": "Station"},
        {"key": "source", "label": "Strongest source"},
        _num("motion", "Motion", "µm"),
        _num("skull", "of it skull", "µm"),
        {"key": "felt", "label": "Slow rhythm"},
        _num("rate", "Rate", "1/min"),
        _num("amplitude", "Ampl.", "0-3"),
        _num("symmetry", "Sym.", "−3-3"),
        {"key": "quality", "label": "Quality"},
        _num("confidence", "Conf.", "0-100"),
        {"key": "again", "label": "After"},
        {"key": "change", "label": "Change for a hand"},
    ]
    shown = []
    for name, outcome in result.worlds.items():
        rows = []
        for place in LISTENING:
            before, after = outcome.before[place], outcome.after[place]
            change = next(c for c in outcome.change.changes if c.station == place)
            rows.append(
                {
                    "station": _NAMES.get(place, place),
                    "source": before.dominant or "none",
                    "motion": fmt(before.motion.get(before.dominant, 0.0), "", 2),
                    "skull": fmt(before.motion.get("csf", 0.0) + before.motion.get("rhythm", 0.0), "", 2),
                    "felt": felt_sign(before.sqar.felt, "noted" if before.sqar.felt else "felt nothing"),
                    "rate": "" if before.sqar.rate is None else f"{before.sqar.rate:.1f}",
                    "amplitude": str(before.sqar.amplitude),
                    "symmetry": "" if before.sqar.symmetry is None else f"{before.sqar.symmetry:+d}".replace("+0", "0"),
                    "quality": before.sqar.quality,
                    "confidence": str(before.confidence),
                    "again": _again(after.sqar),
                    "change": felt_sign(change.felt, "felt" if change.felt else "not felt"),
                    "class": "hyp" if outcome.hypotheses and before.motion.get("rhythm", 0.0) > 1.0 else "",
                }
            )
        shown.append(block(f"{name}, hand: {outcome.hand.name}", table(columns, rows)))
    slow = result.first.before["vault"]
    times = f"{slow.cranial_times:,.0f}" if slow.cranial_times else "-"
    note = (
        f"In the established world the skull's own motion at the head has d' = {slow.d_cranial:.2g}; it would have to "
        f"be {times} times larger for d' = 1. A noted rhythm is what a hand would write down, false marks included."
    )
    return Html("".join(shown) + paragraph(note, small=True))


def _again(sqar: Any) -> str:
    return "felt nothing" if not sqar.felt else f"noted, {sqar.rate:.1f}/min"


def holds(result: SessionResult) -> Html:
    """What each hold did, at the force used and at the force of measured practice."""
    columns = [
        {"key": "hold", "label": "Hold"},
        {"key": "hand", "label": "One hand at"},
        _num("force", "Force", "gf"),
        _num("skin", "Skin", "µm"),
        _num("bone", "Bone", "nm"),
        _num("suture", "Suture joint", "nm"),
        _num("volume", "Skull volume", "µL"),
        _num("icp", "ICP, at once", "mmHg"),
        _num("practice", "Practice", "gf"),
        _num("picp", "ICP then", "mmHg"),
    ]
    shown = []
    for name, outcome in result.worlds.items():
        rows = [_hold_row(held, outcome) for held in outcome.holds]
        shown.append(block(name, table(columns, rows)))
    note = (
        "Forces of one hand; ICP is that of all hands together, by paired runs on identical steps (a null touch gives "
        "exactly 0). Positive volume: the skull is widened. Practice: the largest mean pressure measured on experts at "
        "the head, 1.69 N/cm2, over the whole contact: an upper bound."
    )
    return Html("".join(shown) + paragraph(note, small=True))


def _hold_row(held: Held, outcome: WorldOutcome) -> dict[str, Any]:
    name, effect = next(iter(held.effects.items()))
    measured = held.measured[name]
    joint = max(effect.joints.values(), key=lambda span: abs(span.value), default=None)
    practice = sum(e.icp.value for e in held.measured.values())
    on_head = bool(effect.joints)
    return {
        "hold": held.title,
        "hand": name,
        "force": f"{from_internal(held.force, 'gf'):.3g}",
        "skin": fmt(from_internal(effect.tissue.value, "um"), "", 2),
        "bone": fmt(from_internal(effect.bone.value, "nm"), "", 2),
        "suture": fmt(from_internal(joint.value, "nm") if joint else 0.0, "", 2),
        "volume": fmt(from_internal(effect.volume.value, "uL"), "", 2),
        "icp": fmt(held.icp, "", 2),
        "practice": fmt(from_internal(measured.force, "gf"), "", 2) if on_head else "",
        "picp": fmt(practice, "", 2) if on_head else "",
        "class": "hyp" if "H-SUT" in outcome.hypotheses else "",
    }


def worlds(result: SessionResult) -> Html:
    """Numbers in columns established | as taught | published."""
    from cisterna.outside.report import _RANGES

    names = list(result.worlds)
    columns: list[Any] = [{"key": "what", "label": "Quantity"}]
    columns += [{"key": name, "label": name, "number": True, "bold": k == 0} for k, name in enumerate(names)]
    columns += ["unit", {"key": "range", "label": "Published", "number": True}, {"key": "source", "label": "Source"}]
    rows = []
    for label, key, row, unit in _RANGES:
        published = result.first.person.parameters.peek(row)
        rows.append(
            {
                "what": label, "unit": unit, "range": f"{published.low:g} to {published.high:g}",
                "source": published.source.split(" doi:")[0],
                **{name: fmt(float(o.numbers[key]), "", 3) for name, o in result.worlds.items()},
            }
        )  # fmt: skip
    for label, row_of in (
        ("Slow rhythm in ICP, peak to peak", lambda o: o.rhythm.value if o.rhythm else 0.0),
        ("Largest touch, ICP", lambda o: next(c.value for c in o.causes if c.name == "touch")),
        ("Craniospinal compliance at rest", lambda o: o.begun.rest.compliance),
        ("Pressure-volume index", lambda o: o.begun.rest.pvi),
    ):
        unit = {"C": "mL/mmHg", "P": "mL"}.get(label[0], "mmHg")
        rows.append(
            {"what": label, "unit": unit, **{n: fmt(float(row_of(o)), "", 2) for n, o in result.worlds.items()}}
        )
    taught = [o for o in result.worlds.values() if o.hypotheses]
    needed = []
    for outcome in taught:
        for moved in outcome.person.parameters.changed.values():
            if moved.status == "required":
                was = result.first.person.parameters.peek(moved.id)
                needed.append(
                    {"id": was.name or was.id, "value": f"{moved.value:.4g}", "unit": moved.unit,
                     "was": f"{was.value:.4g} ({was.low:g} to {was.high:g})", "class": "required"}
                )  # fmt: skip
    below = Html("")
    if needed:
        below = table(
            [{"key": "id", "label": "Required by the claim, not measured"}, _num("value", "as taught"), "unit",
             _num("was", "published")],
            needed,
        )  # fmt: skip
    notes = [paragraph(note, small=True) for outcome in taught for note in outcome.begun.notes]
    return Html(table(columns, rows) + below + "".join(notes))


#: Claims every session touches, besides those of its techniques.
_ALWAYS = ("C-009", "C-010", "C-028", "C-030", "C-053", "C-055", "C-067")


def claims(result: SessionResult) -> Html:
    """Claims that this session and its techniques belong to, with their evidence and what was computed here."""
    from cisterna.claims.table import claims_table

    wanted = dict.fromkeys(_ALWAYS)
    for held in result.first.holds:
        wanted.update(dict.fromkeys(technique(held.technique).claims))
    rows = []
    for row in claims_table():
        if row.id in wanted:
            rows.append(
                {"claim": f"{row.id}  {row.claim}", "here": _computed(row.id, result),
                 "evidence": re.sub(r"\s*\(https?://[^)]*\)", "", row.evidence), "grade": grade_sign(row.grade)}
            )  # fmt: skip
    columns: list[Any] = [
        {"key": "claim", "label": "Claim"}, {"key": "here", "label": "Computed in this session"},
        {"key": "evidence", "label": "Measured by others"}, {"key": "grade", "label": "Evidence"},
    ]  # fmt: skip
    note = "Verdicts need an experiment, not a session: cisterna claims run E1, cisterna claims run E3."
    return Html(table(columns, rows) + paragraph(note, small=True))


def _computed(key: str, result: SessionResult) -> str:
    """The number of this session beside a claim, where it has one."""
    causes = {name: {c.name: c for c in o.causes} for name, o in result.worlds.items()}

    def each(what: Any) -> str:
        return "; ".join(f"{name}: {what(name, outcome)}" for name, outcome in result.worlds.items())

    def touch(name: str, _: WorldOutcome) -> str:
        return fmt(causes[name]["touch"].value, "mmHg", 2)

    def slow(_: str, outcome: WorldOutcome) -> str:
        return fmt(outcome.rhythm.value if outcome.rhythm else 0.0, "mmHg", 2)

    def noted(_: str, outcome: WorldOutcome) -> str:
        felt = [f for f in outcome.before.findings if f.sqar.felt]
        return f"a slow rhythm noted at {len(felt)} of {len(outcome.before.findings)} stations"

    def skull(_: str, outcome: WorldOutcome) -> str:
        return f"d' of what the skull does at the head {outcome.before['vault'].d_cranial:.2g}"

    def joint(_: str, outcome: WorldOutcome) -> str:
        spans = [span.value for h in outcome.holds for e in h.effects.values() for span in e.joints.values()]
        return "largest motion of a suture joint " + fmt(
            from_internal(max(map(abs, spans), default=0.0), "nm"), "nm", 2
        )

    minutes = result.first.run.timeline.end / 60
    position = causes[result.first.world].get("position")
    words = {
        "C-009": lambda: each(noted),
        "C-010": lambda: "slow rhythm in ICP, peak to peak, " + each(slow),
        "C-014": lambda: "tissue creeps under the hand and returns; no lasting change is modelled",
        "C-028": lambda: f"{minutes:.0f} min of model time",
        "C-030": lambda: f"lying down, {fmt(position.value, 'mmHg', 2, sign=True)} on ICP" if position else "",
        "C-053": lambda: each(skull),
        "C-055": lambda: "largest touch on ICP, " + each(touch),
        "C-057": lambda: each(joint),
        "C-067": lambda: f"screening before the session: {result.screening.verdict.replace('_', ' ')}",
    }
    return words[key]() if key in words else ""


def provenance(result: SessionResult, seconds: float) -> Html:
    """Version, parameters changed, hypotheses, seed, solver, time."""
    first = result.first
    p = first.person.parameters
    changed = [f"{row.id} = {row.value:g} {row.unit}" for row in p.changed.values()]
    changed += [f"{key} = {value:g}" for key, value in first.person.overrides.items()]
    rest = first.begun.rest.start.rest
    states, minutes = len(first.run.net.layout.state_names), first.run.timeline.end / 60
    rows = [
        ("Program", f"cisterna {__version__}, Python {platform.python_version()}"),
        ("Body", f"{first.person.body}, {states} states; {minutes:.0f} min of model time"),
        (
            "Solver",
            "ROS34PW2, 20 ms while listening, else 40 ms, one matrix per 100 steps; "
            f"rest by shooting, spectral radius {rest.radius:.3f}",
        ),
        ("Changed numbers", "; ".join(changed) or "none"),
        ("Conditions", "; ".join(f"{c.name} ({c.source})" for c in result.plan.conditions) or "none"),
        ("Hypotheses on", "; ".join(f"{n}: {', '.join(o.hypotheses) or 'none'}" for n, o in result.worlds.items())),
        ("Screening", "; ".join(result.screening.rules) or "no rule held"),
        ("Parameters with a DOI", f"{100 * doi_share(p):.0f} % of {len(p)}"),
        ("Seed, time", f"{result.plan.seed}; {seconds:.1f} s"),
    ]
    return table(["what", "value"], [{"what": a, "value": b} for a, b in rows])


def sources(result: SessionResult) -> Html:
    """What ran is what is cited."""
    cited = [s for s in result.sources if not s.startswith(("assumed", "set by", "computed"))]
    own = [s for s in result.sources if s.startswith("assumed")]
    items = "".join(f"<li>{_escape(s)}</li>" for s in cited)
    ours = "".join(f"<li>{_escape(s)}</li>" for s in own)
    head = f"{len(cited)} sources; {len(own)} assumptions of our own"
    return Html(f"<details><summary>{head}</summary><ul>{items}</ul><p>Assumptions</p><ul>{ours}</ul></details>")


def _escape(text: str) -> str:
    from html import escape

    return escape(text)
