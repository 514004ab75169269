"""The numbers of an evaluation: what each part of the analysis says of channels that have been passed over."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from cisterna.ground.errors import CisternaError
from cisterna.ground.parameter import default_parameters
from cisterna.recordings.recording import Recording
from cisterna.recordings.rules import Event
from cisterna.signals.epochs import Epochs
from cisterna.signals.evaluate.channel import Passed
from cisterna.signals.evaluate.rates import rates
from cisterna.signals.faults import PULSATILE
from cisterna.signals.flow import FlowCurve, cycle_average, flow_curve, flow_of
from cisterna.signals.flow_results import flow_delay, flow_results
from cisterna.signals.indices import Index, align, index, indices
from cisterna.signals.indices.bands import trace
from cisterna.signals.indices.cppopt import CPPopt, ReactivityByCPP
from cisterna.signals.infusion import InfusionTest, NoInfusionTest, infusion_test, phases_from_events
from cisterna.signals.latency import pulse_latency
from cisterna.signals.mocaip import mocaip
from cisterna.signals.mocaip_class import class_index
from cisterna.signals.result import Result, Series
from cisterna.signals.rhythm import RhythmTest, holm_results, rhythm
from cisterna.signals.spectra import Spectrum, spectrum

if TYPE_CHECKING:
    from cisterna.signals.evaluate.evaluator import Wanted

#: Indices shown over time, where their signals are there.
SHOWN = (
    "mean", "pulse_amplitude_f1", "pulse_amplitude_pp", "rap", "rac", "prx", "pax", "mx", "mxa", "cpp",
)  # fmt: skip
#: Kinds of signal in which a slow rhythm is sought: everything but those that are sources or trends themselves.
_NOT_SOUGHT = ("ecg", "breath", "co2", "trend")
#: Most channels in which one is sought; ICP first.
_MOST_SOUGHT = 4
#: Segment of the spectrum that is drawn, s: ten slow waves.
_SEGMENT = 300.0
#: Shorter ones are tried where no stretch of that length is whole, down to a few breaths, s.
_SHORTEST_SEGMENT = 18.0
#: Units of a flow.
_FLOW = "mL/s"
#: Indices with a threshold in mmHg: they say nothing of a pressure without a unit.
_IN_MMHG = ("dose_", "time_above_", "plateau_waves", "b_waves")
#: Shape of the pulse: its sizes are told by the epochs of the whole recording already. Its classes are those of ICP.
_TOLD = ("pulse_amplitude_pp", "pulse_amplitude_f1")


class Answers:
    """Runs every part that the channels allow; the attributes are those of `RecordingEvaluation`."""

    def __init__(
        self, passed: Mapping[str, Passed], about: Recording, events: Sequence[Event], wanted: Wanted,
        cycle: Recording | None,
    ) -> None:  # fmt: skip
        self.passed, self.about, self.events, self.wanted, self.cycle = passed, about, events, wanted, cycle
        self.window = wanted.window or index("prx").window
        self.results: list[Result] = []
        self.series: dict[tuple[str, str], Series] = {}
        self.spectra: dict[str, Spectrum] = {}
        self.reactivity: ReactivityByCPP | None = None
        self.infusion: InfusionTest | None = None
        self.infusion_why = "no intracranial pressure in the recording"
        self.rhythm: dict[str, RhythmTest] = {}
        self.flow: dict[str, FlowCurve] = {}
        self.methods: list[str] = []
        self.sources: list[str] = []
        self.epochs: dict[str, Epochs] = {
            name: p.epochs for name, p in passed.items() if p.epochs is not None and p.channel.kind != "ecg"
        }

    def run(self, tell: Callable[[float, str], None]) -> None:
        """Everything, in the order of a report."""
        parts = (
            ("quality", self._quality),
            ("beats and pulses", self._beats),
            ("indices", self._indices),
            ("spectra", self._spectra),
            ("infusion test", self._infusion),
            ("flow", self._flow),
            ("rhythm", self._rhythm),
        )
        for k, (what, part) in enumerate(parts):
            tell(0.1 + 0.9 * k / len(parts), what)
            part()

    def _method(self, sentence: str, *sources: str) -> None:
        if sentence not in self.methods:
            self.methods.append(sentence)
        self.sources += [s for s in sources if s and s not in self.sources]

    def _quality(self) -> None:
        for p in self.passed.values():
            self.results += p.quality.results()
        if self.passed:
            self._method(
                "Gaps, calibration, dropouts, flat stretches, clipping, spikes, distorted and damped pulses were found "
                "block by block; samples in a fault enter no number, and nothing was filled in."
            )

    def _beats(self) -> None:
        for p in self.passed.values():
            self.results += rates(p)
            if p.pulse is not None:
                told = _TOLD if p.channel.name.startswith("icp") else (*_TOLD, "pulse_class")
                self.results += [r for r in p.pulse.results if r.id not in told]
                if p.channel.name.startswith("icp"):
                    # The delay to the ECG needs the clock of the recording; the pulse counts in an excerpt of it.
                    self.results += [r for r in mocaip(p.pulse) if r.id != "mocaip_lt"] + [class_index(p.pulse)[0]]
        if any(p.beats.size for p in self.passed.values()):
            self._method(
                "Pulses were found by their upstroke against a local threshold, R waves by two moving averages and "
                "their slope.",
                "Elgendi 2013 PLoS ONE 8:e73557 doi:10.1371/journal.pone.0073557",
            )
        if any(p.breaths.size for p in self.passed.values()):
            self._method("Breaths were found by crests that rise by a third of the local range.")
        if any(p.pulse is not None for p in self.passed.values()):
            self._method(
                "The mean pulse keeps the time after the foot; P1, P2 and P3 are its peaks or shoulders, its class a "
                "rule on them.",
                "Nucci et al. 2016 Acta Neurochir Suppl 122:143",
            )
        for first, second in (("abp", "icp"), ("abp", "velocity_mca"), ("abp", "velocity_mca_l")):
            self._latency(first, second)

    def _latency(self, first: str, second: str) -> None:
        a, b = self.passed.get(first), self.passed.get(second)
        if a is None or b is None:
            return
        begin = max(a.channel.start, b.channel.start)
        cut = [p.excerpt[int(round((begin - p.channel.start) * p.channel.rate)) :] for p in (a, b)]
        feet = tuple(p.beats[p.beats >= begin] - begin for p in (a, b))
        try:
            found = pulse_latency(
                cut[0], cut[1], a.channel.rate, (feet[0], feet[1]), (first, second), rate_second=b.channel.rate
            )
        except CisternaError as error:
            note = f"no delay: {error.what}" + (f" ({error.found})" if error.found else "")
            self.results.append(Result("latency_xcorr", f"{first}:{second}", np.nan, "s", note=note))
            return
        self.results += found.results
        self._method("Delays between pulses were taken foot to foot and by cross-correlation over the first hour.")

    def _indices(self) -> None:
        correlation = index("prx").window_id
        for name, kind in indices().items():
            one = kind()
            window = self.wanted.window if one.window_id == correlation else None
            for chosen in one.inputs(self.epochs):
                if len(set(chosen)) < len(chosen) or not self._pulsed(one, chosen):
                    continue
                signals = {n: self.epochs[n] for n in chosen}
                try:
                    if one.name.startswith(_IN_MMHG):
                        _in_mmhg(signals)
                    self.results += one.results(signals, window)
                    if name in SHOWN:
                        over = self.wanted.window if one.window_id in (correlation, index("mean").window_id) else None
                        for series in one.series(signals, over):
                            self.series[series.id, series.channel] = series
                except CisternaError as error:
                    note = f"{one.definition}; none: {error.what}" + (f" ({error.found})" if error.found else "")
                    self.results += [
                        Result(report.id, ":".join(chosen), np.nan, report.unit, note=note)
                        for report in one.all_reports()
                    ]
                    continue
                self._method(f"{one.title}: {one.definition}.", one.source if "doi" in one.source else "")
        if {"icp", "abp"} <= self.epochs.keys():
            try:
                self.reactivity = CPPopt().bins({n: self.epochs[n] for n in ("icp", "abp")})
            except CisternaError:
                self.reactivity = None  # the result of the index says why

    def _pulsed(self, one: Index, chosen: tuple[str, ...]) -> bool:
        """Whether an index of the pulse is asked of signals that have one."""
        of_pulse = one.name.startswith(("pulse", "rap"))
        return not of_pulse or all(self.passed[n].channel.kind in PULSATILE for n in chosen)

    def _spectra(self) -> None:
        for name, table in self.epochs.items():
            seconds = len(table) * table.length
            segment = min(_SEGMENT, seconds / 2)
            try:
                found = spectrum(table.fine.ravel(), table.fine_rate, segment, block=1 / table.fine_rate)
                while found.segments == 0 and segment >= 2 * _SHORTEST_SEGMENT:
                    segment /= 2  # faults leave no stretch as long
                    found = spectrum(table.fine.ravel(), table.fine_rate, segment, block=1 / table.fine_rate)
            except CisternaError:
                continue  # shorter than a few samples
            self.spectra[name] = found
        if self.spectra:
            self._method("Spectra are Welch averages of Hann segments; segments that miss a sample are left out.")

    def _infusion(self) -> None:
        table = self.epochs.get("icp")
        if table is None:
            return
        row = default_parameters()["idx_breath"]
        values, rate = trace(table, row.low)
        rec = Recording().with_title(self.about.title, self.about.start)
        rec = rec.with_signal(
            "icp", values, rate=rate, start=table.first * table.length, unit=table.unit, level_ref="foramen_monro"
        )
        rec = rec.with_events(self.events).with_provenance(**self.about.provenance)
        start, stop = self.wanted.infusion or (None, None)
        marked = phases_from_events(self.events, len(table) * table.length)
        if start is None and marked is None and "protocol" in self.about.provenance:
            # A simulated protocol marks every step it takes: lying down must not pass for an infusion.
            self.infusion_why = "no step of the simulated protocol infuses or drains"
            return
        try:
            self.infusion = infusion_test(
                rec, rate=self.wanted.infusion_rate or None, start=start, stop=stop, seed=self.wanted.seed
            )
        except NoInfusionTest as error:
            self.infusion_why = f"{error.what} in {error.found}"
            return
        except CisternaError as error:
            if self.wanted.infusion or self.wanted.infusion_rate:
                raise  # it was asked for
            self.infusion_why = error.what + (f" ({error.found})" if error.found else "")
            return
        self.results += self.infusion.results
        self._method(
            "The infusion test was fitted with the model of Marmarou (exponential pressure-volume curve, constant "
            "outflow resistance), slow waves as correlated noise; numbers are medians of the posterior with 95 % "
            "intervals.",
            "Marmarou et al. 1978 J Neurosurg 48:332 doi:10.3171/jns.1978.48.3.0332",
        )

    def _flow(self) -> None:
        if self.cycle is not None:
            for name in self.cycle.signals:
                self._one_flow(name, lambda name=name: flow_of(self.cycle, name))  # type: ignore[misc]
        beats = next((self.passed[n].beats for n in ("abp", "icp", "ppg", "ecg") if self._beating(n)), None)
        for name, p in self.passed.items():
            if name.startswith("flow") and beats is not None and _is_flow(p.channel.unit):
                self._one_flow(name, lambda p=p: _cycle(p, beats))  # type: ignore[misc]
        names = list(self.flow)
        for second in names[1:]:
            self.results.append(flow_delay(self.flow[names[0]], self.flow[second], f"{names[0]}:{second}"))
        if names:
            self._method(
                "Flow was averaged over the beats; the stroke volume is half of the absolute mean-free flow, and net "
                "flow is told with and without the offset of static tissue."
            )

    def _beating(self, name: str) -> bool:
        return name in self.passed and self.passed[name].beats.size > 2

    def _one_flow(self, name: str, make: Callable[[], FlowCurve]) -> None:
        try:
            curve = make()
            self.results += flow_results(curve, name, self.wanted.seed)
        except CisternaError as error:
            note = f"no curve over a cycle: {error.what}" + (f" ({error.found})" if error.found else "")
            if "cycle" in error.mend:
                note += '; say it in a side-car: {"kind": "flow curve", "cycle": seconds}'
            self.results.append(Result("stroke_volume", name, np.nan, "mL", note=note))
            return
        self.flow[name] = curve

    def _rhythm(self) -> None:
        breath = next((n for n in self.epochs if self.passed[n].channel.kind in ("breath", "co2")), None)
        sought = [n for n in self.epochs if self.passed[n].channel.kind not in _NOT_SOUGHT and n != "heart_rate"]
        sought.sort(key=lambda n: (n != "icp", n != "abp"))
        heart = next((self.passed[n].beats for n in ("ecg", "abp", "icp", "ppg") if self._beating(n)), None)
        if heart is None:
            heart = next((p.beats for p in self.passed.values() if p.beats.size > 2), None)
        for name in sought[:_MOST_SOUGHT]:
            beside = [n for n in (breath, "abp" if name != "abp" else None) if n is not None and n in self.epochs]
            try:
                self.rhythm[name] = self._one_rhythm(name, beside, heart)
            except CisternaError as error:
                note = f"not looked for: {error.what}" + (f" ({error.found})" if error.found else "")
                self.results.append(Result("rhythm_rate", name, np.nan, "1/min", note=note))
                continue
            self.results += self.rhythm[name].results
        self.results += holm_results({name: test.p for name, test in self.rhythm.items()})
        if self.rhythm:
            self._method(
                "A slow rhythm was sought in multitaper spectra after partial removal of breath, heart rate and "
                "arterial pressure as far as they were recorded; the largest line was held against surrogates that "
                "went through the same steps.",
                "Thomson 1982 Proc IEEE 70:1055 doi:10.1109/PROC.1982.12433",
            )

    def _one_rhythm(self, name: str, beside: list[str], heart: np.ndarray | None) -> RhythmTest:
        tables = align([self.epochs[n] for n in (name, *beside)], [name, *beside])
        longest = int(default_parameters().in_unit("rhythm_record_longest", "s") / tables[0].length)
        tables = [t.between(t.first, t.first + longest) for t in tables]
        highest = default_parameters()["rhythm_band"].high
        traces = [trace(t, 2.0 * highest) for t in tables]
        rate = traces[0][1]
        others = {n: values for n, (values, hertz) in zip(beside, traces[1:], strict=True) if hertz == rate}
        begin = tables[0].first * tables[0].length
        end = begin + len(tables[0]) * tables[0].length
        beats = None if heart is None else heart[(heart >= begin) & (heart < end)] - begin
        return rhythm(
            traces[0][0], rate,
            breath=next((others[n] for n in beside if n != "abp" and n in others), None),
            abp=others.get("abp"), beats=beats if beats is not None and beats.size > 2 else None,
            unit=tables[0].unit, channel=name, seed=self.wanted.seed,
        )  # fmt: skip


def _in_mmhg(signals: Mapping[str, Epochs]) -> None:
    """Refuse a signal that is not in mmHg to what has its threshold in mmHg."""
    for name, table in signals.items():
        if table.unit != "mmHg":
            raise CisternaError(f"its threshold is in mmHg, '{name}' is not", found=table.unit or "no unit")


def _is_flow(unit: str) -> bool:
    from cisterna.ground.units import same_dimension

    try:
        return bool(unit) and same_dimension(unit, _FLOW)
    except CisternaError:
        return False


def _cycle(p: Passed, beats: np.ndarray) -> FlowCurve:
    from cisterna.ground.units import convert

    single, length = cycle_average(
        p.excerpt * convert(1.0, p.channel.unit, _FLOW), p.channel.rate, beats - p.channel.start
    )
    return flow_curve(single, cycle=length)
