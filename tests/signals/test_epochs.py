"""Epochs: closed forms, the same rows in chunks, real recordings."""

from __future__ import annotations

import h5py
import numpy as np
import pytest

from cisterna.ground.errors import CisternaError
from cisterna.recordings import Recording
from cisterna.signals import Epochs, EpochStream, epochs_of, fundamental_amplitude

T = np.arange(0, 120, 1 / 125)
COLUMNS = ("mean", "amplitude_f1", "amplitude_pp", "heart_rate", "systolic", "diastolic", "share", "fine")


def _pulse(t: np.ndarray, f: float, *sizes: float) -> np.ndarray:
    return sum(a * np.sin(2 * np.pi * f * (k + 1) * t + k) for k, a in enumerate(sizes))


def test_a_pulse_of_known_size_on_breath_and_drift() -> None:
    """Every column against its closed form; breath and drift do not enter the pulse."""
    f = 1.23
    pulse = _pulse(T, f, 2.0, 1.0, 0.5)
    slow = 12 + 0.02 * T + 1.5 * np.sin(2 * np.pi * 0.2 * T)
    e = Epochs.of(slow + pulse, 125.0, "pressure", unit="mmHg")
    blocks = (slow + pulse).reshape(12, 1250)
    assert len(e) == 12 and np.allclose(e.time, np.arange(12) * 10 + 5)
    assert np.allclose(e.mean, blocks.mean(axis=1), rtol=1e-12)
    assert np.allclose(e.heart_rate, 60 * f, rtol=3e-4)
    assert np.allclose(e.amplitude_f1, 2.0, rtol=3e-3)
    assert np.allclose(e.amplitude_pp, np.ptp(pulse), rtol=0.03)
    assert np.allclose(e.fine, blocks[:, :1250].reshape(12, 50, 25).mean(axis=2).repeat(2, axis=1), atol=2.0)
    one = Epochs.of(slow + pulse, 125.0, "breath")
    assert np.isnan(one.amplitude_f1).all() and np.allclose(one.mean, e.mean)


def test_fundamental_against_least_squares_over_the_whole_epoch() -> None:
    x = 10 + _pulse(T, 1.1, 1.4, 0.8, 0.4) + 0.1 * np.random.default_rng(0).standard_normal(T.size)
    e = Epochs.of(x, 125.0, "pressure")
    by_line = [
        fundamental_amplitude(part, 125.0, rate / 60)
        for part, rate in zip(x.reshape(12, 1250), e.heart_rate, strict=True)
    ]
    assert np.allclose(e.amplitude_f1, by_line, rtol=0.01)


@pytest.mark.parametrize(
    ("heart", "sizes", "breath"),
    [
        (1.0, (1.0, 0.5, 0.3), (0.5, 1.5)),  # breath at half the heart rate, larger than the pulse
        (1.5, (1.0, 0.4, 0.2), (0.5, 1.0)),  # and at a third of it
        (1.2, (1.0, 1.1, 0.5, 0.2), (0.25, 3.0)),  # second peak of the pulse higher than the first
        (3.0, (1.0, 0.3), (0.6, 0.5)),  # an infant
        (1.2, (1.0,), (0.2, 0.0)),  # a pure sine has no harmonics to go by
        (0.5, (2.0, 0.8, 0.3), (0.1, 1.0)),  # a block of 30 a minute
    ],
)
def test_the_heart_is_told_from_breath_and_harmonics(heart: float, sizes: tuple, breath: tuple) -> None:
    x = 10 + _pulse(T, heart, *sizes) + breath[1] * np.sin(2 * np.pi * breath[0] * T)
    x += 0.05 * np.random.default_rng(1).standard_normal(T.size)
    e = Epochs.of(x, 125.0, "pressure")
    assert np.allclose(e.heart_rate, 60 * heart, rtol=0.01)
    assert np.allclose(e.amplitude_f1, sizes[0], rtol=0.06)


def test_noise_has_no_pulse() -> None:
    x = 10 + np.random.default_rng(2).standard_normal(125 * 2000)
    share = np.isfinite(Epochs.of(x, 125.0, "pressure").heart_rate).mean()
    print(f"epochs of white noise with a pulse: {100 * share:.1f} %")
    assert share < 0.05
    assert np.isnan(Epochs.of(np.full(5000, 3.3), 125.0, "pressure").amplitude_f1).all()


@pytest.mark.parametrize(("rate", "start"), [(125.0, 0.0), (20.03, 0.0), (1000.0, 4.321), (62.4725, 7.0)])
def test_chunks_give_the_same_rows_to_the_last_bit(rate: float, start: float) -> None:
    rng = np.random.default_rng(3)
    t = np.arange(int(130 * rate)) / rate
    x = 80 + _pulse(t, 1.3, 15.0, 6.0, 3.0) + rng.standard_normal(t.size)
    x[int(35 * rate) : int(37 * rate)] = np.nan
    good = rng.random(t.size) > 0.001
    whole = Epochs.of(x, rate, "pressure", good, start=start)
    stream = EpochStream(rate, "pressure", start=start)
    at = 0
    while at < x.size:
        size = int(rng.integers(1, int(23 * rate)))
        stream.feed(x[at : at + size], good[at : at + size])
        at += size
    assert stream.epochs.first == whole.first == int(np.ceil(start / 10))
    assert len(stream.epochs) == len(whole) >= 11
    for name in COLUMNS:
        assert np.array_equal(getattr(stream.epochs, name), getattr(whole, name), equal_nan=True), name


def test_the_grid_hangs_on_time_zero_of_the_recording() -> None:
    x = np.arange(400.0)
    e = Epochs.of(x, 4.0, "trend", start=3.0)
    assert e.first == 1 and e.time[0] == 15.0
    assert e.mean[0] == x[28:68].mean()
    rec = Recording().with_signal("icp", x, rate=4.0, unit="mmHg", level_ref="foramen_monro")
    rec = rec.with_signal("resp", x[:300], rate=2.0, unit="1")
    tables = epochs_of(rec)
    assert {n: (len(t), t.unit, t.kind) for n, t in tables.items()} == {
        "icp": (10, "mmHg", "pressure"),
        "resp": (15, "1", "breath"),
    }


def test_holes_do_not_shrink_the_pulse_and_empty_epochs_say_so() -> None:
    x = 10 + _pulse(T, 1.2, 2.0, 0.7)
    x[100:500] = np.nan  # a third of the first epoch
    x[1250:2000] = np.nan  # 60 % of the second
    e = Epochs.of(x, 125.0, "pressure")
    assert e.share[:2] == pytest.approx([0.68, 0.4])
    assert e.amplitude_f1[0] == pytest.approx(2.0, rel=0.01)
    assert e.amplitude_pp[0] == pytest.approx(e.amplitude_pp[5], rel=0.03)
    assert np.isnan(e.mean[1]) and np.isnan(e.amplitude_f1[1]) and np.isnan(e.heart_rate[1])
    assert np.isnan(e.fine[0, 20]) and np.isfinite(e.fine[1, 80])


def test_impossible_input_is_refused() -> None:
    with pytest.raises(CisternaError, match="no whole epoch"):
        Epochs.of(np.ones(100), 125.0, "pressure")
    with pytest.raises(CisternaError, match="sampling rate"):
        Epochs.of(np.ones(100), np.nan, "pressure")
    with pytest.raises(CisternaError, match="less than one sample"):
        Epochs.of(np.ones(100), 1 / 60, "trend")
    with pytest.raises(CisternaError, match="mask"):
        Epochs.of(np.ones(5000), 125.0, "pressure", np.ones(4, bool))
    with pytest.raises(CisternaError, match="one axis"):
        Epochs.of(np.ones((50, 50)), 125.0, "pressure")


def test_real_pressure_and_velocity(shared_data) -> None:
    """ABP 80.7 mmHg, MCAv 51.7 cm/s, pulse 118/min; read from the file a block at a time."""
    with h5py.File(shared_data / "tcd" / "clintools_abp_mcav_hr_1000hz.h5") as file:
        abp = Epochs.of(file["abp"], 1000.0, "pressure", start=900.0)
        mcav = Epochs.of(file["mcav"], 1000.0, "velocity", start=900.0)
    assert abp.first == 90 and len(abp) == len(mcav) == 33
    assert np.nanmean(abp.mean) == pytest.approx(80.7, rel=0.01)
    assert np.nanmean(mcav.mean) == pytest.approx(51.7, rel=0.01)
    assert np.nanmedian(mcav.heart_rate) == pytest.approx(118, rel=0.03)
    assert np.nanmedian(abp.heart_rate) == pytest.approx(118, rel=0.03)
    assert np.nanmedian(abp.diastolic) < np.nanmedian(abp.mean) < np.nanmedian(abp.systolic)


def test_real_intracranial_pressure(shared_data) -> None:
    """Heart rates of ten people from ICP alone, against the figures beside the data."""
    table = {
        "3029993": 76, "3083337": 50, "3094054": 76, "3262086": 66, "3269261": 72,
        "3367596": 99, "3379471": 56, "3463681": 80, "3600995": 56, "3645431": 126,
    }  # fmt: skip
    worst = 0.0
    for name, heart in table.items():
        file = next((shared_data / "icp_mimic").glob(f"*{name}*"))
        values = np.genfromtxt(file, delimiter=",")
        icp = Epochs.of(values[:, 6], 25.0, "pressure")
        worst = max(worst, float(abs(np.nanmedian(icp.heart_rate) - heart)))
    print(f"heart rate from ICP, ten people: largest difference {worst:.1f} 1/min")
    assert worst < 2.5
