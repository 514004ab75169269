"""Recordings in pieces: the same samples as read whole, with the memory of one piece."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import recording_samples as samples
from edf_samples import Edf, pressure

from cisterna.ground.errors import CisternaError
from cisterna.recordings import Recording, load, stream, write


def assert_same(file: Path, seconds: float, **said: object) -> list[Recording]:
    """The pieces, joined, are what `load` gives: names, units, rates, samples, times, attributes."""
    whole = load(file, **said)  # type: ignore[arg-type]
    pieces = list(stream(file, seconds, **said))  # type: ignore[arg-type]
    for piece in pieces:
        assert piece.signals == whole.signals and piece.start == whole.start
        assert all(piece.time(n).size == 0 or np.ptp(piece.time(n)) < seconds + 0.05 for n in piece.signals)
    for name in whole.signals:
        assert np.array_equal(np.concatenate([p.values(name) for p in pieces]), whole.values(name), equal_nan=True)
        times = np.concatenate([p.time(name) for p in pieces])
        assert np.allclose(times, whole.time(name), rtol=0, atol=1e-9) and (np.diff(times) > 0).all()
        for piece in pieces:
            assert piece.unit(name) == whole.unit(name)
            rate = piece.dataset[piece.time_dim(name)].attrs["rate"]
            assert rate == whole.dataset[whole.time_dim(name)].attrs["rate"]
    assert {e for p in pieces for e in p.events} == set(whole.events)
    return pieces


@pytest.mark.parametrize("form", samples.WRITERS)
@pytest.mark.parametrize("seconds", [0.7, 600.0])
def test_pieces_of_every_format_make_the_whole(tmp_path: Path, form: str, seconds: float) -> None:
    for k, maker in enumerate(samples.WRITERS[form]):
        (tmp_path / str(k)).mkdir()
        pieces = assert_same(maker(tmp_path / str(k)), seconds)
        assert len(pieces) > 1 or seconds > 10


def test_channels_units_and_names_are_as_in_load(tmp_path: Path) -> None:
    file = samples.write_wfdb(tmp_path)
    pieces = assert_same(file, 1.0, channels={"icp": "ABP"}, units={"ABP": "cmH2O*2"})
    assert pieces[0].signals == ["icp"] and pieces[-1].unit("icp") == "cmH2O"
    assert next(iter(stream(f"{file}:PLETH", 1.0))).signals == ["ppg"]


def test_what_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(CisternaError, match="no such file"):
        stream(tmp_path / "none.edf")
    for seconds in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(CisternaError, match="impossible length"):
            stream(samples.write_csv(tmp_path), seconds)
    with pytest.raises(CisternaError, match="no channel"):
        next(stream(tmp_path / "bed.csv", channels="nothing"))


def test_an_error_of_the_caller_is_not_called_damage(tmp_path: Path) -> None:
    with pytest.raises(KeyError):
        for _ in stream(samples.write_csv(tmp_path), 1.0):
            raise KeyError("mine")


def _night(folder: Path, ending: str) -> Path:
    """A recording of two rates, 200 000 samples of pressure."""
    rng = np.random.default_rng(2)
    rec = Recording().with_signal("icp", rng.normal(size=200_000), rate=125.0, unit="mmHg", origin="measured")
    if ending != "csv":
        rec = rec.with_signal("resp", rng.normal(size=25_000), rate=15.625, unit="", origin="measured")
    return write(rec, folder / f"night.{ending}")


@pytest.mark.parametrize("ending", ["edf", "bdf", "hea", "csv", "nc"])
def test_a_file_larger_than_memory_streams(tmp_path: Path, ending: str, monkeypatch: pytest.MonkeyPatch) -> None:
    file = _night(tmp_path, ending)
    monkeypatch.setattr("cisterna.recordings.guard.LARGEST", 500_000)
    monkeypatch.setattr("cisterna.recordings.formats.table.LARGEST_TEXT", 500_000)
    monkeypatch.setattr("cisterna.recordings.formats._table_stream.BLOCK", 25_000)
    monkeypatch.setattr("cisterna.recordings.formats.edf._BLOCK", 50_000)
    with pytest.raises(CisternaError, match="larger than") as caught:
        load(file)
    assert "stream(" in caught.value.mend
    pieces = stream(file, 100.0)
    count = next(pieces)["icp"].size  # imports and headers
    tracemalloc.start()
    count += sum(piece["icp"].size for piece in pieces)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # The whole is 1.6 MB of samples and as much of times; a piece has 0.1 MB of each.
    print(f"{ending}: peak {peak / 1e6:.2f} MB")
    assert count == 200_000 and peak < 1.4e6, f"{peak / 1e6:.1f} MB for pieces of 0.1 MB"


@pytest.mark.parametrize("make", ["edf", "wfdb"])
def test_a_file_of_four_gigabytes_begins_at_once(tmp_path: Path, make: str) -> None:
    """Sparse files: what was never written takes no room, yet has its full length."""
    makers: dict[str, Callable[[Path], tuple[Path, Path]]] = {"edf": _large_edf, "wfdb": _large_wfdb}
    file, data = makers[make](tmp_path)
    assert data.stat().st_size > 4e9
    with pytest.raises(CisternaError, match="larger than 2 GiB") as caught:
        load(file)
    assert "stream(" in caught.value.mend
    pieces = stream(file, 5.0)
    assert [next(pieces)["abp"].size for _ in range(3)] == [50_000] * 3
    assert next(pieces).time("abp")[0] == 15.0


def _large_edf(folder: Path) -> tuple[Path, Path]:
    file = Edf([pressure(1, 10_000)], count="220000").write(folder / "a.edf")
    with file.open("r+b") as out:
        out.truncate(512 + 220_000 * 20_000)
    return file, file


def _large_wfdb(folder: Path) -> tuple[Path, Path]:
    (folder / "a.hea").write_text("a 1 10000 2200000000\na.dat 16 10/mmHg 16 0 0 0 0 ABP\n")
    with (folder / "a.dat").open("wb") as out:
        out.truncate(4_400_000_000)
    return folder / "a.hea", folder / "a.dat"


def test_irregular_times_and_long_pauses(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    at = np.cumsum(rng.uniform(0.5, 1.5, 300))
    at[100:] += 500.0
    (tmp_path / "hr.csv").write_text("t [s],HR [bpm]\n" + "".join(f"{t:.3f},{k}\n" for k, t in enumerate(at)))
    pieces = assert_same(tmp_path / "hr.csv", 10.0)
    assert len(pieces) < 40, "a window without a beat is left out"
    rows = "".join(f"{k / 100:.2f},{k}\n" for k in range(1500) if not 300 <= k < 950)
    (tmp_path / "gap.csv").write_text("t [s],ABP [mmHg]\n" + rows)
    pieces = assert_same(tmp_path / "gap.csv", 2.0)
    assert [int(np.isnan(p.values("abp")).sum()) for p in pieces] == [0, 100, 200, 200, 150, 0, 0, 0]


@pytest.mark.parametrize("block", [300, 4096])
def test_a_table_is_the_same_in_blocks_of_any_size(tmp_path: Path, block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cisterna.recordings.formats._table_stream.BLOCK", block)
    assert_same(samples.write_csv(tmp_path), 0.9)
    (tmp_path / "bare.csv").write_text("abp\n" + "".join(f"{k}\n" if k % 7 else "\n" for k in range(150)))
    assert_same(tmp_path / "bare.csv", 1.3, rate=25.0)
    (tmp_path / "bad.csv").write_text("abp,what\n" + "80,rest\n" * 200 + "8O,rest\n")
    with pytest.raises(CisternaError, match="not a number") as caught:
        list(stream(tmp_path / "bad.csv", 1.0, rate=10.0))
    assert "line 202" in caught.value.where
    (tmp_path / "back.csv").write_text("t [s],abp\n" + "".join(f"{k % 150},80\n" for k in range(200)))
    with pytest.raises(CisternaError, match="do not rise"):
        list(stream(tmp_path / "back.csv", 10.0))


def test_variable_layout_with_a_gap_and_a_signal_that_comes_later(tmp_path: Path) -> None:
    """The layout segment describes; a signal absent from a segment is missing there, its gain may change."""
    import wfdb

    samples.write_wfdb(tmp_path, "16", "s1")
    wfdb.wrsamp(
        "s2",
        fs=samples.RATE,
        units=["mmHg", "mmHg"],
        sig_name=["ICP", "ABP"],
        d_signal=np.column_stack([np.arange(300), np.full(300, 80)]),
        fmt=["16", "16"],
        adc_gain=[10.0, 1.0],
        baseline=[0, 0],
        write_dir=str(tmp_path),
    )
    lines = (tmp_path / "s1.hea").read_text().splitlines()
    layout = [f"s_layout 3 {samples.RATE:g} 0", *(line.replace("s1.dat", "~") for line in lines[1:4])]
    (tmp_path / "s_layout.hea").write_text("\n".join(layout) + "\n")
    (tmp_path / "s.hea").write_text(f"s/4 3 {samples.RATE:g} 1050\ns_layout 0\ns1 500\n~ 250\ns2 300\n")
    rec = load(tmp_path / "s.hea")
    assert rec.signals == ["ecg", "abp", "ppg", "icp"] and rec.values("ecg").size == 2100
    assert (
        np.isnan(rec.values("icp")[:750]).all() and rec.values("icp")[750:].tolist() == (np.arange(300) / 10).tolist()
    )
    assert np.isnan(rec.values("abp")[500:750]).all() and (rec.values("abp")[750:] == 80).all()
    assert np.isnan(rec.values("ecg")[1000:]).all() and "changes" in rec["abp"].attrs["own_scale"]
    for seconds in (0.9, 2.0, 5.0):
        assert_same(tmp_path / "s.hea", seconds)


@pytest.mark.parametrize("name", ["03700181", "mixedsignals", "041s/041s", "a103l"])
def test_public_records_in_pieces(shared_data: Path, name: str) -> None:
    file = shared_data / "wfdb" / f"{name}.hea"
    assert_same(file, 3.001 if "041s" in name else 47.0)
