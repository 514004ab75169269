"""MATLAB files and NumPy archives: signals among named variables, by plain rules and nothing guessed."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hdf5_samples import ICP, LIGHT, RATE, TIME, write_mat5, write_mat73, write_npz

from cisterna.ground.errors import CisternaError
from cisterna.recordings import load, stream
from cisterna.recordings.guard import LARGEST


@pytest.mark.parametrize("packed", [True, False])
def test_vectors_with_a_rate(tmp_path: Path, packed: bool) -> None:
    rec = load(write_mat5(tmp_path, packed=packed))
    assert rec.signals == ["icp", "other_abp"] and rec.rate("icp") == rec.rate("other_abp") == RATE
    assert np.array_equal(rec.values("icp"), ICP) and np.array_equal(rec.values("other_abp"), 90.0 + ICP)
    assert rec.unit("icp") == "mmHg" and rec["other_abp"].attrs["own_name"] == "other_abp"
    told = rec.provenance["warnings"]
    assert any("'notes' is neither numbers nor text" in w for w in told)
    assert any("'marks' has 4 values instead of 300" in w for w in told)


def test_as_scipy_reads_it(tmp_path: Path) -> None:
    from scipy.io import loadmat

    file = write_mat5(tmp_path, small=np.arange(300, dtype=np.int16), single=ICP.astype(np.float32))
    rec, raw = load(file), loadmat(file, squeeze_me=True)
    for name in ("icp", "small", "single"):
        assert np.array_equal(rec.values(name), raw[name].astype(np.float64))


def test_version_73_stands_transposed_behind_a_text(tmp_path: Path) -> None:
    rec = load(write_mat73(tmp_path))
    assert rec.provenance["format"] == "matlab" and rec.signals == ["icp", "bed_abp"]
    assert rec.rate("icp") == rec.rate("bed_abp") == RATE and np.array_equal(rec.values("icp"), ICP)
    assert rec.unit("icp") == "mmHg" and rec.unit("bed_abp") == ""


def test_a_matrix_gives_a_signal_a_column_named_by_its_labels(tmp_path: Path) -> None:
    """The layout AcqKnowledge exports: data, labels, units, and the interval instead of the rate."""
    from scipy.io import savemat

    file = tmp_path / "acq.mat"
    labels, units = np.array(["ICP", "ABP ", "PPG "]), np.array(["mmHg ", "mmHg ", "Volts"])
    savemat(file, {"data": LIGHT, "labels": labels, "units": units, "isi": 40.0, "isi_units": "ms"})
    rec = load(file)
    assert rec.signals == ["icp", "abp", "ppg"] and rec.rate("icp") == pytest.approx(RATE)
    assert [rec.unit(n) for n in rec.signals] == ["mmHg", "mmHg", "Volts"]
    assert all(np.array_equal(rec.values(n), LIGHT[:, k]) for k, n in enumerate(rec.signals))


def test_a_rate_is_not_guessed_and_names_come_from_the_call(tmp_path: Path) -> None:
    from scipy.io import savemat

    file = tmp_path / "bare.mat"
    savemat(file, {"val": LIGHT.T})
    with pytest.raises(CisternaError, match="no signal over time") as caught:
        load(file)
    assert "rate=<Hz>" in caught.value.mend
    rec = load(file, rate=RATE, columns=["ICP", "ABP", "CVP"], units={"ICP": "mmHg"})
    assert rec.signals == ["icp", "abp", "cvp"] and rec.unit("icp") == "mmHg"
    with pytest.raises(CisternaError, match="names do not fit"):
        load(file, rate=RATE, columns=["ICP"])
    savemat(file, {"square": np.ones((5, 5)), "fs": 1.0})
    with pytest.raises(CisternaError, match="no signal over time"):
        load(file)


def test_a_clock_decides_and_needs_its_unit(tmp_path: Path) -> None:
    late = write_npz(tmp_path, t=1000.0 * TIME + 500.0)
    assert any("states no unit" in w for w in load(late).provenance["warnings"]), "a rate is there: it is used"
    np.savez(late, icp=ICP, t=1000.0 * TIME + 500.0)
    with pytest.raises(CisternaError, match="has no unit"):
        load(late)
    rec = load(late, units={"t": "ms"})
    assert rec.rate("icp") == pytest.approx(RATE) and rec.provenance["clock_offset_s"] == 0.5


def test_a_signal_may_state_its_own_rate(tmp_path: Path) -> None:
    rec = load(write_npz(tmp_path, etco2=np.full(12, 38.0), etco2_fs=1.0))
    assert rec.rate("etco2") == 1.0 and rec.rate("icp") == RATE and rec.values("etco2").size == 12


def test_nested_damaged_or_older_files_are_refused(tmp_path: Path) -> None:
    from scipy.io import savemat

    deep: dict[str, object] = {"x": ICP}
    for _ in range(8):
        deep = {"inner": deep}
    file = write_mat5(tmp_path, deep=deep, packed=False)
    with pytest.raises(CisternaError, match="nested too deep"):
        load(file)
    whole = write_mat5(tmp_path, packed=False).read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(CisternaError, match="cut short"):
        load(file)
    savemat(file, {"icp": ICP, "fs": RATE}, format="4")
    with pytest.raises(CisternaError, match="not of the format"):
        load(file)


def test_a_variable_that_announces_too_much_is_refused_before_it_is_read(tmp_path: Path) -> None:
    file = write_mat5(tmp_path, packed=False)
    data = bytearray(file.read_bytes())
    at = data.index(np.array([1, 300], "<i4").tobytes())
    data[at : at + 8] = np.array([70000, 70000], "<i4").tobytes()
    file.write_bytes(bytes(data))
    with pytest.raises(CisternaError, match="larger than 2 GiB"):
        load(file)
    bomb = tmp_path / "bomb.npz"
    with zipfile.ZipFile(bomb, "w") as archive:
        head = tmp_path / "x.npy"
        np.save(head, np.zeros(3))
        raw = head.read_bytes().replace(b"(3,), }" + b" " * 10, b"(%d,), }" % (LARGEST // 4) + b" " * 3)
        archive.writestr("icp.npy", raw)
    with pytest.raises(CisternaError, match="the array 'icp' is larger than 2 GiB"):
        load(bomb, rate=1.0)


def test_the_signal_file_of_a_record_is_not_taken(shared_data: Path) -> None:
    with pytest.raises(CisternaError, match="signal file of a WFDB record"):
        load(shared_data / "wfdb" / "a103l.mat")


def test_objects_in_an_archive_are_never_unpickled(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return os.mkdir, (str(tmp_path / "trapped"),)

    np.savez(tmp_path / "bad.npz", icp=ICP, fs=RATE, trap=np.array([Trap()], dtype=object))
    rec = load(tmp_path / "bad.npz")
    assert rec.signals == ["icp"] and not (tmp_path / "trapped").exists()
    assert any("'trap' is neither" in w for w in rec.provenance["warnings"])


def test_one_array_in_pieces(tmp_path: Path) -> None:
    np.save(tmp_path / "icp.npy", ICP.astype(np.float32))
    said = {"rate": RATE, "units": "mmHg"}
    whole, parts = load(tmp_path / "icp.npy", **said), list(stream(tmp_path / "icp.npy", seconds=3.3, **said))
    assert len(parts) == 4 and np.array_equal(np.concatenate([p.values("icp") for p in parts]), whole.values("icp"))
    assert np.allclose(np.concatenate([p.time("icp") for p in parts]), whole.time("icp"), rtol=0, atol=1e-9)
