"""One way into every file: names, channels, units, and what is refused."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path

import numpy as np
import pytest
from recording_samples import ABP, PPG, RATE, write_csv, write_hdf5, write_npy, write_tsv_with_sidecar, write_wfdb

from cisterna.ground.errors import CisternaError
from cisterna.recordings import load
from cisterna.recordings.load import formats
from cisterna.recordings.names import canonical
from cisterna.recordings.probe import worker


def test_formats_are_found_by_scanning() -> None:
    assert set(formats()) >= {"hdf5", "netcdf", "numpy", "table", "wfdb"}


def test_table_with_units_in_its_head(tmp_path: Path) -> None:
    rec = load(write_csv(tmp_path))
    assert rec.signals == ["abp", "ppg"] and rec.rate("abp") == RATE
    assert (rec.unit("abp"), rec.unit("ppg")) == ("mmHg", "")
    assert rec["abp"].attrs["own_name"] == "ABP" and rec["ppg"].attrs["own_name"] == "PLETH"
    assert rec["abp"].attrs["level_ref"] == "heart" and "assumed" in rec["abp"].attrs["level_status"]
    assert np.allclose(rec.values("abp"), ABP, atol=0.005)
    assert len(rec.provenance["sha256"]) == 64


def test_table_with_a_side_car(tmp_path: Path) -> None:
    rec = load(write_tsv_with_sidecar(tmp_path))
    assert rec.unit("abp") == "mmHg" and rec.rate("ppg") == RATE
    assert rec.provenance["clock_offset_s"] == -2.5


def test_side_car_of_the_wrong_shape_is_refused(tmp_path: Path) -> None:
    file = write_tsv_with_sidecar(tmp_path)
    for text in (
        "[1]",
        "{",
        '{"SamplingFrequency": "fast"}',
        '{"rate": -1}',
        '{"columns": 3}',
        '{"units": {"abp": 3}}',
    ):
        file.with_suffix(".json").write_text(text)
        with pytest.raises(CisternaError, match="side-car"):
            load(file)


def test_a_table_without_rate_or_unit_of_time_is_not_guessed(tmp_path: Path) -> None:
    bare = tmp_path / "bare.csv"
    bare.write_text("abp\n" + "\n".join(f"{a:.2f}" for a in ABP))
    with pytest.raises(CisternaError, match="neither times nor a rate"):
        load(bare)
    assert load(bare, rate=125.0).unit("abp") == ""
    timed = tmp_path / "timed.csv"
    timed.write_text("t,abp\n0,80\n4,81\n8,82\n")
    with pytest.raises(CisternaError, match="has no unit") as caught:
        load(timed)
    assert "'t'" in caught.value.mend
    assert load(timed, units={"t": "ms", "abp": "mmHg"}).rate("abp") == 250.0


def test_missing_rows_become_missing_samples(tmp_path: Path) -> None:
    file = tmp_path / "gap.csv"
    file.write_text("t [s],abp [mmHg]\n" + "".join(f"{k / 100:.2f},80\n" for k in range(300) if not 100 <= k < 150))
    rec = load(file)
    assert rec.rate("abp") == 100.0
    assert np.isnan(rec.values("abp")[100:150]).all() and np.isfinite(rec.values("abp")).sum() == 250
    assert "50 samples missing" in rec["abp"].attrs["quality"]


def test_empty_cells_are_missing_and_words_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "holes.csv"
    file.write_text("abp,phase\n80,rest\nn/a,rest\n,rest\n82,rest\n")
    rec = load(file, rate=1.0)
    assert rec.signals == ["abp"] and np.isnan(rec.values("abp")[1:3]).all()
    assert "phase" in rec.provenance["warnings"][0]
    file.write_text("abp\n" + "80\n" * 20 + "8O\n" + "80\n" * 20)
    with pytest.raises(CisternaError, match="not a number") as caught:
        load(file, rate=1.0)
    assert "line 22" in caught.value.where and "'8O'" in caught.value.found


def test_a_row_that_is_not_whole_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "cut.csv"
    file.write_text("abp,icp\n80,10\n81,11\n8")
    with pytest.raises(CisternaError, match="not whole") as caught:
        load(file, rate=1.0)
    assert "line 4" in caught.value.where


def test_packed_tables_are_unpacked_within_bounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "bed.csv.gz"
    with gzip.open(file, "wt") as out:
        out.write("t [s],abp [mmHg]\n" + "".join(f"{k},80\n" for k in range(100)))
    assert load(file).rate("abp") == 1.0
    monkeypatch.setattr("cisterna.recordings.formats.table.LARGEST_TEXT", 200)
    with pytest.raises(CisternaError, match="larger than"):
        load(file)


def test_npy_needs_rate_and_unit(tmp_path: Path) -> None:
    file = write_npy(tmp_path)
    rec = load(file)
    assert rec.unit("abp") == "mmHg" and rec.rate("abp") == RATE and np.array_equal(rec.values("abp"), ABP)
    file.with_suffix(".json").unlink()
    with pytest.raises(CisternaError, match="no rate"):
        load(file)
    with pytest.raises(CisternaError, match="no unit"):
        load(file, rate=RATE)
    assert load(file, rate=RATE, units="kPa").unit("abp") == "kPa"
    assert load(file, rate=RATE, units="none").unit("abp") == ""


def test_npy_of_objects_is_never_unpickled(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return os.mkdir, (str(tmp_path / "trapped"),)

    np.save(tmp_path / "bad.npy", np.array([Trap()], dtype=object), allow_pickle=True)
    with pytest.raises(CisternaError, match="not one signal of numbers"):
        load(tmp_path / "bad.npy", rate=1.0, units="mmHg")
    assert not (tmp_path / "trapped").exists()


def test_hdf5_keeps_its_own_clock_beside_ours(tmp_path: Path) -> None:
    rec = load(write_hdf5(tmp_path))
    assert rec.rate("abp") == RATE and rec.time("abp")[0] == 0.0
    assert rec.provenance["clock_offset_s"] == 900.0
    assert (rec.unit("abp"), rec.unit("ppg")) == ("mmHg", "")


def test_hdf5_that_unpacks_to_more_than_memory_is_refused(tmp_path: Path) -> None:
    import h5py

    with h5py.File(tmp_path / "bomb.h5", "w") as out:
        out.create_dataset("t", shape=(10**11,), dtype="f8", chunks=(10**5,), compression="gzip")
    with pytest.raises(CisternaError, match="larger than 2 GiB"):
        load(tmp_path / "bomb.h5")
    with h5py.File(tmp_path / "chunk.h5", "w") as out:
        out.create_dataset("t", shape=(10**3,), maxshape=(None,), dtype="f8", chunks=(10**8,), compression="gzip")
    with pytest.raises(CisternaError, match="one huge piece"):
        load(tmp_path / "chunk.h5")


def test_a_file_the_hdf5_library_never_gets_through_is_refused(tmp_path: Path) -> None:
    """A heap of strings whose first entry has no length makes the library loop; only another process survives it."""
    file = write_hdf5(tmp_path)
    data = bytearray(file.read_bytes())
    heap = data.index(b"GCOL") + 16
    data[heap : heap + 16] = bytes(16)
    bad = tmp_path / "loop.h5"
    bad.write_bytes(bytes(data))
    # The time of a worker is told when it ends: a fresh one, so that other tests' files do not count here.
    worker._close()
    load(file)
    for _ in range(2):
        begin = sum(os.times()[:4])
        with pytest.raises(CisternaError, match="cannot be read"):
            load(bad)
        assert sum(os.times()[:4]) - begin < 2.0
    assert load(file).rate("abp") == RATE, "the next file is read by a new worker"


def test_a_channel_is_picked_by_own_or_canonical_name(tmp_path: Path) -> None:
    file = write_wfdb(tmp_path)
    for text in ("ABP", "abp"):
        assert load(f"{file}:{text}").signals == ["abp"]
    assert load(f"{file.with_suffix('')}:PLETH").signals == ["ppg"]
    assert load(file, channels={"icp": "ABP"}).signals == ["icp"]
    assert load(file, channels=["ppg", "ABP"]).signals == ["abp", "ppg"]


def test_a_wrong_channel_is_answered_with_the_list_and_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(CisternaError) as caught:
        load(f"{write_wfdb(tmp_path)}:PLETX")
    assert "PLETH" in caught.value.found and "'PLETH'" in caught.value.mend


def test_an_ambiguous_channel_is_never_chosen_silently(tmp_path: Path) -> None:
    file = tmp_path / "leads.csv"
    file.write_text("ECG II,ECG V\n1,2\n3,4\n")
    assert load(file, rate=100.0).signals == ["ecg_ii", "ecg_v"]
    with pytest.raises(CisternaError, match="fits several") as caught:
        load(f"{file}:ecg", rate=100.0)
    assert "ECG II" in caught.value.found and "ECG V" in caught.value.found


def test_stated_units_and_factors_are_applied_and_recorded(tmp_path: Path) -> None:
    file = write_csv(tmp_path)
    rec = load(file, units={"ABP": "mmHg*2"})
    assert np.allclose(rec.values("abp"), 2 * ABP, atol=0.01)
    assert rec.provenance["units_declared"] == {"ABP": "mmHg*2 (file: mmHg)"}
    assert load(file, units={"abp": "none"})["abp"].attrs["quality"] == "uncalibrated"
    for bad in ("mmHgg", "mmHg*0", "mmHg*nan", "mmHg*inf"):
        with pytest.raises(CisternaError):
            load(file, units={"ABP": bad})
    with pytest.raises(CisternaError, match="no channel 'ICP'"):
        load(file, units={"ICP": "mmHg"})
    with pytest.raises(CisternaError, match="one unit for several"):
        load(file, units="mmHg")


@pytest.mark.parametrize("rate", [0.0, -5.0, float("nan"), float("inf")])
def test_impossible_rates_are_refused_before_reading(tmp_path: Path, rate: float) -> None:
    with pytest.raises(CisternaError, match="above 0 Hz"):
        load(write_csv(tmp_path), rate=rate)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.csv").touch()
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "notes.xyz").write_text("hello")
    cases = {
        tmp_path / "none.csv": "no such file",
        tmp_path: "not a file",
        tmp_path / "empty.csv": "empty",
        tmp_path / "pipe.csv": "not a file",
        tmp_path / "notes.xyz": "unknown file format",
        Path("bad\0name.csv"): "path|no such file|cannot",
    }
    for path, words in cases.items():
        with pytest.raises(CisternaError, match=words):
            load(path)


def test_a_file_that_lies_about_its_format_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.npy").write_text("hello")
    with pytest.raises(CisternaError, match="not of the format its name says"):
        load(tmp_path / "a.npy", rate=1.0)


def test_the_signal_file_of_a_record_points_to_its_header(tmp_path: Path) -> None:
    file = write_wfdb(tmp_path)
    with pytest.raises(CisternaError, match="signal file of a WFDB record") as caught:
        load(file.with_suffix(".dat"))
    assert "bed.hea" in caught.value.mend


def test_biosppy_text_carries_its_rate_and_label(tmp_path: Path) -> None:
    head = "# Simple Text Format\n# Sampling Rate (Hz):= 1000.00\n# Resolution:= 12\n# Labels:= PPG\n"
    (tmp_path / "a.txt").write_text(head + "\n".join(str(round(2000 + 100 * p)) for p in PPG))
    rec = load(tmp_path / "a.txt")
    assert rec.signals == ["ppg"] and rec.rate("ppg") == 1000.0 and rec.unit("ppg") == ""


def test_infinite_numbers_become_missing_and_are_counted(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("abp\n80\ninf\n1e999\n81\n")
    rec = load(tmp_path / "a.csv", rate=1.0, units={"abp": "mmHg"})
    assert np.isnan(rec.values("abp")[1:3]).all() and "2 infinite samples" in rec["abp"].attrs["quality"]


def test_columns_name_a_table_that_names_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("1,2\n3,4\n")
    assert load(tmp_path / "a.csv", rate=1.0, columns=["ABP", "ICP"]).signals == ["abp", "icp"]
    with pytest.raises(CisternaError, match="names do not fit"):
        load(tmp_path / "a.csv", rate=1.0, columns=["ABP"])


def test_side_car_unit_holds_and_the_call_wins(tmp_path: Path) -> None:
    file = write_npy(tmp_path)
    said = json.loads(file.with_suffix(".json").read_text())
    file.with_suffix(".json").write_text(json.dumps(said | {"rate": 50.0}))
    assert load(file).rate("abp") == 50.0
    assert load(file, rate=100.0, units={"abp": "kPa"}).rate("abp") == 100.0


def test_texts_of_a_file_are_made_fit_to_print_and_save(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("A\x1bBP\x07 [mmHg],b" + "x" * 900 + " [" + "m" * 900 + "]\n1,2\n3,4\n")
    rec = load(tmp_path / "a.csv", rate=1.0)
    own = [rec[name].attrs["own_name"] for name in rec.signals]
    assert own[0] == "A?BP?" and len(own[1]) == 200 and rec.unit(rec.signals[1]) == ""
    rec.save(tmp_path / "a.nc")


@pytest.mark.parametrize(
    ("own", "ours"),
    [
        ("ABP", "abp"),
        ("ART", "abp"),
        ("PLETH", "ppg"),
        ("Resp oro-nasal", "resp"),
        ("MCAv_l", "velocity_mca_l"),
        ("ECG V5", "ecg"),
        ("ABP mean", ""),
        ("RESP rate", ""),
        ("II", ""),
    ],
)
def test_names_are_known_or_left_alone(own: str, ours: str) -> None:
    """A trend of means is no waveform, and a bare numeral is an ECG lead in a WFDB record only."""
    assert canonical(own) == ours
    assert canonical("II", "wfdb") == "ecg"
