"""Rows of the table of measurements that concern the rhythm, each beside a computation.

Nothing is fitted here: rates are drawn from published distributions that know nothing of one another, and the
correlations follow from two published shares of variance (`rel_inter`, `rel_intra`) and the size of each study.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cisterna.claims.claim import Table
from cisterna.ground.parameter import default_parameters
from cisterna.protocol.ranges import experiments, published
from cisterna.recordings.recording import Recording
from cisterna.signals.result import Result
from cisterna.signals.rhythm import peak_frequency, predicted_icc
from cisterna.signals.rhythm.ratio import independent_rates

#: Raters of each study; the number of subjects stands in its row.
_RATERS = {
    "rel_inter": 2,
    "rel_intra": 2,
    "rel_hanten_inter": 2,
    "rel_wp": 3,
    "rel_rogers_head": 2,
    "rel_rogers_feet": 2,
}
#: Channels in which each slow wave is looked for, in this order.
_MEASURED = {"mayer_f": ("abp",), "bw_f": ("velocity_mca", "velocity_mca_l", "velocity_mca_r", "icp")}
_BANDS = {"mayer_f": "rhythm_lf_band", "bw_f": "rhythm_bwave_band"}


@dataclass(frozen=True)
class Compared:
    """One row of the measurements and what was computed for it.

    Attributes
    ----------
    id : str
    computed : Result
        Value with the range that chance leaves at the size of the study.
    low, high : float
        Published range.
    inside : bool
        Whether the computed value lies in the published range.
    measured : float or None
        Published value.
    covered : bool or None
        Whether the published value lies in the computed range.
    """

    id: str
    computed: Result
    low: float
    high: float
    inside: bool
    measured: float | None
    covered: bool | None


def _against(key: str, computed: Result) -> Compared:
    row, band = experiments()[key], published(key)
    assert band.low is not None and band.high is not None, f"row {key} is two-sided"
    measured = float(row["value"]) if row["value"] else None
    covered = None if measured is None else bool(computed.low <= measured <= computed.high)
    return Compared(key, computed, band.low, band.high, bool(band.inside(computed.value)), measured, covered)


def compared_rates(seed: int = 0) -> list[Compared]:
    """`cri_ppg` and `cri_ldf_ratio` from rates that have nothing to do with each other.

    Palpated rates of 727 examinations; Traube-Hering rate of row `traube_hering_f`. The ranges are those of the mean
    of as many persons as the study had (25 where it is not told).
    """
    rates = independent_rates(25 * 400, seed, lf="traube_hering_f")
    ours = (rates.palpated / 60.0).reshape(400, 25).mean(axis=1)
    ratio = np.median((rates.palpated / rates.instrument).reshape(400, 25), axis=1)
    found = []
    for key, drawn, unit, words in (
        ("cri_ppg", ours, "Hz", "palpated rate of 727 examinations, mean of 25"),
        ("cri_ldf_ratio", ratio, "1", "the same over an unrelated Traube-Hering rate, median of 25"),
    ):
        low, high = (float(q) for q in np.quantile(drawn, [0.025, 0.975]))
        found.append(_against(key, Result(key, "", float(np.mean(drawn)), unit, low, high, 25, words)))
    return found


def compared_agreement(subject: float | None = None, studies: int = 400, seed: int = 0) -> list[Compared]:
    """The `rel_` rows: what studies of their size report when the subject has this share of the variance.

    Parameters
    ----------
    subject : float, optional
        Share of the variance of the subject's own rhythm; by default the published `rel_inter`. 0 is no rhythm of
        the subject at all.
    """
    rows = experiments()
    share = float(rows["rel_inter"]["value"]) if subject is None else subject
    own = max(float(rows["rel_intra"]["value"]) - share, 0.0)
    return [
        _against(
            key,
            predicted_icc(
                key, int(rows[key]["n"]), raters, share, own, within=key == "rel_intra", studies=studies, seed=seed
            ),
        )
        for key, raters in _RATERS.items()
    ]


def compared_waves(recording: Recording, seed: int = 0) -> list[Compared]:
    """`mayer_f` and `bw_f` in the channels of a recording that hold them; empty where none does."""
    from cisterna.ground.errors import CisternaError

    found = []
    for key, channels in _MEASURED.items():
        band = default_parameters()[_BANDS[key]]
        for name in channels:
            if name not in recording:
                continue
            try:
                peak = peak_frequency(
                    recording.values(name), recording.rate(name), band.low, band.high, key, name, seed
                )
            except CisternaError:
                continue  # too short for this wave: no number rather than a wrong one
            hz = (value / 60.0 for value in (peak.value, peak.low, peak.high))
            found.append(_against(key, Result(key, name, next(hz), "Hz", next(hz), next(hz), peak.n, peak.note)))
            break
    return found


def as_table(title: str, rows: list[Compared]) -> Table:
    """Computed beside published."""
    columns = (("row", ""), ("computed", ""), ("95 %", ""), ("published", ""), ("range", ""), ("", ""))

    def line(row: Compared) -> tuple[str | float, ...]:
        own = row.computed
        value: str | float = "-" if row.measured is None else row.measured
        place = "inside" if row.inside else "outside"
        return row.id, own.value, f"{own.low:.2g}..{own.high:.2g}", value, f"{row.low:g}..{row.high:g}", place

    return Table(title, columns, tuple(line(row) for row in rows))
