"""Measured signals as drives: what is measured is used, what is not is left to the model, and both are said."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from known_signals import beat_times, electrocardiogram, pressure

from cisterna.ground.errors import CisternaError
from cisterna.recordings import Recording, load
from cisterna.signals import heart_and_breath_from

BEATS = beat_times(100, 0.75, jitter=0.03, seed=8)


def _rec(rate: float = 125.0, unit: str = "mmHg") -> Recording:
    values = pressure(BEATS, rate)
    t = np.arange(values.size) / rate
    belt = -np.cos(2 * np.pi * t / 4) * (1 + (t > 40))
    rec = Recording().with_signal("abp", values, rate=rate, unit=unit, level_ref="heart", origin="measured")
    return rec.with_signal("resp", belt, rate=rate, unit="", origin="measured")


def test_a_calibrated_pressure_drives_by_its_waveform() -> None:
    drive = heart_and_breath_from(_rec(), "abp")
    assert drive.rate == 100.0 and np.allclose(np.diff(drive.time), 0.01)
    truth = np.interp(drive.time, np.arange(0, BEATS[-1] + 0.5, 1 / 125.0), pressure(BEATS, 125.0))
    assert np.sqrt(np.mean((drive.abp - truth) ** 2)) < 0.7
    assert drive.abp.mean() == pytest.approx(truth.mean(), rel=1e-3)
    assert "measured" in drive.origin["abp"] and "measured" in drive.origin["breath"]


def test_pressure_in_another_unit_drives_in_mmhg() -> None:
    kilo = _rec()
    rec = kilo.with_signal("abp", kilo.values("abp") / 7.50062, rate=125.0, unit="kPa", origin="measured")
    assert heart_and_breath_from(rec, "abp").abp.mean() == pytest.approx(kilo.values("abp").mean(), rel=1e-3)


def test_an_uncalibrated_pressure_drives_timing_only() -> None:
    drive = heart_and_breath_from(_rec(unit=""), "abp")
    assert drive.abp is None and drive.origin["abp"] == "modelled" and drive.heart_phase is not None
    assert any("uncalibrated" in note for note in drive.notes)


def test_phase_is_a_whole_number_at_each_beat_and_rises_always() -> None:
    drive = heart_and_breath_from(_rec(), "abp")
    at_beats = np.interp(drive.beats, drive.time, drive.heart_phase)
    assert np.abs(at_beats - np.round(at_beats)).max() < 0.02
    assert np.diff(drive.heart_phase).min() > 0 and np.diff(drive.breath_phase).min() > 0
    assert np.round(at_beats[0]) == 0
    assert drive.heart_phase[-1] - drive.heart_phase[0] == pytest.approx((drive.time[-1]) / 0.75, rel=0.02)


def test_depth_of_breath_is_relative_to_the_usual_one() -> None:
    drive = heart_and_breath_from(_rec(), "abp")
    early, late = drive.breath_depth[1000:3500].mean(), drive.breath_depth[5000:7000].mean()
    assert late / early == pytest.approx(2.0, rel=0.05)
    assert drive.breath_rate == pytest.approx(15.0, rel=0.02)


def test_an_ecg_drives_by_its_r_waves() -> None:
    rec = Recording().with_signal("ecg", electrocardiogram(BEATS, 250.0), rate=250.0, unit="mV", origin="measured")
    drive = heart_and_breath_from(rec, "ecg")
    assert drive.abp is None and drive.breath_phase is None
    assert drive.beats.size == pytest.approx(BEATS.size, abs=2)
    assert np.min(np.abs(drive.beats[:, None] - BEATS[None, :]), axis=1).max() < 0.01
    assert drive.origin["breath"] == "modelled"


def test_the_drive_begins_where_all_signals_are_recorded() -> None:
    rec = _rec()
    late = rec.values("resp").copy()
    late[:250] = np.nan
    drive = heart_and_breath_from(rec.with_signal("resp", late, rate=125.0, unit="", origin="measured"), "abp")
    assert drive.start == pytest.approx(2.0) and drive.abp.size == drive.breath_phase.size == drive.time.size
    whole = heart_and_breath_from(rec, "abp", breath=None)
    assert np.interp(10.0, drive.time + drive.start, drive.abp) == pytest.approx(
        np.interp(10.0, whole.time, whole.abp), abs=0.5
    )


def test_breathing_alone_leaves_the_heart_to_the_model() -> None:
    drive = heart_and_breath_from(_rec(), "resp")
    assert drive.heart_phase is None and drive.origin["heart"] == "modelled" and np.isnan(drive.heart_rate)


def test_breath_can_be_left_to_the_model() -> None:
    drive = heart_and_breath_from(_rec(), "abp", breath=None)
    assert drive.breath_phase is None and drive.origin["breath"] == "modelled"
    with pytest.raises(CisternaError, match="no breathing signal"):
        heart_and_breath_from(_rec(), "abp", breath="abp")


def test_what_drives_nothing_is_refused() -> None:
    rec = _rec().with_signal("bcg", [1.0, 2.0, 3.0], rate=1.0, unit="")
    with pytest.raises(CisternaError, match="drives nothing"):
        heart_and_breath_from(rec, "bcg")
    with pytest.raises(CisternaError, match="no channel"):
        heart_and_breath_from(rec, "apb2")


def test_a_rate_no_heart_has_is_refused() -> None:
    slow = pressure(beat_times(60, 0.24), 250.0)
    rec = Recording().with_signal("ppg", slow, rate=250.0, unit="", origin="measured")
    with pytest.raises(CisternaError, match="not plausible"):
        heart_and_breath_from(rec, "ppg")
    assert heart_and_breath_from(rec, "ppg", person="infant").heart_rate == pytest.approx(250, rel=0.02)


def test_finger_cuff_pressure_drives_with_its_dropouts_bridged(shared_data: Path) -> None:
    drive = heart_and_breath_from(load(shared_data / "tcd" / "clintools_abp_mcav_hr_1000hz.h5"), "abp")
    assert drive.heart_rate == pytest.approx(118, rel=0.02)
    assert drive.abp.mean() == pytest.approx(80.7, rel=0.02)
    assert len(drive.bridged) in (8, 9) and sum("dropout" in line for line in drive.report()) == len(drive.bridged)


def test_intensive_care_record_drives_heart_and_breath(shared_data: Path) -> None:
    drive = heart_and_breath_from(load(shared_data / "wfdb" / "mixedsignals"), "abp")
    assert drive.heart_rate == pytest.approx(104, rel=0.02)
    assert drive.abp.mean() == pytest.approx(109.7, rel=0.02)
    assert drive.start == pytest.approx(192 / 124.945, abs=0.01), "the invalid start is cut off"
    assert any("clipped" in note for note in drive.notes)


def test_short_joined_record_drives_heart_and_breath(shared_data: Path) -> None:
    drive = heart_and_breath_from(load(shared_data / "wfdb" / "041s" / "041s"), "abp")
    assert drive.heart_rate == pytest.approx(96, rel=0.02) and drive.breath_rate == pytest.approx(14, rel=0.05)


def test_an_absurd_pressure_is_refused_and_mended_by_its_unit(shared_data: Path) -> None:
    file = shared_data / "wfdb" / "03700181"
    with pytest.raises(CisternaError, match="not plausible"):
        heart_and_breath_from(load(file), "abp")
    mended = heart_and_breath_from(load(file, units={"ABP": "mmHg*2.5"}), "abp")
    assert mended.heart_rate == pytest.approx(122, rel=0.02) and mended.breath_rate == pytest.approx(18, rel=0.05)


def test_a_capnogram_gives_breaths_and_end_tidal_pressure(shared_data: Path) -> None:
    file = shared_data / "resp" / "physio_resp4_co2_60hz.npy"
    drive = heart_and_breath_from(load(file, rate=60.0, units="mmHg", columns=["co2"]), "co2")
    assert drive.breath_rate == pytest.approx(15.2, rel=0.05)
    assert drive.etco2.max() == pytest.approx(35, rel=0.05) and "measured" in drive.origin["etco2"]


def test_the_deep_breath_is_deep(shared_data: Path) -> None:
    file = shared_data / "resp" / "physio_resp1_airflow_1000hz.npy"
    drive = heart_and_breath_from(load(file, rate=1000.0, units="none", columns=["airflow"]), "resp")
    assert drive.breath_rate == pytest.approx(6.0, rel=0.05)
    deepest = drive.time[np.argmax(drive.breath_depth)]
    assert 90 < deepest < 105 and drive.breath_depth.max() > 2.5


def test_beat_averages_cannot_drive_by_their_beats(shared_data: Path) -> None:
    rec = load(shared_data / "tcd" / "tfa_sample_1.csv", units={"t": "s", "abp": "mmHg"})
    with pytest.raises(CisternaError, match="shows no pulse"):
        heart_and_breath_from(rec, "abp")
