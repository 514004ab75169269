"""Measures on made signals whose answer is known."""

import numpy as np
import pytest

from cisterna.ground.errors import CisternaError
from cisterna.protocol.clock import Clock, Cycle, clock_of
from cisterna.protocol.measures import MEASURES, find_measure, measure
from cisterna.protocol.view import View

HEART, BREATH, END = 1.1, 0.25, 40.0
TIME = np.arange(0.0, END + 1e-9, 0.01)


def cycle(rate: float, end: float = END) -> Cycle:
    return Cycle(np.array([0.0, end]), np.array([0.0, rate * end]))


CLOCK = Clock(cycle(HEART), cycle(BREATH))
# Mean 10, pulse of amplitude 1 with a second harmonic, breath of amplitude 0.7, a slow drift.
PULSE = np.sin(2 * np.pi * HEART * TIME) + 0.3 * np.sin(4 * np.pi * HEART * TIME + 1.0)
WAVE = 10.0 + PULSE + 0.7 * np.sin(2 * np.pi * BREATH * TIME)


def get(name: str, values: np.ndarray = WAVE, **more) -> float:
    given = {"time": TIME, "values": values, "window": (4.0, 36.0), "clock": CLOCK} | more
    return find_measure(name).function(View(**given))


def test_mean_takes_whole_breaths():
    assert get("mean") == pytest.approx(10.0, abs=2e-3)
    # A breath and a half: a plain mean would be off by the half left over.
    assert get("mean", window=(4.0, 10.0)) == pytest.approx(10.0, abs=0.06)
    plain = WAVE[(TIME >= 4.0) & (TIME <= 10.0)].mean()
    assert abs(plain - 10.0) > 0.1


def test_mean_without_rhythms_is_weighted_by_time():
    t = np.array([0.0, 1.0, 9.0, 10.0])
    v = View(t, np.array([0.0, 1.0, 1.0, 0.0]), (0.0, 10.0))
    assert find_measure("mean").function(v) == pytest.approx(0.9)


def test_max_and_min():
    assert get("max", 3.0 * TIME) == pytest.approx(108.0)
    assert get("min", 3.0 * TIME) == pytest.approx(12.0)


def test_peak_to_peak_is_blind_to_breath_and_drift():
    bare = np.ptp(PULSE)
    assert get("peak_to_peak") == pytest.approx(bare, rel=0.03)
    assert get("peak_to_peak", PULSE + 0.5 * TIME) == pytest.approx(bare, rel=2e-3)


def test_fundamental():
    assert get("amplitude_f1") == pytest.approx(1.0, abs=0.02)
    assert get("amplitude_f1", PULSE) == pytest.approx(1.0, abs=2e-3)


def test_stroke_volume_of_a_sine_and_blind_to_breath():
    # q = a sin(w t): half of the integral of |q| over a beat is a / (pi f).
    flow = 2.0 * np.sin(2 * np.pi * HEART * TIME) + 0.3
    exact = 2.0 / (np.pi * HEART)
    assert get("stroke_volume", flow) == pytest.approx(exact, rel=2e-3)
    assert get("stroke_volume", flow + 0.5 * np.sin(2 * np.pi * BREATH * TIME)) == pytest.approx(exact, rel=0.02)
    assert find_measure("stroke_volume").unit("mL/s") == "mL"


def test_swing_of_the_breath_is_that_of_the_beat_mean():
    # Averaging over one beat lowers a breath of frequency f by sinc(f / heart rate).
    lowered = 1.4 * np.sinc(BREATH / HEART)
    assert get("swing_breath") == pytest.approx(lowered, rel=5e-3)


def test_excursion_of_a_flow():
    # q = a sin(w t) moves a / (pi f) peak to peak.
    flow = 0.8 * np.sin(2 * np.pi * BREATH * TIME) + 0.1
    assert get("excursion", flow) == pytest.approx(0.8 / (np.pi * BREATH), rel=2e-3)


def test_volume_while_rising_has_the_sign_of_the_flow():
    breath = -np.cos(2 * np.pi * BREATH * TIME)  # rises in the first half of the cycle
    flow = np.sin(2 * np.pi * BREATH * TIME)  # positive in the first half
    half = 1.0 / (np.pi * BREATH)
    assert get("volume_rising", flow, against=(TIME, breath)) == pytest.approx(half, rel=5e-3)
    assert get("volume_rising", -flow, against=(TIME, breath)) == pytest.approx(-half, rel=5e-3)


def test_change_ratio_and_their_general_forms():
    step = np.where(TIME < 20.0, WAVE, 2.0 * WAVE)
    windows = {"window": (24.0, 36.0), "baseline": (4.0, 16.0)}
    assert get("change", step, **windows) == pytest.approx(10.0, abs=0.02)
    assert get("ratio", step, **windows) == pytest.approx(2.0, abs=2e-3)
    assert get("ratio of peak_to_peak", step, **windows) == pytest.approx(2.0, rel=2e-3)
    assert get("change of amplitude_f1", step, **windows) == pytest.approx(1.0, abs=0.02)


def test_approach_to_a_plateau():
    t = np.arange(0.0, 2000.0, 0.05)
    rise = np.where(t < 100.0, 8.0, 8.0 + 6.0 * (1.0 - np.exp(-(t - 100.0) / 120.0)))
    noisy = rise + np.sin(2 * np.pi * HEART * t) + 0.5 * np.sin(2 * np.pi * BREATH * t)
    long = Clock(cycle(HEART, 2000.0), cycle(BREATH, 2000.0))
    v = View(t, noisy, (100.0, 1900.0), long, baseline=(0.0, 80.0), fraction=0.9)
    assert find_measure("time_to_fraction").function(v) == pytest.approx(120.0 * np.log(10.0), rel=0.02)


def test_half_time_of_a_return():
    t = np.arange(0.0, 1000.0, 0.05)
    fall = np.where(t < 100.0, 8.0, 8.0 + 6.0 * np.exp(-(t - 100.0) / 120.0))
    v = View(t, fall, (100.0, 900.0), baseline=(0.0, 80.0))
    assert find_measure("half_time").function(v) == pytest.approx(120.0 * np.log(2.0), rel=2e-3)


def test_a_level_never_reached_is_not_a_number():
    v = View(TIME, np.linspace(8.0, 8.1, TIME.size), (4.0, 36.0), baseline=(0.0, 2.0))
    falling = View(TIME, np.linspace(9.0, 12.0, TIME.size), (4.0, 36.0), baseline=(0.0, 2.0))
    assert np.isfinite(find_measure("time_to_fraction").function(v))
    assert np.isnan(find_measure("half_time").function(falling))


def test_slope():
    assert get("slope", 0.25 * TIME + PULSE) == pytest.approx(0.25, abs=2e-3)
    assert find_measure("slope").unit("mmHg") == "mmHg/s"


def test_outflow_resistance_and_pressure_volume_index():
    infused = np.clip(TIME - 10.0, 0.0, None) * 1.5 / 60.0
    flat = np.where(TIME < 10.0, 10.0, 22.0)
    windows = {"window": (20.0, 36.0), "baseline": (0.0, 8.0), "infused": (TIME, infused)}
    assert get("rout", flat, **windows) == pytest.approx(12.0 / 1.5)
    assert find_measure("rout").unit("mmHg") == "mmHg/(mL/min)"
    bolus = np.clip((TIME - 10.0) / 3.0, 0.0, 1.0) * 4.0
    jump = np.where(TIME < 10.0, 10.0, 14.3)
    windows |= {"window": (14.0, 20.0), "infused": (TIME, bolus)}
    assert get("pvi", jump, **windows) == pytest.approx(4.0 / np.log10(1.43), rel=1e-6)


def test_delay_of_a_shifted_pulse():
    late = 10.0 + np.interp(TIME - 0.12, TIME, PULSE)
    assert get("delay", late, against=(TIME, PULSE)) == pytest.approx(0.12, abs=2e-3)
    assert get("delay", PULSE, against=(TIME, late)) == pytest.approx(-0.12, abs=2e-3)


def test_self_sustained_tells_a_dying_oscillation():
    t = np.arange(0.0, 1000.0, 0.5)
    for decay, alive in ((np.inf, 1.0), (150.0, 0.0), (400.0, 0.0)):
        v = View(t, 10.0 + 5.0 * np.sin(t / 10.0) * np.exp(-t / decay), (0.0, 999.0))
        assert find_measure("self_sustained").function(v) == alive
    ripple = View(t, 10.0 + 0.01 * np.sin(t), (0.0, 999.0))
    assert find_measure("self_sustained").function(ripple) == 0.0


def test_a_measure_needs_its_rhythm():
    with pytest.raises(CisternaError, match="needs a beat"):
        get("peak_to_peak", clock=Clock())
    with pytest.raises(CisternaError, match="no whole breath fits"):
        get("swing_breath", window=(4.0, 5.0))


def test_a_changed_breathing_rate_bends_the_clock():
    from cisterna.model.schedule import Schedule

    schedule = Schedule({"breath.phase": 0.0})
    schedule.run("breath.phase", 0.25, 0.0)
    schedule.run("breath.phase", 0.1, 8.0)
    breaths = clock_of(schedule, 40.0).breaths
    assert breaths.starts(0.0, 40.0).tolist() == pytest.approx([0.0, 4.0, 8.0, 18.0, 28.0, 38.0])
    assert breaths.after(6.0, 1.0) == pytest.approx(8.0 + 5.0)


def test_one_more_measure_is_one_function():
    @measure("range_of_all")
    def range_of_all(v: View) -> float:
        """Largest minus smallest sample."""
        return float(np.ptp(v.cut()[1]))

    try:
        assert get("range_of_all", TIME) == pytest.approx(32.0)
        range_of_all.__module__ = "elsewhere"
        with pytest.raises(CisternaError, match="already a measure 'mean'"):
            measure("mean")(range_of_all)
    finally:
        del MEASURES["range_of_all"]
