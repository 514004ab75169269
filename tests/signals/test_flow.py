"""Flow over a cycle: closed forms, published curves, wraps and delays of known truth."""

import numpy as np
import pytest

from cisterna.ground.errors import CisternaError
from cisterna.recordings.recording import Recording
from cisterna.signals.flow import cycle_average, flow_curve, flow_of
from cisterna.signals.flow_results import flow_delay, flow_results
from cisterna.signals.flow_velocity import background_offset, find_aliasing, region_flow


def _by_id(curve, channel="flow_csf"):
    return {r.id: r for r in flow_results(curve, channel)}


@pytest.mark.parametrize("count", [15, 16, 20, 32])
@pytest.mark.parametrize("phase", [0.0, 0.37])
def test_a_sine_has_its_closed_form(count, phase):
    size, cycle, mean = 3.0, 0.85, 0.4
    at = np.arange(count) * cycle / count
    found = _by_id(flow_curve(mean + size * np.sin(2 * np.pi * (at / cycle - phase)), cycle=cycle))
    stroke = size * cycle / np.pi
    edge = np.arcsin(mean / size)
    positive = cycle / np.pi * (size * np.cos(edge) + mean * (np.pi / 2 + edge))
    for key, truth in {
        "stroke_volume": stroke,
        "volume_swing": stroke,
        "volume_positive": positive,
        "volume_negative": positive - mean * cycle,
        "flow_peak_positive": mean + size,
        "flow_peak_negative": mean - size,
        "net_flow": 60 * mean,
    }.items():
        assert found[key].value == pytest.approx(truth, rel=2e-5), key
    assert found["time_peak_positive"].value == pytest.approx((phase + 0.25) % 1 * cycle, abs=1e-3)
    assert found["time_peak_negative"].value == pytest.approx((phase + 0.75) % 1 * cycle, abs=1e-3)


def test_stroke_volume_and_swing_differ_when_a_curve_has_four_lobes():
    at = np.arange(64) / 64
    found = _by_id(flow_curve(np.sin(4 * np.pi * at), cycle=1.0))
    assert found["stroke_volume"].value == pytest.approx(1 / np.pi, rel=1e-4)
    assert found["volume_swing"].value == pytest.approx(0.5 / np.pi, rel=1e-4)


def test_uneven_phases_and_a_missing_one_give_the_same_curve():
    random = np.random.default_rng(0)
    at = np.sort(random.uniform(0, 0.9, 60))
    flow = 0.2 + np.sin(2 * np.pi * at / 0.9) + 0.5 * np.cos(4 * np.pi * at / 0.9)
    flow[7] = np.nan
    even = np.arange(60) * 0.9 / 60
    truth = flow_curve(0.2 + np.sin(2 * np.pi * even / 0.9) + 0.5 * np.cos(4 * np.pi * even / 0.9), cycle=0.9)
    found = flow_curve(flow, at, 0.9)
    assert found.time.size == 59 and not found.even
    assert found.stroke_volume() == pytest.approx(truth.stroke_volume(), rel=0.01)
    assert found.net_flow() == pytest.approx(12.0, rel=0.02)


def test_a_repeated_last_sample_closes_the_cycle():
    at = np.linspace(0, 0.8, 33)
    curve = flow_curve(np.sin(2 * np.pi * at / 0.8), at)
    assert curve.cycle == pytest.approx(0.8) and curve.time.size == 32 and curve.even
    assert curve.stroke_volume() == pytest.approx(0.8 / np.pi, rel=1e-5)


def test_intervals_from_one_curve_cover():
    random, hits = np.random.default_rng(1), []
    at = np.arange(32) / 32
    true = np.sin(2 * np.pi * at) + 0.4 * np.sin(4 * np.pi * at + 1)
    truth = {key: r.value for key, r in _by_id(flow_curve(true, cycle=0.9)).items()}
    keys = ("stroke_volume", "volume_positive", "net_flow")
    for _ in range(80):
        found = _by_id(flow_curve(true + 0.15 * random.standard_normal(32), cycle=0.9))
        hits.append([found[key].low <= truth[key] <= found[key].high for key in keys])
    share = np.mean(hits, axis=0)
    print("80 noisy curves: coverage of", dict(zip(keys, share.round(3), strict=True)))
    assert np.all(share > 0.88)


def test_intervals_from_repeats_cover():
    random, hits = np.random.default_rng(2), []
    at = np.arange(24) / 24
    for _ in range(100):
        size = 2.0 + 0.3 * random.standard_normal((6, 1))
        curve = flow_curve(size * np.sin(2 * np.pi * at), cycle=1.0)
        found = _by_id(curve)["stroke_volume"]
        assert found.n == 6
        hits.append(found.low <= 2 / np.pi <= found.high)
    print("100 sets of six beats: coverage", np.mean(hits))
    assert np.mean(hits) == pytest.approx(0.95, abs=0.045)


def test_too_few_phases_give_no_interval():
    found = _by_id(flow_curve(np.sin(2 * np.pi * np.arange(8) / 8), cycle=1.0))
    assert np.isnan(found["stroke_volume"].low) and np.isfinite(found["stroke_volume"].value)


def test_net_flow_is_told_with_and_without_the_background():
    at = np.arange(32) / 32
    shift, error = background_offset(np.random.default_rng(0).normal(0.05, 0.01, 100), area=2.0)
    assert shift == pytest.approx(0.1, abs=0.01) and error == pytest.approx(0.002, rel=0.3)
    found = _by_id(flow_curve(0.1 + np.sin(2 * np.pi * at), cycle=1.0, offset=(shift, error)))
    assert found["net_flow_raw"].value == pytest.approx(6.0) and abs(found["net_flow"].value) < 60 * 3 * error
    assert found["net_flow"].low < 0 < found["net_flow"].high
    plain = _by_id(flow_curve(0.1 + np.sin(2 * np.pi * at), cycle=1.0))
    assert "no static region" in plain["net_flow"].note
    # The background does not reach what the mean is taken out of.
    assert found["stroke_volume"].value == plain["stroke_volume"].value


@pytest.mark.parametrize("late", [0.0, 0.03, 0.2, -0.3])
def test_delays_are_found_between_samples(late):
    at = np.arange(20) / 20

    def wave(t):
        return np.sin(2 * np.pi * t) + 0.5 * np.sin(4 * np.pi * t + 0.7) + 0.2 * np.cos(6 * np.pi * t)

    first, second = flow_curve(wave(at), cycle=0.9), flow_curve(0.1 * wave(at - late) + 0.3, cycle=0.9)
    found = flow_delay(first, second)
    assert found.value == pytest.approx(late * 0.9, abs=2e-4) and found.extra["correlation"] > 0.999
    assert found.extra["delay_fundamental"] == pytest.approx(late * 0.9, abs=1e-6)
    assert not found.extra["turned"]


def test_delay_of_noisy_curves_covers_and_other_signs_are_told():
    random, hits = np.random.default_rng(3), []
    at = np.arange(32) / 32
    true = [np.sin(2 * np.pi * (at - late)) + 0.4 * np.sin(4 * np.pi * (at - late)) for late in (0.0, 0.1)]
    for _ in range(50):
        a, b = (flow_curve(q + 0.1 * random.standard_normal(32), cycle=1.0) for q in true)
        found = flow_delay(a, b)
        hits.append(found.low <= 0.1 <= found.high)
    print("50 noisy pairs: coverage of the delay", np.mean(hits))
    assert np.mean(hits) > 0.85
    pulse = np.exp(-((at - 0.3) ** 2) / 0.005)
    assert flow_delay(flow_curve(pulse, cycle=1.0), flow_curve(-np.roll(pulse, 3), cycle=1.0)).extra["turned"]


def test_delay_respects_the_time_of_the_first_phase():
    at = np.arange(24) / 24
    a = flow_curve(np.sin(2 * np.pi * at), at, 1.0)
    b = flow_curve(np.sin(2 * np.pi * (at + 0.02 - 0.1)), at + 0.02, 1.0)
    assert flow_delay(a, b).value == pytest.approx(0.1, abs=1e-3)


def test_wraps_are_found_and_undone():
    random = np.random.default_rng(0)
    at = np.arange(32)[:, None] / 32
    true = 9.0 * np.sin(2 * np.pi * at + random.uniform(0, 1, 50)) * random.uniform(0.2, 1.5, 50)
    venc = 10.0
    seen = (true + venc) % (2 * venc) - venc
    found = find_aliasing(seen, venc)
    assert np.abs(found.values - true).max() < 1e-9
    assert np.array_equal(found.wrapped, np.abs(true) > venc) and not found.open.any()
    assert "wrapped around VENC" in found.words()
    quiet = find_aliasing(0.5 * true / 1.5, venc)
    assert not quiet.flagged and quiet.words() == "no velocity near VENC, no jumps"


def test_wraps_that_do_not_cancel_are_left_and_told():
    found = find_aliasing([0.0, 4.0, 8.0, -8.0, -4.0, -1.0, -0.5, -0.1], 10.0)
    assert found.open.all() and not found.wrapped.any() and "not mended" in found.words()


def test_aliased_velocities_bias_the_stroke_volume_and_mending_restores_it():
    at = np.arange(32)[:, None] / 32
    true = 12.0 * np.sin(2 * np.pi * at) * np.linspace(0.3, 1, 40)
    seen = (true + 10) % 20 - 10
    volumes = [flow_curve(region_flow(v, 0.01), cycle=1.0).stroke_volume() for v in (true, seen)]
    assert volumes[1] < 0.95 * volumes[0]
    mended = flow_curve(region_flow(find_aliasing(seen, 10.0).values, 0.01), cycle=1.0).stroke_volume()
    assert mended == pytest.approx(volumes[0])


def test_a_continuous_flow_is_cut_at_its_beats():
    rate, cycle = 200.0, 0.8
    t = np.arange(0, 40, 1 / rate)
    flow = 0.3 + 2 * np.sin(2 * np.pi * t / cycle)
    rec = Recording().with_signal("flow_csf", flow, rate=rate, start=100.0, unit="mL/s")
    curve = flow_of(rec, "flow_csf", beats=100 + np.arange(0, 39, cycle))
    assert curve.repeats.shape == (48, 64) and curve.cycle == pytest.approx(0.8)
    found = _by_id(curve)
    assert found["stroke_volume"].value == pytest.approx(2 * cycle / np.pi, rel=2e-3)
    assert found["net_flow"].value == pytest.approx(18.0, rel=1e-3)
    flow[1000] = np.nan
    assert cycle_average(flow, rate, np.arange(0, 39, cycle))[0].shape[0] == 47


def test_published_net_inflow_has_its_published_figures(shared_data):
    table = np.loadtxt(shared_data / "flow" / "net_intracranial_inflow_baledent.csv", delimiter=",")
    found = _by_id(flow_curve(table[:, 1] / 1000.0, table[:, 0], 1.0))
    print({key: round(r.value, 4) for key, r in found.items()})
    assert found["volume_swing"].value == pytest.approx(1.54, abs=0.005)
    assert found["stroke_volume"].value == pytest.approx(1.54, abs=0.005)
    assert found["flow_peak_positive"].value == pytest.approx(9.34, abs=0.005)
    assert found["time_peak_positive"].value == pytest.approx(0.17, abs=0.01)
    assert found["flow_peak_negative"].value == pytest.approx(-4.78, abs=0.005)
    assert found["time_peak_negative"].value == pytest.approx(0.81, abs=0.01)
    assert abs(found["net_flow"].value) < 3.0  # mean about 0


@pytest.mark.parametrize(
    ("file", "mean", "low", "high", "cycle"),
    [("openbf_cca_inlet.dat", 6.50, 3.8, 13.3, 1.1), ("openbf_adan56_inlet.dat", 113.0, None, 573.0, 1.0)],
)
def test_published_arterial_flows_have_their_figures(shared_data, file, mean, low, high, cycle):
    table = np.loadtxt(shared_data / "flow" / file)
    curve = flow_curve(table[:, 1] * 1e6, table[:, 0])
    found = _by_id(curve, "flow_arterial")
    assert curve.cycle == pytest.approx(cycle)
    assert found["net_flow"].value / 60 == pytest.approx(mean, rel=0.005)
    assert found["flow_peak_positive"].value == pytest.approx(high, rel=0.005)
    if low is not None:
        assert found["flow_peak_negative"].value == pytest.approx(low, rel=0.005)


def test_a_recording_keeps_its_cycle_and_unit(shared_data):
    from cisterna.recordings import load

    rec = load(shared_data / "flow" / "net_intracranial_inflow_baledent.csv")
    curve = flow_of(rec, rec.signals[0], cycle=1.0)
    assert curve.stroke_volume() == pytest.approx(1.54, abs=0.005)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (lambda: flow_curve(np.arange(12.0)), "not stated"),
        (lambda: flow_curve(np.arange(4.0), cycle=1.0), "6 phases"),
        (lambda: flow_curve(np.arange(12.0), np.arange(12.0), 5.0), "within one cycle"),
        (lambda: flow_curve(np.arange(12.0), np.arange(12.0)), "does not close"),
        (lambda: flow_curve(np.arange(12.0), np.zeros(12), 1.0), "do not rise"),
        (lambda: flow_curve(np.sin(np.arange(10.0)), np.arange(10) / 100, 1.0), "too little of the cycle"),
        (lambda: flow_delay(flow_curve(np.ones(12), cycle=1.0), flow_curve(np.ones(12), cycle=1.0)), "pulsation"),
        (lambda: flow_delay(flow_curve(np.arange(12.0), cycle=1), flow_curve(np.arange(12.0), cycle=0.8)), "different"),
        (lambda: find_aliasing([0.0, 1.0, 2.0], 0.0), "impossible encoding"),
        (lambda: find_aliasing([0.0, 1.0, 25.0], 10.0), "beyond VENC"),
        (lambda: background_offset([0.1], 1.0), "static region"),
        (lambda: cycle_average(np.zeros(10), 1.0, [20.0, 30.0]), "no whole beat"),
    ],
)
def test_mistakes_are_told(wrong, says):
    with pytest.raises(CisternaError, match=says):
        wrong()


@pytest.mark.parametrize("count", [16, 32])
def test_the_curve_goes_through_every_phase(count):
    flow = np.random.default_rng(count).standard_normal(count)  # the highest harmonic included
    fine = flow_curve(flow, cycle=1.0).fine()
    assert fine[:: fine.size // count] == pytest.approx(flow, abs=1e-12)
