"""SNIRF: clocks, units letter by letter, texts in every shape, silent channels."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
from hdf5_samples import ICP, LIGHT, RATE, TIME, write_snirf

from cisterna.ground.errors import CisternaError
from cisterna.recordings import load, stream


def test_columns_are_named_by_source_detector_and_wavelength(tmp_path: Path) -> None:
    rec = load(write_snirf(tmp_path))
    own = [rec[name].attrs["own_name"] for name in rec.signals]
    assert own == ["S1_D1 690", "S1_D2 690", "S1_D1 830", "ICP", "trigger in"]
    for k, name in enumerate(rec.signals[:3]):
        assert np.array_equal(rec.values(name), LIGHT[:, k]) and rec.rate(name) == RATE
        assert rec.unit(name) == "", "the unit of light is not declared"
    assert rec.provenance["format"] == "snirf" and rec.start == "2021-03-01T16:00:00.500000"


def test_two_times_are_start_and_step_and_an_auxiliary_signal_has_its_own_clock(tmp_path: Path) -> None:
    rec = load(write_snirf(tmp_path))
    assert rec.rate("icp") == pytest.approx(10.0) and rec.time("icp")[0] == pytest.approx(2.0), "time offset of 2 s"
    assert np.array_equal(rec.values("icp"), ICP[:100])
    short = write_snirf(tmp_path, "short.snirf")
    with h5py.File(short, "r+") as out:
        for key, value in (("dataTimeSeries", LIGHT[:2]), ("time", [4.0, 4.5])):
            del out[f"nirs/data1/{key}"]
            out[f"nirs/data1/{key}"] = value
    two = load(short)
    first = two.signals[0]
    assert two.time(first).tolist() == [4.0, 4.5], "two samples with two times are no start and step"


@pytest.mark.parametrize(("unit", "factor"), [("s", 1.0), ("ms", 1e-3), ("us", 1e-6)])
def test_the_unit_of_time_scales_every_clock(tmp_path: Path, unit: str, factor: float) -> None:
    rec = load(write_snirf(tmp_path, TimeUnit=unit))
    assert rec.rate("S1_D1_690") == pytest.approx(RATE / factor)
    tap = next(e for e in rec.events if e.time > 0)
    assert (tap.time, tap.duration, tap.label) == (3.0 * factor, 1.5 * factor, "stimulus tap")
    assert rec.time("icp")[0] == pytest.approx(2.0 * factor)


@pytest.mark.parametrize("unit", ["S", "Ms", "sec", "unknown", ""])
def test_another_spelling_is_asked_for(tmp_path: Path, unit: str) -> None:
    file = write_snirf(tmp_path, TimeUnit=unit)
    with pytest.raises(CisternaError, match="no known unit of time") as caught:
        load(file)
    assert "units={'time': 's'}" in caught.value.mend
    assert load(file, units={"time": "s"}).rate("icp") == pytest.approx(10.0)


def test_units_keep_their_letters(tmp_path: Path) -> None:
    assert load(write_snirf(tmp_path)).provenance["units_of_file"]["FrequencyUnit"] == "mHz", "and not MHz"


@pytest.mark.parametrize("text", [np.bytes_, lambda v: np.array([v], dtype=object), lambda v: np.array([np.bytes_(v)])])
def test_texts_of_fixed_and_variable_length_and_in_arrays_of_one(tmp_path: Path, text: object) -> None:
    rec, plain = load(write_snirf(tmp_path, text=text)), load(write_snirf(tmp_path, "plain.snirf"))
    assert rec.signals == plain.signals and rec.events == plain.events and rec.start == plain.start


def test_a_silent_channel_is_kept_and_told(tmp_path: Path) -> None:
    rec = load(write_snirf(tmp_path))
    assert not rec.values("trigger_in").any() and "every sample is 0" in rec["trigger_in"].attrs["quality"]
    assert any("'trigger in' is 0" in w for w in rec.provenance["warnings"])


@pytest.mark.parametrize(
    ("time", "start"),
    [("16:00:00", "2021-03-01T16:00:00"), ("16:00:00+01:00", "2021-03-01T16:00:00"), ("unknown", "")],
)
def test_the_zone_of_the_measurement_is_kept_as_written(tmp_path: Path, time: str, start: str) -> None:
    rec = load(write_snirf(tmp_path, MeasurementTime=time))
    assert rec.start == start and rec.provenance["measurement"]["MeasurementTime"] == time


def test_the_person_is_not_kept(tmp_path: Path) -> None:
    rec = load(write_snirf(tmp_path))
    assert "Doe" not in repr(rec) + str(rec.provenance) + str(rec.events) + str(rec.dataset.attrs)


def test_the_clock_begins_at_the_first_sample(tmp_path: Path) -> None:
    file = write_snirf(tmp_path)
    with h5py.File(file, "r+") as out:
        out["nirs/data1/time"][...] = TIME + 5.0
        out["nirs/aux2/time"][...] = TIME + 1.0
        out["nirs/aux1/timeOffset"][...] = 5.0
    rec = load(file)
    assert rec.time("trigger_in")[0] == 0.0 and rec.time("S1_D1_690")[0] == 4.0
    assert rec.provenance["clock_offset_s"] == 1.0 and rec.events[0].time == 2.0
    assert rec.start == "2021-03-01T16:00:01.500000"


def test_a_second_measurement_is_placed_by_its_clock_or_left_out(tmp_path: Path) -> None:
    for time, there in (("16:01:00.5", True), ("unknown", False)):
        file = write_snirf(tmp_path)
        with h5py.File(file, "r+") as out:
            out.copy("nirs", "nirs2")
            out["nirs2/metaDataTags/MeasurementTime"][()] = time
        rec = load(file)
        assert ("nirs2_S1_D1_690" in rec) is there
        assert rec.time("nirs2_S1_D1_690")[0] == 60.0 if there else "left out" in str(rec.provenance["warnings"])


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("time", TIME[:-1], "do not fit"),
        ("time", TIME[::-1], "do not rise"),
        ("time", np.where(TIME == 2.0, np.nan, TIME), "do not rise"),
        ("dataTimeSeries", LIGHT[:, :2], "2 columns and 3 descriptions"),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path: Path, key: str, value: np.ndarray, words: str) -> None:
    file = write_snirf(tmp_path)
    with h5py.File(file, "r+") as out:
        del out[f"nirs/data1/{key}"]
        out[f"nirs/data1/{key}"] = value
    with pytest.raises(CisternaError, match=words):
        load(file)


def test_pieces_are_the_whole(tmp_path: Path) -> None:
    file = write_snirf(tmp_path)
    whole, parts = load(file), list(stream(file, seconds=3.1))
    for name in whole.signals:
        assert np.array_equal(np.concatenate([p.values(name) for p in parts]), whole.values(name))
        assert np.allclose(np.concatenate([p.time(name) for p in parts]), whole.time(name), rtol=0, atol=1e-9)


def test_a_real_file_as_another_reader_gives_it(shared_data: Path) -> None:
    """Compared once with MNE-Python 1.13: every sample the same, sampling frequency 20.033076758."""
    file = shared_data / "hdf5" / "neuro_run01.snirf"
    rec = load(file)
    with h5py.File(file) as direct:
        samples, at = direct["nirs/data1/dataTimeSeries"][()], direct["nirs/data1/time"][()]
        tap = direct["nirs/stim1/data"][()]
    assert len(rec.signals) == 19 and np.array_equal(rec.values("S4_D8_830"), samples[:, 17])
    assert rec.rate("S1_D1_690") == pytest.approx(20.033076758, abs=1e-8)
    assert np.allclose(rec.time("S1_D1_690") + at[0], at, rtol=0, atol=1e-3)
    assert [e.time for e in rec.events if e.label == "stimulus 1"] == pytest.approx((tap[:, 0] - at[0]).tolist())
    assert "every sample is 0" in rec["aux1"].attrs["quality"] and rec.start.startswith("2020-05-16T16:05:11")
