"""WFDB records: rates, segments, invalid samples, scales, and headers that are not to be trusted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from recording_samples import ABP, write_wfdb

from cisterna.ground.errors import CisternaError
from cisterna.recordings import load


@pytest.mark.parametrize("form", ["212", "16", "516"])
def test_each_signal_keeps_its_own_rate(tmp_path: Path, form: str) -> None:
    rec = load(write_wfdb(tmp_path, form))
    assert rec.signals == ["ecg", "abp", "ppg"]
    assert [rec.rate(name) for name in rec.signals] == [250.0, 125.0, 125.0]
    assert np.isnan(rec.values("abp")[:5]).all(), "invalid samples are missing"
    assert np.allclose(rec.values("abp")[5:], ABP[5:], atol=0.5 / 16 + 1e-9)
    assert rec.unit("ppg") == "" and "uncalibrated" in rec["ppg"].attrs["quality"]


def _rewrite(header: Path, old: str, new: str) -> None:
    text = header.read_text()
    assert old in text
    header.write_text(text.replace(old, new))


def test_gain_zero_means_uncalibrated(tmp_path: Path) -> None:
    file = write_wfdb(tmp_path)
    _rewrite(file, "16.0(-1280)/mmHg", "0(-1280)/mmHg")
    assert load(file).unit("abp") == ""


def test_gain_without_unit_is_volts_for_an_ecg_only(tmp_path: Path) -> None:
    file = write_wfdb(tmp_path)
    _rewrite(file, "16.0(-1280)/mmHg", "16.0(-1280)")
    _rewrite(file, "200.0(0)/mV", "200.0(0)")
    rec = load(file)
    assert rec.unit("abp") == "" and rec.unit("ecg") == "mV"


def test_a_wrong_checksum_is_told(tmp_path: Path) -> None:
    file = write_wfdb(tmp_path, "16")
    data = bytearray(file.with_suffix(".dat").read_bytes())
    data[2000] ^= 4
    file.with_suffix(".dat").write_bytes(bytes(data))
    rec = load(file)
    assert any("checksum" in note for note in rec.provenance["warnings"])
    assert sum("checksum differs" in rec[name].attrs["quality"] for name in rec.signals) == 1


def test_a_cut_signal_file_is_refused(tmp_path: Path) -> None:
    file = write_wfdb(tmp_path)
    data = file.with_suffix(".dat").read_bytes()
    file.with_suffix(".dat").write_bytes(data[: len(data) // 2])
    with pytest.raises(CisternaError, match="cut short") as caught:
        load(file)
    assert f"{len(data) // 2} of" in caught.value.found


def test_a_missing_signal_file_is_named(tmp_path: Path) -> None:
    file = write_wfdb(tmp_path)
    file.with_suffix(".dat").unlink()
    with pytest.raises(CisternaError, match="missing") as caught:
        load(file)
    assert "bed.dat" in caught.value.mend


@pytest.mark.parametrize("name", ["../secret.dat", "sub/secret.dat"])
def test_a_header_cannot_point_elsewhere_even_to_a_good_file(tmp_path: Path, name: str) -> None:
    (tmp_path / "rec" / "sub").mkdir(parents=True)
    file = write_wfdb(tmp_path / "rec")
    file.with_suffix(".dat").rename(file.parent / name)
    _rewrite(file, "bed.dat", name)
    with pytest.raises(CisternaError):
        load(file)


@pytest.mark.parametrize("name", ["../bed", "sub/bed"])
def test_a_segment_cannot_lie_elsewhere(tmp_path: Path, name: str) -> None:
    (tmp_path / "rec" / "sub").mkdir(parents=True)
    write_wfdb((tmp_path / "rec" / name).parent)
    (tmp_path / "rec" / "w.hea").write_text(f"w/1 3 125 500\n{name} 500\n")
    with pytest.raises(CisternaError):
        load(tmp_path / "rec" / "w")


def test_a_header_that_announces_too_much_is_refused_at_once(tmp_path: Path) -> None:
    file = write_wfdb(tmp_path)
    _rewrite(file, "bed 3 125", "bed 3 125 99999999999\n#")
    with pytest.raises(CisternaError, match="larger than 2 GiB"):
        load(file)


def test_segments_stand_in_their_place_with_gaps_missing(tmp_path: Path) -> None:
    write_wfdb(tmp_path, name="one")
    write_wfdb(tmp_path, name="two")
    (tmp_path / "whole.hea").write_text("whole/3 3 125 1250\none 500\n~ 250\ntwo 500\n")
    rec = load(tmp_path / "whole")
    part = load(tmp_path / "one").values("abp")
    assert rec.values("abp").size == 1250 and rec.values("ecg").size == 2500
    assert np.array_equal(rec.values("abp")[:500], part, equal_nan=True)
    assert np.isnan(rec.values("abp")[500:750]).all()
    assert np.array_equal(rec.values("abp")[750:], part, equal_nan=True)
    assert "gap of 2 s" in rec.provenance["warnings"][0]


def test_segments_that_lie_or_turn_in_circles_are_refused(tmp_path: Path) -> None:
    write_wfdb(tmp_path, name="one")
    for text in ("w/1 3 125 500\nw 500\n", "w/2 3 125 999\none 500\none 499\n", "w/1 3 250 500\none 500\n"):
        (tmp_path / "w.hea").write_text(text)
        with pytest.raises(CisternaError):
            load(tmp_path / "w")


def test_comments_with_personal_data_are_not_kept(tmp_path: Path) -> None:
    file = write_wfdb(tmp_path)
    file.write_text(file.read_text() + "#Age: 57 Sex: F\n")
    rec = load(file)
    assert "57" not in str(rec.provenance) + str(rec.dataset.attrs)


def test_public_records_as_their_table_says(shared_data: Path) -> None:
    rec = load(shared_data / "wfdb" / "mixedsignals")
    assert [round(rec.rate(n), 2) for n in rec.signals] == [249.89] * 3 + [124.94, 124.94, 62.47]
    assert np.isnan(rec.values("abp")).sum() == 192
    assert 100 * np.isnan(rec.values("ecg_ii")).mean() == pytest.approx(1.8, abs=0.05)
    assert np.nanmean(rec.values("abp")) == pytest.approx(109.7, abs=0.1)
    assert "warnings" not in rec.provenance, "every checksum holds"


def test_two_segments_join_without_a_seam(shared_data: Path) -> None:
    rec = load(shared_data / "wfdb" / "041s" / "041s")
    assert rec.values("abp").size == 2000 and rec.values("ecg_iii").size == 8000
    assert np.isfinite(rec.values("abp")).all()
    step = np.abs(np.diff(rec.values("abp")))
    assert step[999] <= step.max() and np.mean(rec.values("abp")) == pytest.approx(56.1, abs=0.1)
    assert np.mean(rec.values("pap")) == pytest.approx(20.6, abs=0.1)


def test_skew_and_matlab_offset(shared_data: Path) -> None:
    skewed = load(shared_data / "wfdb" / "03700181")
    assert skewed.rate("ecg") == 500.0 and skewed.rate("abp") == 125.0 and skewed.unit("resp") == ""
    assert np.isnan(skewed.values("resp")[-4:]).all() and np.isnan(skewed.values("resp")).sum() == 4
    packed = load(shared_data / "wfdb" / "a103l")
    assert packed.values("ppg").size == 82500 and np.isfinite(packed.values("ppg")).all()


def test_marks_are_those_that_the_wfdb_package_reads(tmp_path: Path) -> None:
    import wfdb

    file = write_wfdb(tmp_path)
    rng = np.random.default_rng(0)
    signs = list(rng.choice(list('NVAF+"~|'), 300))
    wfdb.wrann(
        "bed",
        "atr",
        np.cumsum(rng.integers(1, 3000, 300)),
        symbol=signs,
        aux_note=["(AFIB" if sign == "+" else "a note" if sign == '"' else "" for sign in signs],
        chan=rng.integers(0, 2, 300),
        subtype=rng.integers(0, 3, 300),
        num=rng.integers(0, 3, 300),
        fs=250,
        write_dir=str(tmp_path),
    )
    other = wfdb.rdann(str(file.with_suffix("")), "atr")
    labels = [note.rstrip("\0") or sign for note, sign in zip(other.aux_note, other.symbol, strict=True)]
    assert load(file).events == [(at / 250, 0.0, label) for at, label in zip(other.sample, labels, strict=True)]
    marks = file.with_suffix(".atr").read_bytes()
    file.with_suffix(".atr").write_bytes(marks[:-2])
    with pytest.raises(CisternaError, match="annotation file is cut short"):
        load(file)
    # A note that opens a list of definitions which never ends: the package does not come back from it.
    file.with_suffix(".atr").write_bytes(marks.replace(b"a note", b"## ann", 1))
    assert len(load(file).events) == 299
