"""The rhythm: power against published tables, spectra against closed forms, recovery, false positives, real records."""

import numpy as np
import pytest
from scipy import signal, stats

from cisterna.ground.errors import CisternaError
from cisterna.ground.parameter import default_parameters
from cisterna.protocol.ranges import published
from cisterna.recordings.load import load
from cisterna.signals.rhythm import (
    binomial_power,
    coherence,
    coherence_critical,
    coherence_power,
    false_positives,
    holm,
    holm_results,
    line_test,
    locking,
    morlet,
    null_share,
    partial_coherence,
    peak_frequency,
    persons_needed,
    rate_of_marks,
    record_needed,
    recovery,
    recovery_in,
    rhythm,
    slow_rhythm,
    surrogate,
    transform,
)
from cisterna.signals.rhythm.background import background
from cisterna.signals.rhythm.multitaper import removal
from cisterna.signals.rhythm.surrogates import coloured, level_ends

# Experiment E4, simulated there: coherence^2 -> minutes in one band, in eight.
E4 = {0.5: (7, 9), 0.3: (12, 18), 0.2: (18, 30), 0.1: (38, 61), 0.05: (80, 122)}


@pytest.mark.parametrize("coherence2", E4)
def test_the_record_needed_is_that_of_the_table(coherence2):
    minutes = [record_needed(coherence2, bands) / 60.0 for bands in (1, 8)]
    assert minutes == pytest.approx(E4[coherence2], rel=0.06)
    assert record_needed(coherence2, resolution=0.01) == pytest.approx(2.0 * record_needed(coherence2))


def test_the_distribution_of_coherence_is_that_of_gaussian_coefficients():
    rng = np.random.default_rng(0)
    segments, trials, share = 12, 20_000, 0.4
    common, a, b = (rng.normal(size=(2, trials, segments)) for _ in range(3))
    mixed = [np.sqrt(x) * (1 + 0j) for x in (share**0.5, 1 - share**0.5)]
    one, two = (mixed[0] * (common[0] + 1j * common[1]) + mixed[1] * (x[0] + 1j * x[1]) for x in (a, b))
    found = coherence(one, two)
    for alpha in (0.05, 0.05 / 8):
        hits = np.mean(found > coherence_critical(segments, alpha))
        assert coherence_power(share, segments, alpha) == pytest.approx(hits, abs=0.01)
    # A series removed costs one segment.
    other = a[0] + 1j * b[1]
    free = partial_coherence(a[0] + 1j * a[1], b[0] + 1j * rng.normal(size=b[0].shape), [other])
    assert free.shape == (trials,) and np.all((free >= 0) & (free <= 1))
    unrelated = [rng.normal(size=(2, trials, segments)) for _ in range(3)]
    x, y, z = (u[0] + 1j * u[1] for u in unrelated)
    assert np.mean(partial_coherence(x, y, [z]) > coherence_critical(segments, 0.05, 1)) == pytest.approx(
        0.05, abs=0.005
    )


def test_what_is_removed_is_gone_and_its_gain_is_the_truth():
    rng = np.random.default_rng(0)
    x, z, noise = rng.normal(size=(3, 40, 600))
    y = 2.0 * x - np.roll(z, 3, axis=1) + noise
    one, others = transform(y, 1.0, 0.01, 0.05, 0.3), [transform(v, 1.0, 0.01, 0.05, 0.3).value for v in (x, z)]
    without = removal(others)
    left = without.residual(one.value)
    for other in others:  # nothing of it is left, to rounding
        assert np.abs(np.sum(np.conj(other) * left, axis=1)).max() < 1e-9 * np.abs(other).max() * np.abs(left).sum()
    gain = without.gain(one.value)
    assert gain[:, 0] == pytest.approx(2.0, abs=0.25)
    assert np.abs(gain[:, 1] + np.exp(-2j * np.pi * 3.0 * one.frequency)).max() < 0.3
    assert np.sum(np.abs(left) ** 2, axis=1).mean() / (left.shape[1] - 2) == pytest.approx(2.0, rel=0.05)


def test_the_persons_needed_are_those_of_the_experiment():
    table = {0.2: ((0.4, 35), (0.6, 10), (0.8, 4)), 0.3: ((0.4, 144), (0.6, 17), (0.8, 7)),
             0.5: ((0.6, 158), (0.8, 18), (0.95, 8))}  # fmt: skip
    for null, rows in table.items():
        assert [persons_needed(null, true) for true, _ in rows] == [n for _, n in rows]
    power, count = binomial_power(0.2, 0.6, 10)
    assert stats.binom.sf(count - 1, 10, 0.2) <= 0.05 < stats.binom.sf(count - 2, 10, 0.2)
    assert power == pytest.approx(stats.binom.sf(count - 1, 10, 0.6))


def test_the_power_density_is_that_of_another_estimate():
    x = signal.lfilter([1.0], [1.0, -0.8], np.random.default_rng(0).normal(size=60_000))
    found = transform(x.reshape(100, 600), 1.0, 0.01, 0.03, 0.4)
    truth = 2.0 / np.abs(1 - 0.8 * np.exp(-2j * np.pi * found.frequency)) ** 2
    assert found.power == pytest.approx(truth, rel=0.15)
    f, welch = signal.welch(x, 1.0, nperseg=600)
    assert np.interp(found.frequency, f, welch).mean() == pytest.approx(found.power.mean(), rel=0.03)


def test_a_line_is_found_and_noise_is_not():
    """p of the F test is even under the null."""
    rng = np.random.default_rng(2)
    drawn = np.concatenate([line_test(rng.normal(size=400), 1.0, 0.01, 0.05, 0.3)[1][::8] for _ in range(60)])
    assert np.mean(drawn < 0.05) == pytest.approx(0.05, abs=0.02)
    t = np.arange(400.0)
    f, p = line_test(0.6 * np.sin(2 * np.pi * 0.1234 * t) + rng.normal(size=400), 1.0, 0.01, 0.05, 0.3)
    assert f[np.argmin(p)] == pytest.approx(0.1234, abs=0.001) and p.min() < 1e-6


def test_the_wavelet_tells_when_a_rhythm_is_there():
    t = np.arange(0, 1200.0)
    there = (t > 400) & (t < 800)
    height = np.abs(morlet(np.where(there, 2.0 * np.sin(0.2 * np.pi * t), 0.0), 1.0, [0.1])[0])
    assert np.nanmedian(height[450:750]) == pytest.approx(2.0, rel=1e-3)
    assert np.nanmax(height[100:350]) < 0.01


@pytest.mark.parametrize("kind", ["phase", "iaaft", "shift"])
def test_surrogates_keep_what_they_say(kind):
    rng = np.random.default_rng(0)
    x = np.exp(signal.lfilter([1.0], [1.0, -0.9], rng.normal(size=512)) / 3)
    y = surrogate(x, rng, kind)
    assert np.corrcoef(x, y)[0, 1] < 0.5
    spectra = [np.abs(np.fft.rfft(v - v.mean())) for v in (x, y)]
    assert np.linalg.norm(spectra[0] - spectra[1]) / np.linalg.norm(spectra[0]) < (0.05 if kind == "iaaft" else 1e-9)
    if kind != "phase":
        assert np.allclose(np.sort(x), np.sort(y))


def test_the_background_is_a_power_law_and_noise_of_it_has_it():
    f = np.linspace(0.01, 0.45, 90)
    assert background(f, 3.0 * f**-1.7) == pytest.approx(3.0 * f**-1.7, rel=1e-6)
    made = coloured(f, f**-1.0, (400, 600), 1.0, np.random.default_rng(0))
    found = transform(made, 1.0, 0.01, 0.03, 0.4)
    assert found.power == pytest.approx(found.frequency**-1.0, rel=0.12)


def drawn(seconds=1800.0, rate=4.0, seed=0):
    """Time, breath, arterial pressure with Mayer waves, and noise."""
    rng = np.random.default_rng(seed)
    t = np.arange(0, seconds, 1 / rate)
    breath = np.sin(2 * np.pi * 0.26 * t + np.cumsum(rng.normal(size=t.size)) / 30)
    abp = np.sin(2 * np.pi * 0.1 * t + np.cumsum(rng.normal(size=t.size)) / 30) + 0.3 * rng.normal(size=t.size)
    return t, breath, abp, rng.normal(size=t.size)


def test_what_breath_and_pressure_explain_is_removed_and_an_own_rhythm_found():
    t, breath, abp, noise = drawn()
    late = np.roll(breath, 3)  # the breath reaches the place 0.75 s late
    site = 2.0 * late + 1.5 * abp + 0.5 * noise
    bare = rhythm(site, 4.0)
    assert bare.p <= 0.05 and bare.verdict == "undecided" and bare.missing == ("breath", "heart", "abp")
    clean = rhythm(site, 4.0, breath=breath, abp=abp, beats=np.arange(0, 1800, 0.9))
    assert clean.p > 0.05 and clean.missing == ()
    assert clean.shares["breath"].value == pytest.approx(2.0 / 3.2, abs=0.1)
    assert clean.shares["residual"].value < 0.1
    own = site + 0.4 * np.sin(2 * np.pi * 0.15 * t)
    found = rhythm(own, 4.0, breath=breath, abp=abp, beats=np.arange(0, 1800, 0.9))
    assert found.verdict == "rhythm" and found.p <= 0.01
    assert found.rate.low - 0.1 <= 9.0 <= found.rate.high + 0.1 and found.rate.value == pytest.approx(9.0, abs=0.15)
    assert found.amplitude.value == pytest.approx(0.4, rel=0.2)
    assert {r.id for r in found.results} >= {
        "rhythm_rate", "rhythm_amplitude", "rhythm_p", "rhythm_symmetry", "rhythm_regularity", "rhythm_presence",
        "rhythm_share_breath", "rhythm_share_residual",
    }  # fmt: skip
    again = rhythm(own, 4.0, breath=breath, abp=abp, beats=np.arange(0, 1800, 0.9))
    assert [r.as_dict() for r in again.results] == [r.as_dict() for r in found.results]
    assert np.array_equal(again.surrogates, found.surrogates)


def test_two_places_share_a_rhythm_only_when_they_do():
    t, breath, _, noise = drawn(2400.0, seed=2)
    rng = np.random.default_rng(5)
    wave = np.sin(2 * np.pi * 0.12 * t + np.cumsum(rng.normal(size=t.size)) / 40)
    late = np.roll(wave, 8)  # 2 s, 86 deg at 0.12 Hz
    head, sacrum = breath + 0.8 * wave + noise, 2.0 * breath + 0.4 * late + 0.5 * rng.normal(size=t.size)
    found = rhythm(head, 4.0, breath=breath, other_site=sacrum)
    by = {r.id: r for r in found.results}
    assert found.places == 2 and found.p <= 0.01
    assert by["rhythm_rate"].value == pytest.approx(7.2, abs=0.3)
    assert by["rhythm_lag"].value == pytest.approx(360 * 0.12 * 2.0, abs=12.0)
    assert by["rhythm_symmetry"].value == pytest.approx((0.8 - 0.4) / 1.2, abs=0.1)
    apart = rhythm(head, 4.0, breath=breath, other_site=2.0 * breath + rng.normal(size=t.size))
    assert apart.p > 0.05


def test_gaps_split_or_are_bridged_and_counted():
    t, _, _, noise = drawn(1200.0)
    site = noise + np.sin(2 * np.pi * 0.12 * t)
    for k in range(0, site.size, 160):  # 1 s every 40 s
        site[k + 20 : k + 24] = np.nan
    short = rhythm(site, 4.0)
    assert short.p <= 0.05 and "% bridged" in short.rate.note
    site[2400:2600] = np.nan
    split = rhythm(site, 4.0)
    assert split.p <= 0.05 and split.seconds < short.seconds and np.isnan(split.series[1000:1100]).any()
    assert "; 2 x 540 s" in split.rate.note


def test_the_rate_of_sampling_does_not_matter():
    t = np.arange(0, 900, 0.01)
    heart = 5.0 * np.maximum(np.sin(2 * np.pi * 1.13 * t), 0) ** 3
    slow = np.random.default_rng(0).normal(size=1800).repeat(50)
    found = [
        rhythm(x, r) for x, r in ((slow + heart + np.sin(0.24 * np.pi * t), 100.0),
                                  ((slow + np.sin(0.24 * np.pi * t)).reshape(-1, 25).mean(axis=1), 4.0))
    ]  # fmt: skip
    assert [f.rate.value for f in found] == pytest.approx([7.2, 7.2], abs=0.1)
    assert found[0].amplitude.value == pytest.approx(found[1].amplitude.value, rel=0.05)


def test_a_record_too_short_is_undecided_and_bad_input_is_told():
    noise = np.random.default_rng(0).normal(size=1000)
    short = rhythm(noise[:224], 4.0)
    assert short.verdict == "undecided" and "too short" in short.why and np.isnan(short.p) and short.needed > 600
    for call, words in (
        (lambda: rhythm(noise, 4.0, breath=noise[:-1]), "not on the clock"),
        (lambda: rhythm(noise, 0.4), "cannot hold the band"),
        (lambda: rhythm(np.ones(4000), 4.0), "does not vary"),
        (lambda: rhythm(noise, 4.0, band=(0.3, 0.1)), "band of the rhythm is empty"),
        (lambda: rhythm(noise, 4.0, kind="shuffle"), "unknown kind"),
        (lambda: rhythm(np.full(1000, np.nan), 4.0), "no finite sample"),
        (lambda: rate_of_marks([1.0, 2.0, 3.0]), "too few marks"),
        (lambda: slow_rhythm(noise[:60], 4.0, 0.1), "too few whole cycles"),
        (lambda: persons_needed(0.5, 0.4), "above the null share"),
    ):
        with pytest.raises(CisternaError, match=words):
            call()


def test_waves_one_by_one():
    rng = np.random.default_rng(0)
    t = np.arange(0, 1200, 0.25)
    lengths = np.abs(rng.normal(10.0, 1.5, 140))
    turns = np.interp(t, np.concatenate([[0], np.cumsum(lengths)]), np.arange(141))
    found = slow_rhythm(2.0 * np.sin(2 * np.pi * turns), 4.0, 0.1)
    assert found.rate.low <= 6.0 <= found.rate.high
    assert found.amplitude.value == pytest.approx(2.0, rel=0.15)
    assert found.regularity.value == pytest.approx(0.85, abs=0.06)
    assert found.regularity.value > found.regularity.extra["noise"]


def test_marks_lock_to_a_wave_or_do_not():
    t = np.arange(0, 600, 0.25)
    rng = np.random.default_rng(0)
    turns = np.cumsum(0.1 * np.exp(0.2 * signal.lfilter([0.1], [1, -0.99], rng.normal(size=t.size)))) / 4.0
    marks = np.interp(np.arange(1, turns[-1], 2), turns, t)  # every second wave
    assert locking(2 * np.pi * turns, 4.0, marks).extra["p"] < 0.01
    assert locking(2 * np.pi * turns, 4.0, np.arange(5, 590, 8.7)).extra["p"] > 0.05
    assert null_share([6.0], [6.0, 12.0, 9.0], (1.0, 2.0)) == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("null", "two", "most"),
    [
        ("coloured noise", False, 0.15),
        ("coloured noise", True, 0.15),
        # A curve alone for the background found a rhythm in 50 of 100.
        ("averaged noise", False, 0.15),
        # With one median over both sides, and surrogates with a step where their ends meet, 13 and 10 % of 400.
        ("long averaged noise", False, 0.15),
        ("long averaged noise", True, 0.15),
        ("irregular breathing", False, 0.15),
        ("wandering heart rate", True, 0.15),
        # Two places share what the removal leaves of a response out of proportion: 5 to 7.5 % in 400 and more.
        ("irregular breathing", True, 0.15),
    ],
)
def test_false_positives_are_measured(null, two, most):
    found = false_positives(null, 600.0, two, count=30, surrogates=39, seed=4)
    print(null, "two" if two else "one", f"{found.value:.3f} ({found.low:.3f}..{found.high:.3f})")
    assert found.low <= 0.05 and found.value <= most


def test_the_background_follows_a_moving_average_and_not_a_peak():
    """Through the roll-off and the null of an average over 2 s, and past a peak of the widest band."""
    f = np.arange(0.0125, 0.45, 0.005)
    truth = np.sinc(2.0 * f) ** 2
    band = (f > 0.03) & (f < 0.3)
    assert np.abs(np.log(background(f, truth) / truth))[band].max() > 0.3
    assert np.abs(np.log(background(f, truth, reach=0.08) / truth))[band].max() < 0.2
    peaked = truth * np.where(np.abs(f - 0.15) < 0.025, 20.0, 1.0)
    assert np.abs(np.log(background(f, peaked, reach=0.08) / truth))[band].max() < 0.3


def test_a_peak_must_rise_over_both_sides_of_it():
    """Noise averaged over 4 s: its shoulder stands 0.2 over one median of both sides, half of that over each side."""
    rng = np.random.default_rng(0)
    x = np.stack([np.convolve(rng.normal(size=1207), np.full(8, 0.125), "valid") for _ in range(60)])
    found = transform(x, 2.0, 0.01, 0.012, 0.45)
    f, power = found.frequency, found.power
    band = (f > 0.03) & (f < 0.3)
    both = np.log(power / background(f, power, reach=0.081))[band].max()
    each = np.log(power / background(f, power, reach=0.0675, flanks=True))[band].max()
    print(f"ln of the shoulder over the background: {both:.2f}, over each side {each:.2f}")
    assert both > 0.15 and each < 0.6 * both
    top = np.argmin(np.abs(f - 0.12))
    peaked = power * np.where(np.abs(f - f[top]) < 0.02, 20.0, 1.0)
    assert np.log(peaked / background(f, peaked, reach=0.0675, flanks=True))[top] > np.log(10.0)


def test_surrogates_of_a_record_with_a_hole_keep_the_hole():
    """The null of a moving average over 4 s, at 0.25 Hz: a step where the ends meet would fill it."""
    rng = np.random.default_rng(0)
    x = np.stack([np.convolve(rng.normal(size=1207), np.full(8, 0.125), "valid") for _ in range(20)])
    x += np.linspace(0.0, 2.0, 1200)  # a drift: the ends do not meet

    def hole(made):
        found = transform(made, 2.0, 0.01, 0.03, 0.4)
        return found.power[np.argmin(np.abs(found.frequency - 0.25))]

    own, plain, level = hole(x), hole(surrogate(x, rng)), hole(surrogate(level_ends(x), rng))
    print(f"power in the hole: {own:.4f}, surrogates {plain:.4f}, of levelled ends {level:.4f}")
    assert plain > 5.0 * own and level < 2.0 * own


def test_p_values_of_several_channels_together():
    raw = [0.01, 0.04, 0.03, float("nan"), 0.005]
    assert holm(raw)[:3] == pytest.approx([0.03, 0.06, 0.06]) and holm(raw)[4] == pytest.approx(0.02)
    assert np.isnan(holm(raw)[3]) and holm([0.7]) == [0.7] and holm([0.6, 0.9]) == [1.0, 1.0]
    # Of nulls without a rhythm one of four channels or more falls below 5 % in 5 % of the cases, not in 19 %.
    rng = np.random.default_rng(0)
    drawn = rng.uniform(size=(4000, 4))
    assert np.mean(drawn.min(axis=1) <= 0.05) > 0.17
    assert np.mean([min(holm(row)) <= 0.05 for row in drawn]) == pytest.approx(0.05, abs=0.012)
    assert holm_results({"icp": 0.02}) == [] and len(holm_results({"icp": 0.02, "abp": 0.3, "x": float("nan")})) == 2
    with pytest.raises(CisternaError, match="between 0 and 1"):
        holm([1.2])


def test_an_added_rhythm_is_recovered_the_better_the_larger():
    shares = [r.value for r in recovery((0.0, 0.3, 1.0), 900.0, "coloured noise", count=15, surrogates=39, seed=3)]
    assert shares[0] <= 0.2 and shares[-1] >= 0.9 and shares[0] <= shares[1] <= shares[2]


# ---- real recordings --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def pressure(shared_data):
    return {n: load(shared_data / "tcd" / f"tfa_sample_{n}.csv", units={"t": "s"}) for n in (1, 2)}


@pytest.mark.parametrize("n", [1, 2])
def test_mayer_waves_of_real_pressure(pressure, n):
    """Row mayer_f: 0.07 to 0.14 Hz. Five minutes tell the peak no better than the interval says."""
    band = default_parameters()["rhythm_lf_band"]
    rec = pressure[n]
    found = peak_frequency(rec.values("abp"), rec.rate("abp"), band.low, band.high)
    own = published("mayer_f")
    hz = [x / 60.0 for x in (found.value, found.low, found.high)]
    print(f"tfa {n}: {hz[0]:.3f} Hz ({hz[1]:.3f}..{hz[2]:.3f}), peak over background {found.extra['ratio']:.1f}")
    assert hz[1] <= own.high and hz[2] >= own.low  # the interval meets the published range
    assert band.low <= hz[0] <= band.high


@pytest.mark.parametrize("n", [1, 2])
def test_slow_waves_of_real_velocity(pressure, n):
    """Row bw_f: 0.008 to 0.033 Hz, of head-injured people; these are healthy and five minutes hold few waves."""
    band = default_parameters()["rhythm_bwave_band"]
    rec = pressure[n]
    found = peak_frequency(rec.values("velocity_mca_l"), rec.rate("velocity_mca_l"), band.low, band.high)
    hz = [x / 60.0 for x in (found.value, found.low, found.high)]
    print(f"tfa {n}: {hz[0]:.4f} Hz ({hz[1]:.4f}..{hz[2]:.4f})")
    assert published("bw_f").inside(hz[0]) and hz[2] - hz[1] > 0.3 * (band.high - band.low)


def test_an_added_rhythm_in_real_records(pressure, shared_data):
    """One place only: the method is tried, the claim is not."""
    rec = pressure[1]
    velocity, rate = rec.values("velocity_mca_r"), rec.rate("velocity_mca_r")
    sd = float(np.std(velocity))
    found = recovery_in(velocity, rate, [0.0, 0.5 * sd, 2.0 * sd], 0.2, count=4, surrogates=39, abp=rec.values("abp"))
    print("velocity:", [(r.note.split(";")[0], r.value) for r in found])
    assert found[0].value == 0.0 and found[-1].value == 1.0
    flow = np.load(shared_data / "resp" / "physio_resp1_airflow_1000hz.npy")
    test = rhythm(np.asarray(flow, dtype=float)[::50], 20.0)
    # Airflow alone holds one rhythm, the breath, 6.0 a minute; unmeasured breath leaves it undecided.
    print("airflow:", test.rate.value, test.p)
    assert test.verdict == "undecided" and test.rate.value == pytest.approx(6.0, abs=0.7)
