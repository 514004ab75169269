"""Bridges: fit to drive a model, listed one by one, and refused when there is too much to bridge."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from known_signals import beat_times, pressure

from cisterna.ground.errors import CisternaError
from cisterna.recordings import Recording, load
from cisterna.signals import bridge, find_beats

RATE = 125.0
BEATS = beat_times(60, 0.8, jitter=0.02, seed=5)
TRUE = pressure(BEATS, RATE)


def _rec(values: np.ndarray, name: str = "abp", rate: float = RATE) -> Recording:
    unit = "mmHg" if name == "abp" else ""
    return Recording().with_signal(name, values, rate=rate, unit=unit, origin="measured")


def test_a_clean_signal_is_not_touched() -> None:
    values, report = bridge(_rec(TRUE), "abp")
    assert np.array_equal(values, TRUE) and report.intervals == () and report.share == 0.0


def test_a_gap_is_bridged_by_beats_that_look_like_the_neighbours() -> None:
    broken = TRUE.copy()
    broken[2000:2250] = np.nan
    values, report = bridge(_rec(broken), "abp")
    (gap,) = report.intervals
    assert gap.how == "beats like the neighbours" and gap.start <= 16.0 and gap.stop >= 18.0
    outside = np.ones(TRUE.size, dtype=bool)
    outside[round(gap.start * RATE) : round(gap.stop * RATE)] = False
    assert np.array_equal(values[outside], TRUE[outside]), "only what is reported was replaced"
    # The true beats are irregular, so the bridge meets them in number, level and size, not sample by sample.
    inside = slice(2000, 2250)
    assert values[inside].mean() == pytest.approx(TRUE[inside].mean(), abs=2.0)
    assert np.ptp(values[inside]) == pytest.approx(np.ptp(TRUE[inside]), rel=0.05)
    assert find_beats(values, RATE).size == find_beats(TRUE, RATE).size
    assert np.abs(np.diff(values)).max() < 1.3 * np.abs(np.diff(TRUE)).max(), "no leap at the seams"


def test_a_straight_line_would_lose_the_pulse() -> None:
    """The same gap filled with a line: the law of the bridge, broken on purpose."""
    broken = TRUE.copy()
    broken[2000:2250] = np.interp(np.arange(2000, 2250), [1999, 2250], TRUE[[1999, 2250]])
    assert np.ptp(broken[2000:2250]) < 0.8 * np.ptp(TRUE[2000:2250])


def test_breathing_is_bridged_by_a_line() -> None:
    t = np.arange(0, 60, 0.1)
    belt = np.sin(2 * np.pi * t / 5)
    belt[200:205] = np.nan
    values, report = bridge(_rec(belt, "resp", 10.0), "resp")
    assert report.intervals[0].how == "straight line"
    assert np.allclose(np.diff(values[199:206], 2), 0.0)


def test_missing_ends_are_cut_off_not_invented() -> None:
    broken = TRUE.copy()
    broken[:300], broken[-100:] = np.nan, np.nan
    values, report = bridge(_rec(broken), "abp")
    assert values.size == TRUE.size - 400 and report.start == pytest.approx(2.4)
    assert [i.kind for i in report.trimmed] == ["gap", "gap"] and report.intervals == ()
    assert np.array_equal(values, TRUE[300:-100])


def test_a_sensor_that_is_not_yet_on_is_cut_off() -> None:
    late = TRUE.copy()
    late[:500] = 0.0
    values, report = bridge(_rec(late), "abp")
    assert report.trimmed[0].kind == "dropout" and report.start == pytest.approx(4.0, abs=0.5)
    assert values.min() > 50.0


def test_too_long_and_too_much_are_refused() -> None:
    broken = TRUE.copy()
    broken[2000:3000] = np.nan
    with pytest.raises(CisternaError, match="too long") as caught:
        bridge(_rec(broken), "abp")
    assert "slice" in caught.value.mend and "8.0 s" in caught.value.found
    holes = TRUE.copy()
    for k in range(400, 5500, 500):
        holes[k : k + 200] = np.nan
    with pytest.raises(CisternaError, match="too much"):
        bridge(_rec(holes), "abp")


def test_two_faults_in_neighbouring_beats_do_not_overlap() -> None:
    broken = TRUE.copy()
    broken[2000:2050], broken[2130:2160] = np.nan, np.nan
    _, report = bridge(_rec(broken), "abp")
    ends = [i.stop for i in report.intervals]
    assert all(a <= b.start for a, b in zip(ends, report.intervals[1:], strict=False))


def test_irregular_times_go_on_a_grid_and_their_holes_are_bridged() -> None:
    rng = np.random.default_rng(3)
    t = np.sort(rng.uniform(0, 60, 3000))
    t = t[(t < 20) | (t > 22)]
    rec = Recording().with_signal("resp", np.sin(2 * np.pi * t / 6), time=t, unit="", origin="measured")
    with pytest.raises(CisternaError, match="irregular"):
        bridge(rec, "resp")
    values, report = bridge(rec, "resp", rate=20.0)
    at = report.start + np.arange(values.size) / 20.0
    good = (at < 19.8) | (at > 22.2)
    assert np.abs(values - np.sin(2 * np.pi * at / 6))[good].max() < 0.02
    assert any(
        i.start == pytest.approx(20.0, abs=0.15) and i.stop == pytest.approx(22.0, abs=0.15) for i in report.intervals
    )


def test_the_report_says_everything_in_words() -> None:
    broken = TRUE.copy()
    broken[:100], broken[2000:2250] = np.nan, np.nan
    _, report = bridge(_rec(broken), "abp")
    text = "\n".join(report.lines())
    assert "1 stretches bridged" in text and "beats like the neighbours" in text and "cut off 0.00-0.80 s gap" in text


def test_the_finger_cuff_recording(shared_data: Path) -> None:
    rec = load(shared_data / "tcd" / "clintools_abp_mcav_hr_1000hz.h5")
    values, report = bridge(rec, "abp")
    assert len(report.intervals) in (8, 9) and all(i.kind == "dropout" for i in report.intervals)
    assert values.mean() == pytest.approx(80.7, rel=0.02)
    beats = find_beats(values, report.rate)
    assert np.diff(beats).max() < 0.75, "no beat is missing in a bridge"
    assert 60 / np.diff(beats).mean() == pytest.approx(118, rel=0.02)
    # The velocity in the brain did not drop out: it has the same number of beats.
    velocity = find_beats(rec.values("velocity_mca"), 1000.0)
    assert abs(velocity.size - beats.size) <= 1


def test_a_compensatory_pause_is_kept(shared_data: Path) -> None:
    rec = load(shared_data / "wfdb" / "mixedsignals")
    for name in ("abp", "ppg"):
        values, report = bridge(rec, name)
        assert report.intervals == (), "the pause at 121.5 s is real"
        assert np.diff(find_beats(values, report.rate, name)).max() > 1.0
