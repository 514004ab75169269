"""What an evaluation of a recording holds, and its plain form for `--json`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cisterna.ground.errors import CisternaError
from cisterna.ground.registry import nearest
from cisterna.recordings.check import Finding
from cisterna.recordings.rules import Event
from cisterna.signals.evaluate.channel import Passed
from cisterna.signals.flow import FlowCurve
from cisterna.signals.indices.cppopt import ReactivityByCPP
from cisterna.signals.infusion import InfusionTest
from cisterna.signals.quality import REASONS
from cisterna.signals.result import Result, Series
from cisterna.signals.rhythm import RhythmTest
from cisterna.signals.spectra import Spectrum

#: Faults listed one by one in the plain form; beyond that only their number and share are told.
_LISTED = 500


@dataclass(frozen=True)
class RecordingEvaluation:
    """A recording, evaluated.

    Attributes
    ----------
    title, start, origin : str
        Where it comes from, its clock time at 0 s ("" if unknown), ``measured`` or ``simulated``.
    duration : float
        Length, s.
    window : float
        Window of the correlation indices, s.
    events : tuple of Event
    channels : dict of Passed
        By canonical name: quality, epochs, beats, pulse.
    left_out : dict of str
        Channel -> why it was not evaluated.
    findings : tuple of Finding
        What makes a channel hard to believe; nothing is refused for it.
    results : tuple of Result
        Every number with its interval.
    series : dict of Series
        ``(id, channel)`` -> the index over time.
    spectra : dict of Spectrum
        By channel.
    reactivity : ReactivityByCPP or None
        PRx over CPP.
    infusion : InfusionTest or None
        `infusion_why` says why there is none.
    rhythm : dict of RhythmTest
        By channel.
    flow : dict of FlowCurve
        By channel: flow over one cycle.
    methods : tuple of str
        How it was computed, a sentence a part that ran.
    sources : tuple of str
        Papers behind what ran.
    provenance : dict
        Of the recording, with version and settings.
    """

    title: str
    start: str
    origin: str
    duration: float
    window: float
    events: tuple[Event, ...]
    channels: Mapping[str, Passed]
    left_out: Mapping[str, str]
    findings: tuple[Finding, ...]
    results: tuple[Result, ...]
    series: Mapping[tuple[str, str], Series]
    spectra: Mapping[str, Spectrum]
    reactivity: ReactivityByCPP | None
    infusion: InfusionTest | None
    infusion_why: str
    rhythm: Mapping[str, RhythmTest]
    flow: Mapping[str, FlowCurve]
    methods: tuple[str, ...]
    sources: tuple[str, ...]
    provenance: Mapping[str, Any]

    def result(self, id: str, channel: str = "") -> Result:
        """A number by its id, of a channel where several have it.

        Raises
        ------
        CisternaError
            No such number (with the nearest name), or several channels have it.
        """
        named = [r for r in self.results if r.id == id]
        found = [r for r in named if not channel or r.channel == channel]
        if len(found) == 1:
            return found[0]
        if named:
            has = ", ".join(r.channel for r in named)
            raise CisternaError(
                f"say of which channel '{id}' is meant", found=has, mend=f"channel='{named[0].channel}'"
            )
        best = nearest(id, {r.id for r in self.results})
        raise CisternaError(f"the evaluation has no '{id}'", mend=f"did you mean '{best}'?" if best else "")

    def as_dict(self) -> dict[str, Any]:
        """The evaluation as plain JSON values."""
        return {
            "title": self.title,
            "start": self.start or None,
            "origin": self.origin,
            "duration_s": self.duration,
            "window_s": self.window,
            "channels": [self._channel(name) for name in self.channels]
            + [{"name": name, "left_out": why} for name, why in self.left_out.items()],
            "quality": [self._quality(name) for name in self.channels],
            "results": [result.as_dict() for result in self.results],
            "rhythm": [
                {"channel": name, "verdict": test.verdict, "why": test.why, "removed": list(test.removed),
                 "missing": list(test.missing), "seconds": test.seconds, "needed_s": test.needed}
                for name, test in self.rhythm.items()
            ],
            "infusion": self._infusion(),
            "findings": [
                {"signal": f.signal, "what": f.what, "found": f.found, "mend": f.mend, "grave": f.grave}
                for f in self.findings
            ],
            "methods": list(self.methods),
            "sources": list(self.sources),
            "provenance": dict(self.provenance),
        }  # fmt: skip

    def _channel(self, name: str) -> dict[str, Any]:
        passed = self.channels[name]
        c = passed.channel
        return {
            "name": name,
            "own_name": c.own_name,
            "kind": c.kind or None,
            "unit": c.unit or None,
            "rate_hz": c.rate,
            "start_s": c.start,
            "samples": passed.samples,
            "missing": passed.missing / passed.samples if passed.samples else 0.0,
            "level_ref": c.level_ref,
            "note": c.quality,
        }

    def _quality(self, name: str) -> dict[str, Any]:
        quality, start = self.channels[name].quality, self.channels[name].channel.start
        shares = {r.id: r.value for r in quality.results()}
        listed = [
            {"kind": i.kind, "start_s": i.start + start, "stop_s": i.stop + start, "note": i.how}
            for i in quality.intervals[:_LISTED]
        ]
        return {
            "channel": name,
            "share": shares["quality"],
            "reasons": {kind: shares[f"quality_{kind}"] for kind in REASONS if f"quality_{kind}" in shares},
            "faults": len(quality.intervals),
            "intervals": listed,
        }

    def _infusion(self) -> dict[str, Any]:
        if self.infusion is None:
            return {"found": False, "why": self.infusion_why}
        p = self.infusion.phases
        return {
            "found": True,
            "kind": p.kind,
            "baseline_s": list(p.baseline),
            "pump_s": list(p.pump),
            "times_from": p.how,
            "remarks": list(self.infusion.remarks),
        }
