"""Indices against direct computation, constructed signals and the pressure-volume curve."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from made_epochs import made, memory_noise
from scipy.special import iv

from cisterna.ground.errors import CisternaError, UnknownName
from cisterna.signals import Epochs, EpochStream, explain, index, sweep
from cisterna.signals.indices import documentation, indices, table
from cisterna.signals.indices.means import CPP

RNG = np.random.default_rng(0)
N = 720


def _two(rho: float = 0.4, holes: bool = True) -> tuple[np.ndarray, np.ndarray]:
    x, other = memory_noise(np.random.default_rng(1), 2, N, 0.7)
    x, y = 80 + 6 * x, 12 + 2 * (rho * x + np.sqrt(1 - rho**2) * other)
    if holes:
        y[100:118], x[400:440] = np.nan, np.nan
    return x, y


def test_moving_correlations_against_a_loop() -> None:
    abp, icp = _two()
    amp = 1 + 0.1 * memory_noise(np.random.default_rng(2), 1, N, 0.5)[0]
    velocity, systolic, diastolic = (50 + 5 * memory_noise(np.random.default_rng(k), 1, N, 0.6)[0] for k in (3, 4, 5))
    signals = {
        "icp": made(icp, amplitude_f1=amp),
        "abp": made(abp),
        "velocity_mca_l": made(velocity, "cm/s", systolic=systolic, diastolic=diastolic),
    }
    cpp = abp - icp
    pairs = {
        "prx": (icp, abp),
        "pax": (amp, abp),
        "rap": (amp, icp),
        "rac": (amp, cpp),
        "mx": (velocity, cpp),
        "sx": (systolic, cpp),
        "dx": (diastolic, cpp),
        "mxa": (velocity, abp),
    }
    for name, (x, y) in pairs.items():
        series = index(name).compute(signals, window=300, step=60)
        assert series.window == 300 and np.allclose(np.diff(series.time), 60) and series.time[0] == 150
        for at, value in zip(series.time, series.value, strict=True):
            part = slice(int(at // 10) - 15, int(at // 10) + 15)
            good = np.isfinite(x[part]) & np.isfinite(y[part])
            if good.sum() < 15:
                assert np.isnan(value)
            else:
                assert value == pytest.approx(np.corrcoef(x[part][good], y[part][good])[0, 1], abs=1e-12)
        summary = index(name).summary(signals)
        assert summary.value == pytest.approx(np.nanmean(series.value)) and summary.low < summary.value < summary.high


@pytest.mark.parametrize("rho", [-1.0, -0.5, 0.0, 0.3, 0.9])
def test_prx_of_signals_with_an_exact_correlation(rho: float) -> None:
    """In every window of 30 epochs the correlation is rho by construction."""
    basis = np.linalg.qr(np.column_stack([np.ones(30), np.random.default_rng(6).standard_normal((30, 2))]))[0]
    x = np.tile(basis[:, 1], 24)
    y = np.tile(rho * basis[:, 1] + np.sqrt(1 - rho**2) * basis[:, 2], 24)
    series = index("prx").compute({"icp": made(10 + y), "abp": made(80 + 9 * x)}, 300, 300)
    assert np.allclose(series.value, rho, atol=1e-12)
    assert (series.low <= rho + 1e-9).all() and (series.high >= rho - 1e-9).all()


def _from_curve(pressure, minutes: float = 40.0) -> Epochs:
    """ICP from a pressure-volume curve: a slow wave of volume with a pulse of 0.6 mL at 72 a minute on it."""
    t = np.arange(0, 60 * minutes, 1 / 50)
    slow = 2.0 * np.sin(2 * np.pi * t / 170) + 1.5 * np.sin(2 * np.pi * t / 410)
    noise = 0.02 * np.random.default_rng(7).standard_normal(t.size)
    return Epochs.of(pressure(slow + 0.6 * np.sin(2 * np.pi * 1.2 * t)) + noise, 50.0, "pressure", unit="mmHg")


def test_rap_and_elastance_on_the_exponential_curve() -> None:
    """P = P0 + Pr exp(E V): AMP over the mean is 2 I1(E dV) / I0(E dV), it meets zero at P0, and RAP is 1."""
    elastance, p0 = 0.11, 4.0
    icp = _from_curve(lambda v: p0 + 6 * np.exp(elastance * v))
    rap = index("rap").summary({"icp": icp})
    assert rap.value > 0.99
    slope, zero = index("elastance_index").results({"icp": icp})
    truth = 2 * iv(1, elastance * 0.6) / iv(0, elastance * 0.6)
    print(f"slope {slope.value:.5f} (true {truth:.5f}), P0 {zero.value:.3f} (true {p0}), RAP {rap.value:.4f}")
    assert slope.value == pytest.approx(truth, rel=0.01) and slope.low < truth < slope.high
    assert zero.value == pytest.approx(p0, abs=0.1) and zero.unit == "mmHg"


def test_rap_without_and_beyond_reserve() -> None:
    """A straight curve gives RAP near 0; past an upper breakpoint the pulse falls with pressure: RAP near -1."""
    straight = index("rap").summary({"icp": _from_curve(lambda v: 10 + 0.8 * v)})
    assert abs(straight.value) < 0.25 and straight.low < 0 < straight.high
    beyond = index("rap").summary({"icp": _from_curve(lambda v: 45 + 12 * np.log1p(0.1 * (v + 5)))})
    print(f"RAP straight {straight.value:+.2f}, beyond the breakpoint {beyond.value:+.2f}")
    assert beyond.value < -0.95


def test_compliance_index_is_volume_over_pressure() -> None:
    """v = v0 + v1 cos(w t) fills A v1 / w; on a compliance C the pressure pulse is A v1 / (w C)."""
    t = np.arange(0, 120, 1 / 100)
    w, lumen, compliance = 2 * np.pi * 1.1, 0.06, 0.5
    velocity = Epochs.of(60 + 25 * np.cos(w * t), 100.0, "velocity", unit="cm/s")
    icp = Epochs.of(10 + lumen * 25 / (w * compliance) * np.sin(w * t), 100.0, "pressure", unit="mmHg")
    result = index("compliance_index").summary({"velocity_mca": velocity, "icp": icp})
    assert result.value * lumen == pytest.approx(compliance, rel=2e-3)
    assert index("pulsatility").summary({"velocity_mca": velocity}).value == pytest.approx(50 / 60, rel=0.02)


def test_perfusion_pressure_and_its_level() -> None:
    """12 cm of blood are 9.4 mmHg; a mean is elementary; units are asked for."""
    abp, icp = _two()
    signals = {"abp": made(abp), "icp": made(icp)}
    cpp, moved = CPP().summary(signals), CPP(height=12).summary(signals)
    assert cpp.value == pytest.approx(np.nanmean(abp - icp)) and cpp.n == N - 58
    assert cpp.value - moved.value == pytest.approx(1060 * 9.80665 * 0.12 / 133.322, rel=1e-4)
    assert "levels as recorded" in cpp.note and "12 cm" in moved.note
    assert index("mean").summary({"icp": signals["icp"]}).value == pytest.approx(np.nanmean(icp))
    with pytest.raises(CisternaError, match="pressures"):
        CPP().summary({"abp": made(abp, "kPa"), "icp": made(icp)})


def test_dose_of_a_triangle() -> None:
    """ICP rises from 10 to 30 and falls again within 2 h: above 20 for an hour, dose 5 mmHg h."""
    half = np.linspace(10, 30, 361)[:-1] + 10 / 360
    icp = made(np.concatenate([half, half[::-1]]))
    signals = {"icp": icp}
    dose, share = index("dose_20").summary(signals), index("time_above_20").summary(signals)
    assert dose.value == pytest.approx(5.0, rel=1e-3) and dose.unit == "mmHg h"
    assert share.value == pytest.approx(0.5) and 0 <= share.low < 0.5 < share.high <= 1
    assert index("dose_22").summary(signals).value == pytest.approx(8 * 8 / 20 / 1 * 1, rel=1e-2)
    hourly = index("dose_20").compute(signals, 3600, 3600)
    assert hourly.value.sum() == pytest.approx(dose.value)


def test_a_recording_that_grows_only_adds_windows() -> None:
    t = np.arange(0, 1500, 1 / 50)
    x = 10 + 2 * np.sin(2 * np.pi * t / 200) + (1 + 0.3 * np.sin(2 * np.pi * t / 90)) * np.sin(2 * np.pi * 1.2 * t)
    x += 0.1 * np.random.default_rng(8).standard_normal(t.size)
    stream, last = EpochStream(50.0, "pressure", unit="mmHg", start=37.0), None
    for part in np.array_split(x, 9):
        stream.feed(part)
        if len(stream.epochs) < 40:
            continue
        now = index("rap").compute({"icp": stream.epochs}, 300, 60)
        if last is not None:
            assert np.array_equal(now.value[: last.value.size], last.value)
            assert np.array_equal(now.low[: last.low.size], last.low)
        last = now
    whole = index("rap").compute({"icp": Epochs.of(x, 50.0, "pressure", unit="mmHg", start=37.0)}, 300, 60)
    assert last is not None and np.array_equal(last.value, whole.value) and whole.time[0] % 60 == 30


def test_sweep_shows_the_window() -> None:
    """Signals alike in slow waves and unlike in fast ones: PRx grows with the window."""
    k = np.arange(N)
    slow = np.sin(2 * np.pi * k / 80)
    fast = np.random.default_rng(9).standard_normal((2, N))
    signals = {"icp": made(10 + slow + fast[0]), "abp": made(80 + slow + fast[1])}
    found = sweep(index("prx"), signals, (100, 300, 900))
    values = [row["value"] for row in found.table()]
    print("PRx by window:", [f"{w:g} s {v:.2f}" for w, v in zip(found.windows, values, strict=True)])
    assert values[0] < values[1] < values[2] and found.spread == pytest.approx(values[2] - values[0])
    assert sweep(index("prx"), signals).windows == (150.0, 212.0, 300.0, 424.0, 600.0)
    with pytest.raises(CisternaError, match="no number"):
        sweep(index("prx"), signals, id="rap")
    with pytest.raises(CisternaError, match="window"):
        sweep(index("prx"), signals, (5,))


def _person(minutes: float = 45.0) -> dict[str, Epochs]:
    t = np.arange(0, 60 * minutes, 1 / 25)
    rng = np.random.default_rng(10)
    slow = 3 * np.sin(2 * np.pi * t / 130) + 2 * np.sin(2 * np.pi * t / 11)
    pulse = np.sin(2 * np.pi * 1.1 * t) + 0.4 * np.sin(2 * np.pi * 2.2 * t)
    noise = rng.standard_normal((3, t.size))
    raw = {
        "abp": (85 + slow + 20 * pulse + noise[0], "pressure", "mmHg"),
        "icp": (12 + 0.4 * slow + 1.5 * pulse * (1 + 0.05 * slow) + 0.1 * noise[1], "pressure", "mmHg"),
        "velocity_mca": (55 + slow + 18 * pulse + noise[2], "velocity", "cm/s"),
    }
    return {name: Epochs.of(x, 25.0, kind, unit=unit) for name, (x, kind, unit) in raw.items()}


def test_every_index_answers_is_listed_and_is_explained() -> None:
    person = _person()
    ids = set()
    for name, cls in indices().items():
        one = cls()
        chosen = one.inputs(person)
        assert chosen, name
        signals = {n: person[n] for n in chosen[0]}
        results = one.results(signals)
        assert [r.id for r in results] == [r.id for r in one.all_reports()]
        for result, report in zip(results, one.all_reports(), strict=True):
            assert result.unit == (report.unit or result.unit) and result.unit and result.note
            if np.isfinite(result.low):
                assert result.low <= result.value <= result.high, result
            assert result.id in explain(result.id) and one.source in explain(result.id)
            ids.add(result.id)
        for series in one.series(signals, window=900.0):
            assert series.value.shape == series.low.shape == series.high.shape == series.time.shape
            assert series.time.size > 0 and series.window == 900.0
    rows = table()
    assert {row["id"] for row in rows} == ids and all(all(row.values()) for row in rows)
    assert documentation().count("\n") == len(rows) + 1
    assert {"mean", "pulse_amplitude_f1", "pulse_amplitude_pp", "rap", "rac", "prx", "pax", "mx", "cpp"} <= ids
    assert {"cppopt", "plateau_waves", "b_waves", "power_slow", "dose_20", "transfer_flow_gain_lf"} <= ids


def test_what_is_missing_is_said() -> None:
    person = _person(4)
    with pytest.raises(CisternaError, match="no signal 'icp'"):
        index("prx").compute({"abp": person["abp"]})
    both = {"abp": person["abp"], "velocity_mca_l": person["velocity_mca"], "velocity_mca_r": person["velocity_mca"]}
    with pytest.raises(CisternaError, match="several"):
        index("mxa").compute(both)
    assert index("mxa").inputs(both) == [("velocity_mca_l", "abp"), ("velocity_mca_r", "abp")]
    with pytest.raises(UnknownName, match="prx"):
        index("prxx")
    short = index("prx").summary({k: person[k] for k in ("icp", "abp")})
    assert np.isnan(short.value) and "no window" in short.note
    apart = {"icp": person["icp"], "abp": replace(person["abp"], first=1000)}
    with pytest.raises(CisternaError, match="share no epoch"):
        index("prx").compute(apart)


def test_velocity_and_pressure_of_a_real_person(shared_data) -> None:
    """Mxa from beat averages of two people, against a direct loop; both keep their autoregulation."""
    for number in (1, 2):
        data = np.genfromtxt(shared_data / "tcd" / f"tfa_sample_{number}.csv", delimiter=",", names=True)
        signals = {
            "abp": Epochs.of(data["abp"], 10.0, "pressure", unit="mmHg"),
            "velocity_mca_l": Epochs.of(data["mcav_l"], 10.0, "velocity", unit="cm/s"),
        }
        result = index("mxa").summary(signals, 300)
        x, y = (data[k][:3000].reshape(30, 100).mean(axis=1) for k in ("abp", "mcav_l"))
        print(f"person {number}: Mxa {result.value:+.2f} ({result.low:+.2f} to {result.high:+.2f})")
        assert result.value == pytest.approx(np.corrcoef(x, y)[0, 1], abs=1e-9)
        assert result.low < 0.45
