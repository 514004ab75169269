"""Transfer function: published figures of two open recordings, an independent estimate, known systems."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import signal

from cisterna.ground.errors import CisternaError
from cisterna.signals import Epochs, index, transfer_function
from cisterna.signals.transfer import critical_coherence


def _sample(shared_data, number: int) -> np.ndarray:
    return np.genfromtxt(shared_data / "tcd" / f"tfa_sample_{number}.csv", delimiter=",", names=True)


def test_figures_published_with_the_reference_program(shared_data) -> None:
    """Output of the white paper's method printed in the manual of clintools (MIT) for the same recording."""
    data = _sample(shared_data, 1)
    bands = transfer_function(data["abp"], data["mcav_l"], 10.0).bands
    published = {  # power of ABP and velocity, gain in %/mmHg, phase in degrees
        "vlf": (6.25, 3.22, 1.04, 53.0),
        "lf": (1.56, 2.25, 1.48, 25.4),
        "hf": (0.21, 0.30, 1.85, 9.38),
    }
    mean = data["mcav_l"].mean()
    for name, (power_in, power_out, gain, phase) in published.items():
        b = bands[name]
        print(f"{name}: gain {b.gain[0]:.3f} ({b.gain[1]:.2f} to {b.gain[2]:.2f}), phase {b.phase[0]:.2f} deg")
        assert b.power_in == pytest.approx(power_in, abs=0.006) and b.power_out == pytest.approx(power_out, abs=0.006)
        assert 100 * b.gain[0] / mean == pytest.approx(gain, abs=0.006)
        assert b.phase[0] == pytest.approx(phase, abs=0.06)


@pytest.mark.parametrize(("number", "gain", "phase_lf", "phase_vlf"), [(1, 0.99, 26, 52), (2, 1.65, 40, 69)])
def test_plain_welch_figures_of_two_people(shared_data, number, gain, phase_lf, phase_vlf) -> None:
    """LF gain 0.99 / 1.65 cm/s/mmHg, phase +26 / +40 deg, VLF +52 / +69 deg (figures beside the data)."""
    data = _sample(shared_data, number)
    bands = transfer_function(data["abp"], data["mcav_l"], 10.0, convention="welch").bands
    assert bands["lf"].gain[0] == pytest.approx(gain, abs=0.005)
    assert bands["lf"].phase[0] == pytest.approx(phase_lf, abs=0.5)
    assert bands["vlf"].phase[0] == pytest.approx(phase_vlf, abs=0.5)
    for b in bands.values():
        for value, low, high in (b.gain, b.phase, b.coherence):
            assert low < value < high


def test_the_index_gives_the_same_from_epochs(shared_data) -> None:
    data = _sample(shared_data, 2)
    signals = {
        "abp": Epochs.of(data["abp"], 10.0, "pressure", unit="mmHg"),
        "velocity_mca": Epochs.of(data["mcav_l"], 10.0, "velocity", unit="cm/s"),
    }
    found = {r.id: r for r in index("transfer_flow").results(signals)}
    direct = transfer_function(data["abp"], data["mcav_l"], 10.0)
    assert found["transfer_flow_gain_lf"].value == pytest.approx(direct.bands["lf"].gain[0], rel=1e-9)
    assert found["transfer_flow_gain_lf"].extra["all_frequencies"] == pytest.approx(1.65, abs=0.005)
    assert found["transfer_flow_phase_lf"].channel == "velocity_mca:abp" and found["transfer_flow_phase_lf"].n == 5


def test_response_against_scipy() -> None:
    rng = np.random.default_rng(0)
    x = signal.lfilter([1], [1, -0.9], rng.standard_normal(6 * 512))
    y = signal.lfilter([0.5, -0.4], [1], x) + 0.3 * rng.standard_normal(x.size)
    found = transfer_function(x, y, 5.0, convention="welch")
    size = int(round(102.4 * 5))
    options = {"fs": 5.0, "window": "hann", "nperseg": size, "detrend": False}
    x, y = x - x.mean(), y - y.mean()
    f, pxx = signal.welch(x, **options)
    response = signal.csd(x, y, **options)[1] / pxx
    assert np.allclose(found.response[3:-3], response[3:-3], rtol=1e-9)
    assert np.allclose(found.coherence[3:-3], signal.coherence(x, y, **options)[1][3:-3], rtol=1e-9)


def _high_pass(f: np.ndarray) -> np.ndarray:
    """Autoregulation as a high-pass of first order with 2 s: leads at low frequencies."""
    return 0.9 * (2j * np.pi * f * 2.0) / (1 + 2j * np.pi * f * 2.0)


def test_intervals_cover_a_known_system() -> None:
    rng = np.random.default_rng(1)
    inside: dict[tuple[str, str], list[float]] = {}
    for _ in range(150):
        n = 300 * 5 + 2000
        x, other = (signal.lfilter([1], [1, -0.9], rng.standard_normal(n)) for _ in range(2))
        y = np.fft.irfft(np.fft.rfft(x) * _high_pass(np.fft.rfftfreq(n, 0.2)), n) + 0.35 * other
        found = transfer_function(x[1000:-1000], y[1000:-1000], 5.0)
        for name, (low, high) in {"vlf": (0.02, 0.07), "lf": (0.07, 0.2), "hf": (0.2, 0.5)}.items():
            f = found.frequency[(found.frequency >= low) & (found.frequency < high)]
            truth = {"gain": np.abs(_high_pass(f)).mean(), "phase": np.degrees(np.angle(_high_pass(f))).mean()}
            for quantity, value in truth.items():
                a, b = getattr(found.bands[name], quantity)[1:]
                if np.isfinite(a):
                    inside.setdefault((name, quantity), []).append(a <= value <= b)
    shares = {" ".join(k): round(float(np.mean(v)), 3) for k, v in inside.items()}
    print("coverage of 95 % intervals, 5 windows:", shares)
    assert all(0.88 <= share <= 0.99 for share in shares.values())


@pytest.mark.parametrize(("seconds", "windows"), [(205, 3), (300, 5)])
def test_threshold_passes_one_in_twenty_by_chance(seconds: int, windows: int) -> None:
    rng, passed = np.random.default_rng(2), []
    for _ in range(150):
        x, y = rng.standard_normal((2, 2 * seconds))
        found = transfer_function(x, y, 2.0)
        inside = (found.frequency > 0.02) & (found.frequency < 0.5)
        passed.append((found.coherence[inside] >= found.threshold).mean())
    print(f"{windows} windows: {100 * np.mean(passed):.1f} % of unrelated frequencies pass {found.threshold}")
    assert found.windows == windows and found.threshold == critical_coherence(windows)
    assert np.mean(passed) == pytest.approx(0.05, abs=0.01)


def test_long_holes_leave_windows_out_and_short_ones_are_counted() -> None:
    rng = np.random.default_rng(3)
    x = signal.lfilter([1], [1, -0.95], rng.standard_normal(12000))
    whole = transfer_function(x, 0.7 * x, 10.0)
    assert whole.bridged == 0
    short, long = x.copy(), x.copy()
    short[3000:3020], long[3000:3100] = np.nan, np.nan
    bridged, left_out = transfer_function(short, 0.7 * x, 10.0), transfer_function(long, 0.7 * x, 10.0)
    assert bridged.windows == whole.windows and bridged.bridged == pytest.approx(20 / 12000)
    assert left_out.windows == whole.windows - 3 or left_out.windows == whole.windows - 2
    assert left_out.bands["lf"].gain[0] == pytest.approx(0.7, rel=1e-9)
    with pytest.raises(CisternaError, match="every window"):
        transfer_function(np.where(np.arange(3000) % 500 < 40, np.nan, 1.0 * x[:3000]), x[:3000], 10.0)


def test_impossible_input_is_refused() -> None:
    x = np.random.default_rng(4).standard_normal(3000)
    for inputs, rate, words in ((x[:100], 10.0, "different lengths"), (x, 0.5, "too slowly"), (x, 100.0, "shorter")):
        with pytest.raises(CisternaError, match=words):
            transfer_function(inputs, x, rate)
    with pytest.raises(CisternaError, match="convention"):
        transfer_function(x, x, 10.0, convention="other")
