"""The hand: closed form of its threshold, answers, spread between persons, inner noise."""

import math
from dataclasses import replace

import numpy as np
import pytest

from cisterna.evaluation import Hand, SourceMotion, people, share_at
from cisterna.ground.errors import CisternaError


def sine(frequency, pp, name="csf"):
    return SourceMotion(name, pp, (frequency,), (pp / 2,), "assumed")


def test_threshold_law():
    steep, flat = Hand.typical(), Hand.typical(law="flat")
    f = np.geomspace(0.02, 15.0, 200)
    assert steep.threshold(f) == pytest.approx(100.0 * np.minimum(f**-0.7, 5.0))
    assert flat.threshold(f) == pytest.approx(100.0 * np.minimum(f**-0.7, 1.1))
    assert np.all(np.diff(steep.threshold(f)) <= 0)
    assert float(steep.threshold(0.1)) == pytest.approx(500.0, rel=0.01)
    assert float(steep.threshold(10.0)) == pytest.approx(20.0, rel=0.01)
    assert np.isinf(steep.threshold([0.001, 200.0])).all()  # not motion for a resting hand
    assert steep.with_law("flat") == flat


def test_answers_with_the_stated_criterion():
    hand = replace(Hand.typical(), lapse=0.0)
    assert hand.p_yes(0.0) == pytest.approx(0.42, abs=0.005)
    assert hand.p_yes(1.0) == pytest.approx(0.79, abs=0.005)
    false_marks, misses = hand.p_yes(0.0), 1.0 - hand.p_yes(1.0)
    assert false_marks / misses == pytest.approx(2.0, rel=0.05)
    assert Hand.lay().p_yes(0.0) < Hand.typical().p_yes(0.0)
    assert Hand.typical().p_yes(50.0) == pytest.approx(0.99)  # a lapse of 2 %, half of it yes
    d = np.linspace(0, 5, 40)
    assert np.all(np.diff([Hand.typical().p_yes(float(x)) for x in d]) > 0)


@pytest.mark.parametrize("d", [0.0, 1.0])
def test_single_answers_follow_the_probability(d):
    hand, draw = Hand.typical(), np.random.default_rng(5)
    answers = [hand.answer(d, draw) for _ in range(4000)]
    assert np.mean([yes for yes, _ in answers]) == pytest.approx(hand.p_yes(d), abs=0.025)
    assert all(0.0 <= sure <= 100.0 for _, sure in answers)


def test_persons_reach_the_published_shares():
    assert share_at(50.0) == pytest.approx(0.33) and share_at(200.0) == pytest.approx(0.62)
    limits = np.array([Hand.trained(seed).threshold_1hz for seed in range(2000)])
    assert np.mean(limits <= 50.0) == pytest.approx(0.33, abs=0.03)
    assert np.mean(limits <= 200.0) == pytest.approx(0.62, abs=0.03)
    assert Hand.trained(7) == Hand.trained(7) != Hand.trained(8)


def test_the_repeat_study_has_its_mean_and_spread():
    spread = people(prior="repeat")
    mean = math.exp(spread.mean + spread.variance / 2)
    assert mean == pytest.approx(356.0)
    assert mean * math.sqrt(math.expm1(spread.variance)) == pytest.approx(212.0)
    with pytest.raises(CisternaError, match="no prior"):
        people(prior="kaspar")


def test_d_prime_is_linear_and_adds_in_squares():
    hand = Hand.typical()
    assert hand.d_prime(sine(0.5, 20.0)) == pytest.approx(2 * hand.d_prime(sine(0.5, 10.0)))
    both = hand.d_together([sine(0.5, 20.0), sine(2.0, 30.0)])
    assert both == pytest.approx(math.hypot(hand.d_prime(sine(0.5, 20.0)), hand.d_prime(sine(2.0, 30.0))))
    assert hand.d_prime(sine(0.5, hand.limit(0.5))) == pytest.approx(1.0)
    assert hand.d_prime(sine(1.1, 74.0), slow_only=True) == 0.0
    assert hand.d_prime(sine(0.2, 74.0), slow_only=True) == hand.d_prime(sine(0.2, 74.0)) > 0


@pytest.mark.parametrize(("pp", "low", "high"), [(20.0, 0.02, 0.09), (390.0, 0.4, 1.7), (400.0, 0.4, 1.8)])
def test_claimed_motions_at_a_slow_rate(pp, low, high):
    """Frymann's 20 um and the 0.39 mm of an MRI series at 0.1 Hz, under both laws of low frequencies."""
    found = [Hand.typical(law=law).d_prime(sine(0.1, pp)) for law in ("steep", "flat")]
    assert found == pytest.approx([low, high], rel=0.1)


def test_the_hand_as_taught_is_flagged_and_rejects_breath():
    hand = Hand.as_taught()
    assert (hand.tag, hand.threshold_1hz, hand.criterion) == ("required", 30.0, 1.5)
    breath, other = hand.d_prime(sine(0.25, 6000.0, "breath")), hand.d_prime(sine(0.25, 6000.0))
    assert 20 * math.log10(other / breath) == pytest.approx(30.0)
    assert Hand.typical().attenuation("breath") == 1.0


def test_own_pulse_and_tremor_act_at_their_own_rates_only():
    hand = Hand.typical()
    assert float(hand.own_motion(0.1)) < 1e-6
    assert float(hand.own_motion(9.0)) > float(hand.own_motion(4.0))
    assert float(hand.effective(9.0)) > float(hand.threshold(9.0))
    shaky = replace(hand, own=((9.0, 50.0),))
    assert shaky.d_prime(sine(9.0, 40.0)) < hand.d_prime(sine(9.0, 40.0))


def test_inner_noise_makes_a_threshold_sine_worth_one():
    """Gathered over its window against a sine, the noise has the spread that gives d' = 1."""
    hand, step, f = replace(Hand.typical(), band=(0.01, 2.0)), 0.1, 0.2
    scores = []
    for k in range(30):
        noise = hand.noise(6000, step, np.random.default_rng(k))
        size = round(hand.window / f / step)
        t = np.arange(size) * step
        for part in noise.reshape(-1, size):
            scores.append(float(part @ np.sin(2 * np.pi * f * t)))
    gained = float(np.square(np.sin(2 * np.pi * f * t)).sum())  # by a sine of threshold amplitude
    assert gained / np.std(scores) == pytest.approx(1.0, rel=0.15)


def test_what_is_sensed_is_told_in_thresholds():
    hand, t = Hand.typical(), np.arange(0, 200, 0.1)
    got = hand.sensed(500.0 * np.sin(2 * np.pi * 0.1 * t) + 3 * t + 9000 * np.sin(2 * np.pi * 1.0 * t), 0.1)
    middle = got[200:-200]
    assert middle.max() == pytest.approx(1.0, rel=0.05)


def test_change_is_judged_against_threshold_and_weber():
    hand = replace(Hand.typical(), own=())
    assert hand.d_change(sine(1.0, 80.0), sine(1.0, 80.0)) == 0.0
    small = hand.d_change(None, sine(1.0, 80.0))
    assert small == pytest.approx(40.0 / 100.0)
    large = hand.d_change(sine(1.0, 8000.0), sine(1.0, 8080.0))
    assert large == pytest.approx(40.0 / math.hypot(100.0, hand.weber * 4000.0)) and large < small


def test_a_wrong_law_is_answered_with_the_right_ones():
    with pytest.raises(CisternaError, match="no law of low frequencies 'stepe'"):
        Hand.typical(law="stepe")
