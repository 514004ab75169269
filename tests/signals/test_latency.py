"""Delay between two pulses: known delays recovered, and ten people's intracranial pulse against the arterial one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from known_signals import beat_times

from cisterna.ground.errors import CisternaError
from cisterna.signals import find_beats, pulse_latency

#: r(ABP, ICP) at the best lag, from the table of the recordings.
TABLE = {
    "3029993": 0.96,
    "3083337": 0.86,
    "3094054": 0.85,
    "3262086": 0.97,
    "3269261": 0.97,
    "3367596": 0.79,
    "3379471": 0.93,
    "3463681": 0.97,
    "3600995": 0.91,
    "3645431": 0.84,
}


def _pulses(rate: float, delay: float, seed: int = 0, noise: float = 0.0) -> np.ndarray:
    beats = beat_times(120, 0.8, jitter=0.05, seed=1) + delay
    rng = np.random.default_rng(seed)
    t = np.arange(0, 90, 1 / rate)
    shape = sum(np.exp(-(((t[:, None] - beats - c) / 0.05) ** 2)).sum(axis=1) * h for c, h in ((0.1, 1.0), (0.25, 0.6)))
    return shape + noise * rng.standard_normal(t.size)


@pytest.mark.parametrize("rate", [25.0, 125.0, 500.0])
@pytest.mark.parametrize("delay", [-0.043, 0.0, 0.017, 0.12])
def test_known_delays_to_a_fraction_of_a_sample(rate: float, delay: float) -> None:
    first, second = _pulses(rate, 0.0), _pulses(rate, delay)
    feet = tuple(find_beats(x, rate) for x in (first, second))
    found = pulse_latency(first, second, rate, feet)
    assert found.correlation.value == pytest.approx(delay, abs=0.002)
    assert found.feet is not None and found.feet.value == pytest.approx(delay, abs=0.006)
    assert found.r.extra["r_sub"] == pytest.approx(1.0, abs=0.01)


def test_two_rates_and_noise_and_the_interval() -> None:
    inside = 0
    for seed in range(20):
        first, second = _pulses(125.0, 0.0, seed, 0.15), _pulses(50.0, -0.03, 100 + seed, 0.15)
        found = pulse_latency(first, second, 125.0, rate_second=50.0).correlation
        inside += found.low <= -0.03 <= found.high
    print(f"95 % intervals that cover: {inside} of 20")
    assert inside >= 16


def test_turned_round_the_sign_turns_round() -> None:
    first, second = _pulses(50.0, 0.0, noise=0.02), _pulses(50.0, 0.04, 3, noise=0.02)
    there, back = pulse_latency(first, second, 50.0), pulse_latency(second, first, 50.0)
    assert there.correlation.value == pytest.approx(-back.correlation.value, abs=0.001)
    assert (there.verdict, back.verdict) == ("follows", "leads")


def test_gaps_are_left_out_and_too_little_is_refused() -> None:
    first, second = _pulses(50.0, 0.0), _pulses(50.0, 0.04)
    first[1000:1400], second[2000:2100] = np.nan, np.nan
    found = pulse_latency(first, second, 50.0)
    assert found.correlation.value == pytest.approx(0.04, abs=0.002) and found.correlation.n < 10
    first[400:] = np.nan
    with pytest.raises(CisternaError, match="too little"):
        pulse_latency(first, second, 50.0)


def test_intracranial_against_arterial_pulse_of_ten_people(shared_data: Path) -> None:
    """Correlations are the table's. Of the nine said to lead, eight do: in 3262086 the two ways differ in sign.

    3600995, which the table leaves open, gives 0.1 s by both ways, twice the longest lead of the others: its
    intracranial pulse has another shape, and no verdict is asked of it here.
    """
    leads = []
    for record, r in TABLE.items():
        rows = np.loadtxt(shared_data / "icp_mimic" / f"mimic_{record}_25hz_zscored.csv", delimiter=",")
        abp, icp = rows[:, 5], rows[:, 6]
        feet = (find_beats(abp, 25.0, "abp"), find_beats(icp, 25.0, "icp"))
        found = pulse_latency(abp, icp, 25.0, feet)
        lag, foot = found.correlation, found.feet
        assert foot is not None
        print(
            f"{record}: {1000 * lag.value:+.0f} [{1000 * lag.low:+.0f}, {1000 * lag.high:+.0f}] ms, "
            f"feet {1000 * foot.value:+.0f} ms, r {found.r.value:.3f}; {found.verdict}"
        )
        assert found.r.value == pytest.approx(r, abs=0.0085), "the correlation of the table, to its last digit"
        assert lag.low <= lag.value <= lag.high and lag.n >= 5
        if record not in ("3262086", "3600995"):
            leads.append(lag.value)
            assert found.verdict == "leads"
    assert len(leads) == 8 and -0.062 < min(leads) and max(leads) < -0.014


def test_where_feet_and_whole_pulses_differ_nothing_is_decided(shared_data: Path) -> None:
    rows = np.loadtxt(shared_data / "icp_mimic" / "mimic_3262086_25hz_zscored.csv", delimiter=",")
    feet = tuple(find_beats(rows[:, c], 25.0, k) for c, k in ((5, "abp"), (6, "icp")))
    found = pulse_latency(rows[:, 5], rows[:, 6], 25.0, feet)
    assert found.verdict.startswith("undetermined") and abs(found.correlation.value) < 0.008
