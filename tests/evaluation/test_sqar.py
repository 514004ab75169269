"""The record: what a strong known motion must give, and what nothing gives."""

import numpy as np
import pytest

from cisterna.evaluation import Hand
from cisterna.evaluation.sqar import count, follow, listen
from cisterna.ground.errors import CisternaError
from cisterna.ground.parameter import default_parameters

P, STEP = default_parameters(), 0.04
T = np.arange(0.0, 120.0, STEP)
HAND = Hand.typical()
STRONG = 20_000.0  # um: far above the inner noise


def wave(rate, size=STRONG, late=0.0):
    return size * np.sin(2 * np.pi * rate / 60.0 * (T - late))


def record(*motions, d=30.0, busy=False, seed=1, hand=HAND):
    return listen("thigh", lambda: motions, T.size, STEP, hand, d, busy, np.random.default_rng(seed), P)


@pytest.mark.parametrize("rate", [4.0, 8.0, 11.0, 15.0])
def test_a_strong_rhythm_is_counted_and_sized(rate):
    got = record(wave(rate), wave(rate))
    assert got.felt and got.rate == pytest.approx(rate, rel=0.03)
    assert got.amplitude_um == pytest.approx(2 * STRONG, rel=0.1)
    assert got.amplitude == 3 and got.symmetry == 0 and got.confidence > 95


@pytest.mark.parametrize(
    ("ratio", "steps"), [(1.0, 0), (1.58, 1), (2.5, 2), (3.95, 3), (9.0, 3), (1 / 1.58, -1), (0.4, -2)]
)
def test_symmetry_counts_just_felt_steps(ratio, steps):
    """A step is Weber's share, 58 %: right more is positive."""
    assert record(wave(8.0), wave(8.0, STRONG * ratio)).symmetry == steps


@pytest.mark.parametrize("late", [-0.8, 0.0, 1.2])
def test_the_lag_of_the_right_side(late):
    assert record(wave(8.0), wave(8.0, late=late)).lag == pytest.approx(late, abs=0.1)


def test_one_hand_on_the_midline_has_no_symmetry():
    got = record(wave(8.0))
    assert got.symmetry is None and got.lag is None and got.rate == pytest.approx(8.0, rel=0.03)


def test_felt_nothing_is_an_answer():
    seeds = [s for s in range(20) if not record(0 * T, 0 * T, d=0.0, seed=s).felt]
    assert seeds
    got = record(0 * T, 0 * T, d=0.0, seed=seeds[0])
    assert (got.rate, got.amplitude, got.symmetry, got.quality) == (None, 0, None, "absent")
    assert 0 <= got.confidence <= 100


def test_the_stronger_of_two_rhythms_is_followed():
    assert record(wave(5.0, STRONG) + wave(14.0, STRONG)).rate == pytest.approx(14.0, rel=0.05)  # felt better there
    assert record(wave(5.0, STRONG) + wave(14.0, STRONG / 10)).rate == pytest.approx(5.0, rel=0.05)


def test_the_still_point_is_found():
    held = wave(9.0) * ((T < 50) | (T > 80))
    got = record(held)
    assert len(got.still) == 1
    start, end = got.still[0]
    assert start == pytest.approx(53, abs=5) and end == pytest.approx(77, abs=5)
    assert record(wave(9.0)).still == ()


def test_phase_adds_up_to_a_cycle():
    got = record(wave(8.0)).phase
    assert sum(got.values()) == pytest.approx(7.5, rel=0.03)
    assert got["flexion"] == pytest.approx(got["extension"], rel=0.1)


def test_quality_words():
    assert record(wave(4.0)).quality == "sluggish"
    assert record(wave(8.0)).quality == "fluid"
    assert record(wave(8.0), busy=True).quality == "busy"
    assert record(wave(15.0)).quality == "forced"
    marks = np.concatenate([[0.0], np.cumsum([6.0, 6.0, 6.0, 14.0] * 4)])  # every fourth cycle hangs
    hanging = np.sin(2 * np.pi * np.interp(T, marks, np.arange(marks.size)))
    assert record(STRONG * hanging).quality == "ratchety"


def test_a_rate_needs_a_minute():
    with pytest.raises(CisternaError, match="too short to count a rate"):
        listen("heel", lambda: [T[:500]], 500, STEP, HAND, 1.0, False, np.random.default_rng(0), P)


def test_rates_of_pure_inner_noise_lie_anywhere_in_the_band_listened_for():
    """Nothing under the hand: what is counted then is the band that was listened for, not a body."""
    rates = [
        count(follow(HAND.noise(3000, STEP, np.random.default_rng(k)), STEP, HAND)[1], STEP)[0] for k in range(150)
    ]
    low, high = (60.0 * f for f in HAND.band)
    assert low * 0.8 < min(rates) < 3.0 and 12.0 < max(rates) < high * 1.1
    assert 4.0 < np.mean(rates) < 9.0 and np.std(rates) > 2.5
