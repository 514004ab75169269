"""Named arrays larger than memory: windows of MATLAB 7.3 and NumPy archives join to the whole."""

import h5py
import numpy as np
import pytest

from cisterna.recordings import load, stream

RATE, COUNT = 125.0, 30_000
UNITS = {"icp": "mmHg", "art_1": "mmHg", "art_2": "mmHg"}


def _waves():
    at = np.arange(COUNT) / RATE
    return 10 + np.sin(2 * np.pi * at), np.column_stack([90 + np.cos(at), np.sin(3 * at)])


def _mat(path):
    icp, both = _waves()
    with h5py.File(path, "w", userblock_size=512) as out:
        for name, values in (("icp", icp[:, None]), ("art", both), ("fs", np.array([[RATE]]))):
            out[name] = values.T
            out[name].attrs["MATLAB_class"] = np.bytes_("double")
    head = b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM"
    with path.open("r+b") as file:
        file.write(head)
    return path


def _npz(path):
    icp, both = _waves()
    np.savez_compressed(path, icp=icp, art=both, fs=np.array(RATE))
    return path


@pytest.mark.parametrize("make", [_mat, _npz])
def test_windows_join_to_the_whole(make, tmp_path):
    path = make(tmp_path / ("a.mat" if make is _mat else "a.npz"))
    whole = load(path, units=UNITS)
    pieces = list(stream(path, seconds=50.0, units=UNITS))
    assert len(pieces) == 5 and whole.signals == pieces[0].signals and len(whole.signals) == 3
    for name in whole.signals:
        assert np.array_equal(np.concatenate([p.values(name) for p in pieces]), whole.values(name))
        assert np.allclose(np.concatenate([p.time(name) for p in pieces]), whole.time(name), rtol=0, atol=1e-9)


@pytest.mark.parametrize("make", [_mat, _npz])
def test_a_window_takes_the_memory_of_a_window(make, tmp_path, monkeypatch):
    """No array of the file's length is made on the way."""
    path = make(tmp_path / ("a.mat" if make is _mat else "a.npz"))
    made = []
    plain = np.array
    monkeypatch.setattr(np, "array", lambda *a, **k: made.append(plain(*a, **k)) or made[-1])
    for _ in stream(path, seconds=10.0, units=UNITS):
        pass
    assert max(np.size(x) for x in made) < COUNT / 10


def test_a_clock_among_them_asks_for_the_whole(tmp_path):
    icp, _ = _waves()
    path = tmp_path / "a.npz"
    np.savez(path, icp=icp, t=np.arange(COUNT) / RATE, t_units=np.array("s"))
    whole, pieces = load(path, units="none"), list(stream(path, seconds=50.0, units="none"))
    assert np.array_equal(np.concatenate([p.values("icp") for p in pieces]), whole.values("icp"))
