"""Simulated examiners: closed form against the phase run in time, Adler's law, what carries agreement; the replay."""

from dataclasses import replace

import numpy as np
import pytest

from cisterna.evaluation.hand import Hand
from cisterna.sessions.study.examiner import Room, Senses, marks_in_time, pulled, rates, restricted
from cisterna.sessions.study.many import icc_agreement, kappa_yes_no
from cisterna.sessions.study.published import published_studies
from cisterna.sessions.study.replay import Replay, Simulated


@pytest.fixture(scope="module")
def senses():
    return Senses.of()


def rate_in_time(f, drives, diffusion, seconds=600.0, seed=0):
    marks = marks_in_time(f, drives, diffusion, seconds, np.random.default_rng(seed))
    return np.array([(m.size - 1) / (m[-1] - m[0]) for m in marks])


def test_adler_without_noise():
    f = np.linspace(0.06, 0.20, 15)
    away = 2 * np.pi * (0.13 - f)
    free = np.sign(away) * np.sqrt(np.maximum(away**2 - 0.2**2, 0.0)) / (2 * np.pi)
    assert pulled(f, 0.13, 0.2) == pytest.approx(0.13 - free, abs=1e-9)
    seen = rate_in_time(f, [(np.full(15, 0.13), np.full(15, 0.2))], np.zeros(15), 1500.0)
    assert np.abs(60 * (seen - pulled(f, 0.13, 0.2))).max() < 0.06


@pytest.mark.parametrize("diffusion", [0.05, 0.3, 1.0])
def test_noise_loosens_the_grip_of_a_drive_as_computed(diffusion):
    """200 oscillators of one kind near a drive, 500 s each: their mean rate within four standard errors."""
    for f, drive, strength in ((0.10, 0.12, 0.2), (0.08, 0.23, 0.3)):
        ones = np.ones(200)
        seen = rate_in_time(f * ones, [(drive * ones, strength * ones)], diffusion * ones, 500.0, seed=3)
        told = pulled(f, drive, strength, diffusion)
        error = seen.std() / np.sqrt(200)
        # A phase that wanders passes its turns a little early: up to one turn in the record.
        assert abs(seen.mean() - told) < 4 * error + 0.35 / 500.0, (f, diffusion)


def test_rates_are_those_of_the_phase_run_in_time(senses):
    """Drives one after the other in closed form, beside all at once in time: 0.1 cycles a minute."""
    rng = np.random.default_rng(0)
    n, w = 300, 0.75
    f = np.exp(np.log(senses.rate) + 0.5 * rng.normal(size=n))
    own, breath = np.maximum(senses.breath + senses.breath_sd * rng.normal(size=(2, n)), 0.08)
    keen = np.exp(senses.threshold_gsd * rng.normal(size=n))
    felt = senses.coupling * (1 - w)
    hold = felt * senses.amplitude["vault"] / senses.threshold_at(breath, keen)
    noise = senses.diffusion(f, felt)
    told = pulled(pulled(f, own, senses.coupling * w, noise), breath, hold, noise)
    seen = rate_in_time(f, [(own, senses.coupling * w), (breath, hold)], noise)
    gap = 60 * (seen - told)
    spread = 60 * np.sqrt(noise / 600) / (2 * np.pi)
    print(f"mean gap {gap.mean():.3f} a minute, scatter {gap.std():.2f} against {np.sqrt(np.mean(spread**2)):.2f}")
    assert abs(gap.mean()) < 0.1
    assert gap.std() == pytest.approx(np.sqrt(np.mean(spread**2)), rel=0.25)


def test_senses_come_from_the_tables(senses):
    hand = Hand.typical()
    plain = replace(senses, threshold=hand.threshold_1hz, hand_noise=0.0)
    for f in (0.05, 0.1, 0.3, 1.0):
        assert plain.threshold_at(f) == pytest.approx(float(hand.threshold(f)))
    assert senses.rate * 60 == pytest.approx(4.78) and senses.rate * senses.rate_cv * 60 == pytest.approx(2.57)
    # The walk of the hand: acceleration of 0.03 m/s2 in 0.1 to 10 Hz.
    f = np.linspace(0.1, 10, 200_001)
    acceleration = (2 * np.pi) ** 4 * senses.hand_noise * f**2
    assert np.sqrt(np.trapezoid(acceleration, f)) == pytest.approx(0.03e6, rel=1e-6)


def test_told_rates_have_the_published_mean_and_spread_when_nothing_pulls(senses):
    room = Room.draw(200, 50, ("vault",), 1, 90.0, 4, np.random.default_rng(1))
    free = replace(senses, coupling=1e-9, timing=1e-6)
    told = rates(room, free, 1.0, 0.2)
    assert told.mean() == pytest.approx(4.78, rel=0.06)
    assert told.std() == pytest.approx(2.57, rel=0.15)


def test_without_a_rhythm_examiners_agree_with_themselves_only(senses):
    room = Room.draw(40, 2, ("vault",), 2, 60.0, 200, np.random.default_rng(2))
    told = rates(room, senses, 0.9, 0.3)[:, :, :, 0]
    inter = icc_agreement(told[..., 0]).mean()
    intra = icc_agreement(told[:, :, 0]).mean()
    felt = icc_agreement(rates(room, senses, 0.5, 0.1, rhythm=6.0)[:, :, :, 0, 0]).mean()
    print(f"inter {inter:.2f}, intra {intra:.2f}; with a strong rhythm inter {felt:.2f}")
    assert abs(inter) < 0.05 and intra > 0.6 and felt > 0.3


def test_a_rhythm_that_is_felt_makes_answers_agree(senses):
    room = Room.draw(60, 2, ("vault",), 1, 60.0, 100, np.random.default_rng(3))
    kappas = []
    for rhythm in (0.0, 6.0):
        said = restricted(room, senses, rhythm)
        assert said.mean() == pytest.approx(0.5, abs=0.01)
        kappas.append(np.nanmean(kappa_yes_no(said[..., 0], said[..., 1])))
    print(f"kappa {kappas[0]:.2f} without, {kappas[1]:.2f} with a rhythm")
    assert kappas[1] > kappas[0] + 0.2


def test_the_fit_recovers_what_made_the_figures(senses):
    """Figures simulated at a known point of the grid give it back; three settings, most of the weight near."""
    from cisterna.ground.parameter import default_parameters

    one = Simulated("none", senses, default_parameters(), seed=1, studies=48, grid=6)
    for point in (8, 21, 28):
        observed = [figures[point, 7] for figures in one.figures]
        log = sum(one.weigh(k, x) for k, x in enumerate(observed))
        weight = np.exp(log - log.max()).reshape(6, 6)
        weight /= weight.sum()
        row, column = divmod(point, 6)
        assert weight[:, max(column - 1, 0) : column + 2].sum() > 0.8, point
        assert weight[max(row - 2, 0) : row + 3].sum() > 0.5, point


def test_bayes_factor_points_to_the_truth(senses):
    """Figures made without a rhythm favour none; made with a strong one, the rhythm."""
    replay = Replay.run(senses, seed=2, studies=48, grid=5)
    for truth, index in ((replay.none, 12), (replay.rhythm, 22)):
        signs = []
        for k in range(8):
            told = []
            for one in (replay.rhythm, replay.none):
                log = sum(one.weigh(i, figures[index, k]) for i, figures in enumerate(truth.figures))
                told.append(np.log(np.exp(log - log.max()).mean()) + log.max())
            signs.append(told[0] - told[1])
        print(truth.hypothesis, np.round(np.array(signs) / np.log(10), 1))
        assert np.median(signs) * (1 if truth.hypothesis == "rhythm" else -1) > 0


def test_published_figures_are_those_of_the_shared_table(shared):
    import csv

    rows = {
        row["id"]: row for row in csv.DictReader((shared / "reference" / "experiments.csv").read_text().splitlines())
    }
    figures = {(s.name, f.statistic): f.value for s in published_studies() for f in s.figures}
    sizes = {s.name: s.subjects for s in published_studies()}
    for key, name, statistic in (
        ("rel_hanten_inter", "Hanten 1998", "inter"), ("rel_rogers_head", "Rogers 1998", "inter_1"),
        ("rel_rogers_feet", "Rogers 1998", "inter_2"), ("rel_wp", "Wirth-Pattullo 1994", "inter"),
    ):  # fmt: skip
        assert figures[name, statistic] == float(rows[key]["value"]) and sizes[name] == int(rows[key]["n"])
    assert figures["Moran 2001", "inter_min"] == float(rows["rel_inter"]["low"])
    assert figures["Moran 2001", "intra_max"] == float(rows["rel_intra"]["high"])
