"""E4: is there a rhythm at head and sacrum beyond breath, heart and pressure waves?

Only a recording can say: head and sacrum at once, with breathing, heartbeat and arterial pressure. The two places
must share a rhythm after the sources are removed from both (partial coherence against surrogates).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from cisterna.claims.claim import Table
from cisterna.claims.compared import as_table, compared_waves
from cisterna.claims.evidence import DataClaim, Finding, Needed
from cisterna.claims.judge import NO_DATA
from cisterna.ground.errors import CisternaError
from cisterna.ground.parameter import default_parameters
from cisterna.recordings.recording import Recording
from cisterna.signals.beats import find_beats
from cisterna.signals.grid import Samples
from cisterna.signals.rhythm import amplitude_ratio, coherence_found, on_clock, record_needed, rhythm
from cisterna.signals.rhythm.test import ALPHA
from cisterna.signals.rhythm.trials import NULLS, false_positives, recovery

HEAD, SACRUM = "head", "sacrum"
BREATH, HEART, PRESSURE = ("breath", "resp", "co2"), ("heart", "ecg", "ppg", "abp"), ("abp",)
#: Bands of the power table: one fixed beforehand, or the eight of 0.04 to 0.2 Hz.
BANDS = (1, 8)
_COHERENCES = (0.5, 0.3, 0.2, 0.1, 0.05)
#: Lengths of open recordings: ICP files, and the longest of one place (s); they are no data of this question.
_AVAILABLE = (56.0, 300.0, 600.0)
#: Series that breath, heart and pressure take: wave, depth and square of the breath, heart rate, pressure.
_REMOVED = 5
#: Simulated records behind each error rate, their length (s), and surrogates of each.
_RECORDS, _LENGTH, _SURROGATES = 20, 600.0, 39
_AMPLITUDES = (0.25, 0.5, 1.0)


class ResidualRhythm(DataClaim):
    """Partial coherence of head and sacrum against surrogates."""

    name = "E4"
    question = "Is there a rhythm at head and sacrum beyond breath, heart and pressure waves?"
    claims = ("C-010",)
    output = "share of surrogates that reach the largest partial coherence of head and sacrum (p)"
    unit = "1"
    supports = "p <= 0.05, and 10 % or more of the power in the band is left after the removal"
    contradicts = "p > 0.05 and less than 10 % left, in a record long enough"
    no_data = "no open recording has head and sacrum at once, with breathing, heartbeat and arterial pressure"
    channels = {
        "head": "force or displacement at the head", "sacrum": "the same at the sacrum",
        "breath": "belt or airway flow (or resp)", "heart": "pulse wave (or ecg, ppg)", "abp": "arterial pressure",
    }  # fmt: skip
    rows = (
        "rhythm_band", "rhythm_resolution", "rhythm_share_least", "rhythm_coherence_asked", "rhythm_gap_longest",
        "rhythm_segment_longest", "rhythm_lf_band", "rhythm_bwave_band",
    )  # fmt: skip

    def judge(self, recordings: Sequence[Recording], seed: int, fast: bool) -> Finding:
        if len(recordings) != 1:
            raise CisternaError(
                "E4 is judged by one recording", found=f"{len(recordings)}", mend="give one --recording"
            )
        recording = recordings[0]
        sites = [name for name in (HEAD, SACRUM) if name in recording]
        if not sites:
            mend = f"name the channels: --channels head=...,sacrum=... (there are: {', '.join(recording.signals)})"
            raise CisternaError("no channel is called head or sacrum", where=recording.title, mend=mend)
        first = sites[0]
        rate, values = recording.rate(first), recording.values(first)

        def beside(names: Sequence[str], at: tuple[str, ...] = ()) -> Samples | None:
            name = next((n for n in names if n in recording and n not in at), None)
            return None if name is None else _on(recording, name, first)

        test = rhythm(
            values, rate, breath=beside(BREATH), beats=_beats(recording, first), abp=beside(PRESSURE),
            other_site=_on(recording, sites[1], first) if len(sites) > 1 else None,
            unit=recording.unit(first) or "1", channel=":".join(sites), seed=seed,
        )  # fmt: skip
        verdict, why = test.verdict, test.why
        least = default_parameters()["rhythm_share_least"].value
        if len(sites) < 2:
            verdict, why = "undecided", f"only {first} was recorded, and the question is about two places; {why}"
        elif verdict == "rhythm":
            verdict = "supported"
        elif verdict == "no rhythm":
            left = test.shares["residual"].value
            verdict = "contradicted" if left < least and not test.missing else "undecided"
            if left >= least:
                why += f"; but {100 * left:.0f} % of the power is left at {first}, of which nothing is shared"
            elif test.missing:
                why += f"; not recorded: {', '.join(test.missing)}"
        if any(recording[name].attrs["origin"] != "measured" for name in sites):
            verdict, why = NO_DATA, f"the recording is simulated: it tries the method, not the claim; {why}"
        waves = compared_waves(recording, seed)
        tables = (as_table("slow waves in this recording, Hz", waves),) if waves else ()
        smallest = "none" if np.isnan(test.smallest) else f"{test.smallest:.2f}"
        notes = (
            f"{test.seconds / 60:.1f} min used; smallest coherence^2 found four times in five: {smallest}",
            f"removed: {', '.join(test.removed) or 'nothing'}",
        )
        return Finding(verdict, why, test.p, results=test.results, tables=tables, notes=notes)

    def needed(self) -> Sequence[Needed]:
        asked = default_parameters()["rhythm_coherence_asked"].value
        length = record_needed(asked, BANDS[1], removed=_REMOVED) / 60.0
        longest = _AVAILABLE[-1]
        least = coherence_found(longest, BANDS[1], removed=_REMOVED)
        return (
            Needed("channels", None, "1", ", ".join(f"{k} ({v})" for k, v in self.channels.items())),
            Needed("length of record", length, "min",
                   f"for a coherence^2 of {asked:g} in eight bands, {_REMOVED} series removed, power 80 % at 5 %"),
            Needed("required value: amplitude of a common rhythm over noise in its band", amplitude_ratio(least), "1",
                   f"at which {longest / 60:.0f} min, the longest open record of one place, would have decided "
                   f"(coherence^2 {least:.2f})"),
        )  # fmt: skip

    def tables(self, seed: int, fast: bool, say: Callable[[str], None]) -> Sequence[Table]:
        found = [self._lengths(), self._available()]
        return found if fast else [*found, *self._errors(seed, say)]

    @staticmethod
    def _lengths() -> Table:
        rows = [
            (c, *(record_needed(c, b) / 60.0 for b in BANDS), record_needed(c, BANDS[1], removed=_REMOVED) / 60.0)
            for c in _COHERENCES
        ]
        columns = (
            ("coherence^2", ""),
            ("one band", "min"),
            ("eight bands", "min"),
            (f"{_REMOVED} series removed", "min"),
        )
        return Table("record needed, power 80 % at 5 %", columns, tuple(rows))

    @staticmethod
    def _available() -> Table:
        rows: list[tuple[str | float, ...]] = []
        for seconds in _AVAILABLE:
            for removed in (0, _REMOVED):
                least = [coherence_found(seconds, bands, removed=removed) for bands in BANDS]
                shown = [*(f"{x:.2f}" for x in least), f"{amplitude_ratio(least[1]):.2f}"]
                rows.append((f"{seconds:.0f} s", removed, *("none" if x == "nan" else x for x in shown)))
        columns = (("length", ""), ("removed", ""), ("one band", ""), ("eight bands", ""), ("amplitude/noise", ""))
        return Table("smallest coherence^2 that an open record of this length could have shown", columns, tuple(rows))

    @staticmethod
    def _errors(seed: int, say: Callable[[str], None]) -> list[Table]:
        """How often the test itself is wrong, measured on simulated records."""
        wrong, right = [], []
        for null in NULLS:
            say(f"E4: false positives, {null}")
            for two in (False, True):
                r = false_positives(null, _LENGTH, two, _RECORDS, _SURROGATES, seed)
                wrong.append((null, "two" if two else "one", 100 * r.value, f"{100 * r.low:.0f}..{100 * r.high:.0f}"))
        say("E4: recovery")
        for two in (False, True):
            for amplitude, r in zip(
                _AMPLITUDES, recovery(_AMPLITUDES, _LENGTH, two=two, count=_RECORDS, surrogates=_SURROGATES, seed=seed),
                strict=True,
            ):  # fmt: skip
                right.append(
                    (amplitude, "two" if two else "one", 100 * r.value, f"{100 * r.low:.0f}..{100 * r.high:.0f}")
                )
        ends = (("places", ""), ("found", "%"), ("95 %", ""))
        minutes = f"{_LENGTH / 60:.0f} min, {_RECORDS} simulated records each"
        false = f"false positives at {100 * ALPHA:.0f} %, {minutes}"
        added = f"recovery of a rhythm added to irregular breathing, {minutes}"
        return [
            Table(false, (("record without a rhythm", ""), *ends), tuple(wrong)),
            Table(added, (("amplitude, sd of the noise", ""), *ends), tuple(right)),
        ]


def _on(recording: Recording, name: str, site: str) -> Samples:
    """A channel on the clock of the site."""
    start = float(recording.time(site)[0] - recording.time(name)[0])
    values, own, rate = recording.values(name), recording.rate(name), recording.rate(site)
    size = recording.values(site).size
    if own == rate and start == 0.0 and values.size == size:
        return values
    if start < 0.0:
        found = f"{-start:g} s later than {site}"
        raise CisternaError(f"'{name}' begins later than the site", where=recording.title, found=found,
                            mend=f"slice the recording from {recording.time(name)[0]:g} s")  # fmt: skip
    return on_clock(values, own, rate, size, start)


def _beats(recording: Recording, site: str) -> Samples | None:
    """Heartbeats, s from the first sample of the site, from the first channel that shows them."""
    for name in HEART:
        if name not in recording:
            continue
        kind = name if name in ("ecg", "ppg", "abp") else "ppg"
        try:
            times = find_beats(recording.values(name), recording.rate(name), kind)
        except CisternaError:
            if name not in PRESSURE:
                raise
            continue  # pressure may be averaged over beats: then the heart was not recorded
        return np.asarray(times + recording.time(name)[0] - recording.time(site)[0])
    return None
