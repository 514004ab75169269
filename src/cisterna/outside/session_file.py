"""A session on disk: session.nc, session.html and the plain answer for --json."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from cisterna import __version__
from cisterna.ground.parameter import Parameter
from cisterna.ground.units import from_internal
from cisterna.outside.report import observed, session_page
from cisterna.recordings.recording import Recording
from cisterna.sessions.outcome import SessionResult

#: Signals kept on disk, as far as the body has them; the whole state can be had again from the provenance.
KEPT = (
    "icp",
    "abp",
    "resp",
    "cbf",
    "tilt",
    "flow_aqueduct",
    "flow_csf.C2",
    "flow_csf.L3",
    "flow_jugular",
    "pressure_sinus",
    "volume_csf.spinal",
)


def recording_of(result: SessionResult) -> Recording:
    """The session as a recording: each signal with a dimension `world`."""
    names = list(result.worlds)
    runs = [outcome.run.run for outcome in result.worlds.values()]
    made = Recording()
    layout = {name: (unit, level) for name, unit, level in runs[0].net.layout.signals}
    for name in (name for name in KEPT if name in layout):
        unit, level = layout[name]
        values = np.stack([run.signal(name) for run in runs], axis=1)
        made = made.with_signal(
            name, values, time=runs[0].times, unit=unit, level_ref=level, origin="simulated",
            dims=("world",), coords={"world": names},
        )  # fmt: skip
    touch = np.stack([outcome.run.touch for outcome in result.worlds.values()], axis=1)
    made = made.with_signal(
        "icp_touch", touch, time=runs[0].times, unit="mmHg", level_ref="foramen_monro", origin="simulated",
        dims=("world",), coords={"world": names},
    )  # fmt: skip
    timeline = result.first.run.timeline
    for station, points in timeline.context.forces.items():
        force = np.interp(runs[0].times, [t for t, _ in points], [f for _, f in points], left=0.0, right=0.0)
        made = made.with_signal(
            f"force.{station}", from_internal(1.0, "N") * force, time=runs[0].times, unit="N", origin="simulated",
            dims=(), coords={},
        )  # fmt: skip
    made = made.with_events([(p.start, p.end - p.start, p.label) for p in timeline.placed])
    return made.with_provenance(**answer(result)["provenance"])


def answer(result: SessionResult) -> dict[str, Any]:
    """The session as plain values, the shape `--json` prints."""
    worlds = {}
    for name, outcome in result.worlds.items():
        worlds[name] = {
            "hypotheses": list(outcome.hypotheses),
            "observed": observed(outcome),
            "causes": [
                {"id": c.name, "label": c.label, "value": c.value, "unit": "mmHg", "low": c.low, "high": c.high,
                 "kind": c.kind}
                for c in outcome.causes
            ],
            "stations": {"before": outcome.before.as_dict()["stations"], "after": outcome.after.as_dict()["stations"]},
            "holds": [
                {"technique": h.technique, "start_s": h.start, "end_s": h.end,
                 "force_N": from_internal(h.force, "N"), "icp_mmHg": h.icp}
                for h in outcome.holds
            ],
            "notes": list(outcome.begun.notes),
        }  # fmt: skip
    first = result.first
    moved = first.person.parameters.changed.values()
    return {
        "screening": result.screening.as_dict(),
        "observed": worlds[first.world]["observed"],
        "worlds": worlds,
        "drive": result.drive.report() if result.drive else None,
        "provenance": {
            "cisterna": __version__,
            "body": first.person.body,
            "age_years": first.person.age,
            "conditions": [c.name for c in result.plan.conditions],
            "protocol": result.protocol.title,
            "minutes": first.run.timeline.end / 60.0,
            "changed": {row.id: _size(row) for row in moved if row.status != "computed"},
            "scaled_for_age": {row.id: _size(row) for row in moved if row.status == "computed"},
            "seed": result.plan.seed,
            "not_medical_advice": True,
        },
    }


def _size(row: Parameter) -> str:
    return f"{row.value:g} {row.unit}"


def write(result: SessionResult, folder: Path, *, seconds: float, date: str) -> list[Path]:
    """Write session.nc and session.html, each whole or not at all."""
    from cisterna.outside.terminal import write_text

    text = session_page(result, seconds=seconds, date=date)
    recording = recording_of(result).save(folder / "session.nc")
    return [write_text(folder / "session.html", text), recording]
