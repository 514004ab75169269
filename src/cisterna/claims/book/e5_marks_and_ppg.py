"""E5: do palpation marks follow the slow waves of skin blood, at ratios fixed beforehand?

Marks and a plethysmogram on one clock, one recording a person. Without them the null table is the result: how often
unrelated rates agree at each tolerance and set of ratios, and how many persons tell agreement from that.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from cisterna.claims.claim import Table
from cisterna.claims.compared import as_table, compared_agreement, compared_rates
from cisterna.claims.evidence import DataClaim, Finding, Needed
from cisterna.claims.judge import NO_DATA
from cisterna.ground.errors import CisternaError
from cisterna.ground.parameter import default_parameters
from cisterna.recordings.recording import Recording
from cisterna.signals.rhythm import (
    binomial_power,
    null_share,
    peak_frequency,
    persons_needed,
    rate_of_marks,
    ratio_test,
)
from cisterna.signals.rhythm.ratio import PUBLISHED, STRICT, WIDE, independent_rates, tolerance_inside

PPG, MARK = "ppg", "mark"
_SETS = {"1:1": STRICT, "1:1 and 2:1": PUBLISHED, "1:2 to 3:1": WIDE}
_TOLERANCES = (0.05, 0.1, 0.15, 0.2, 0.3)
#: Null shares and the true shares each is told from.
_SHARES = ((0.2, (0.4, 0.6, 0.8)), (0.3, (0.4, 0.6, 0.8)), (0.5, (0.6, 0.8, 0.95)))
#: Published: all of 25 persons classed at 1:1 or 2:1 (s41598-023-33644-8).
_PERSONS, _AGREED = 25, 25
#: True share a study is sized for, above a null share of half and below it.
_ASKED = {True: 0.8, False: 0.6}
_LEVEL = 0.05
_DRAWS, _STUDIES, _FEW = 800, 400, 100


class MarksAndPpg(DataClaim):
    """Share of persons whose marks agree with their plethysmogram, against the plethysmogram of others."""

    name = "E5"
    question = "Do palpation marks follow the slow waves of the plethysmogram of the same person?"
    claims = ("C-010",)
    output = "share of persons whose palpated and plethysmographic rates agree (1:1 or 2:1, 10 %)"
    unit = "1"
    supports = "observed share above 95 % of the null (exact binomial against the marks of others)"
    contradicts = "inside the null, with as many persons as tell it from the share asked"
    no_data = "no open recording has palpation marks beside a plethysmogram; the published single results are not given"
    channels = {"ppg": "plethysmogram, forehead", "events": "one event 'mark' a cycle, on the same clock, 90 s or more"}
    rows = ("rhythm_ratio_tolerance", "rhythm_marks_shortest", "rhythm_lf_band", "cri_sergueef_all", "mayer_f",
            "traube_hering_f")  # fmt: skip

    def judge(self, recordings: Sequence[Recording], seed: int, fast: bool) -> Finding:
        band = default_parameters()["rhythm_lf_band"]
        pairs = []
        for recording in recordings:
            marks = [e.time for e in recording.events if e.label.lower().startswith(MARK)]
            if PPG not in recording or not marks:
                found = f"signals {', '.join(recording.signals)}; {len(marks)} marks"
                raise CisternaError("a person needs a ppg and events called 'mark'", where=recording.title, found=found)
            pulse = peak_frequency(
                recording.values(PPG), recording.rate(PPG), band.low, band.high, "ppg_rate", PPG, seed
            )
            pairs.append((rate_of_marks(marks, PPG), pulse))
        results = tuple(r for pair in pairs for r in pair)
        if len(pairs) < 2:
            return Finding(
                "undecided", "one person: the null is made of other persons; give more recordings", results=results
            )
        rates = np.array([[own.value, pulse.value] for own, pulse in pairs])
        test = ratio_test(rates[:, 0], rates[:, 1], PUBLISHED)
        o = test.observed
        why = (
            f"{100 * o.value:.0f} % of {o.n} persons agree, {100 * test.null:.0f} % with other persons (p {test.p:.2g})"
        )
        asked = _ASKED[test.null >= 0.5]
        enough = persons_needed(test.null, asked) if 0.0 < test.null < asked else None
        if test.p <= _LEVEL:
            verdict = "supported"
        elif enough is not None and o.n >= enough:
            verdict, why = "contradicted", f"{why}; {enough} persons would show a share of {asked:g}"
        else:
            verdict, why = "undecided", f"{why}; too few persons ({enough or 'no number'} would show {asked:g})"
        if any(r[PPG].attrs["origin"] != "measured" for r in recordings):
            verdict, why = NO_DATA, f"a recording is simulated: it tries the method, not the claim; {why}"
        return Finding(verdict, why, o.value, o.low, o.high, (*results, o))

    def needed(self) -> Sequence[Needed]:
        rates = independent_rates(_DRAWS)
        share = null_share(rates.palpated, rates.instrument, PUBLISHED)
        seconds = default_parameters()["rhythm_marks_shortest"].value
        needs = [
            Needed("persons", float(persons_needed(share, _ASKED[share >= 0.5])), "1",
                   f"true share {_ASKED[share >= 0.5]:g} against the null share {share:.2f}, power 80 % at 5 %"),
            Needed("marks", seconds, "s", "a person at least, beside the plethysmogram on one clock; 300 s are better"),
        ]  # fmt: skip
        for name, ratios in _SETS.items():
            limit = tolerance_inside(rates, ratios, _AGREED, _PERSONS)
            value = None if np.isnan(limit) else limit
            note = (
                "no tolerance does"
                if value is None
                else "relative; at a narrower one the published result exceeds chance"
            )
            what = f"required value: tolerance at which {_AGREED} of {_PERSONS} falls inside the null, {name}"
            needs.append(Needed(what, value, "1", note))
        return needs

    def tables(self, seed: int, fast: bool, say: Callable[[str], None]) -> Sequence[Table]:
        say("E5: null shares")
        studies = _FEW if fast else _STUDIES
        return (
            self._null(seed), self._sizes(), as_table("unrelated rates beside the published", compared_rates(seed)),
            as_table("ICC of studies of the published size, shares of rel_inter and rel_intra",
                     compared_agreement(studies=studies, seed=seed)),
            as_table("the same, without any rhythm of the subject", compared_agreement(0.0, studies, seed)),
        )  # fmt: skip

    @staticmethod
    def _null(seed: int) -> Table:
        rates = independent_rates(_DRAWS, seed)
        rows: list[tuple[str | float, ...]] = []
        for tolerance in _TOLERANCES:
            shares = [null_share(rates.palpated, rates.instrument, ratios, tolerance) for ratios in _SETS.values()]
            p = binomial_p(shares[1])
            rows.append((f"{100 * tolerance:.0f} %", *shares, p))
        columns = (("tolerance", ""), *((name, "") for name in _SETS), (f"p of {_AGREED} of {_PERSONS}", ""))
        return Table("null share: unrelated rates that agree (p with 1:1 and 2:1)", columns, tuple(rows))

    @staticmethod
    def _sizes() -> Table:
        rows: list[tuple[str | float, ...]] = []
        for null, shares in _SHARES:
            for true in shares:
                n = persons_needed(null, true, _LEVEL)
                power, count = binomial_power(null, true, n, _LEVEL)
                rows.append((f"{null:g}", f"{true:g}", n, f"{count} of {n}", 100 * power))
        columns = (("null share", ""), ("true share", ""), ("persons", ""), ("rejects from", ""), ("power", "%"))
        return Table("persons needed, exact binomial, one-sided 5 %, power 80 %", columns, tuple(rows))


def binomial_p(share: float, agreed: int = _AGREED, persons: int = _PERSONS) -> float:
    """Chance that so many of the persons agree when each does with this share.

    Examples
    --------
    >>> round(binomial_p(0.887), 2)
    0.05
    """
    from scipy import stats

    return float(stats.binom.sf(agreed - 1, persons, share))
