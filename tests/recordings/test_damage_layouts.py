"""Two hundred damaged variants of each layout of HDF5, of MATLAB, archives and flow curves: as in `test_damage`."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import test_damage as base
from hdf5_samples import write_commented, write_export, write_mat5, write_mat73, write_npz, write_phases, write_snirf
from icmplus_sample import write_icmplus
from recording_samples import write_hdf5

from cisterna.ground.errors import CisternaError
from cisterna.recordings import load, stream
from cisterna.recordings.track import Track

Writer = Callable[[Path], Path]
WRITERS: dict[str, list[Writer]] = {
    "icmplus": [write_icmplus, lambda folder: write_icmplus(folder, index="attribute")],
    "snirf": [write_snirf],
    "matlab": [write_mat5, lambda folder: write_mat5(folder, packed=False), write_mat73],
    "npz": [write_npz],
    "flowcurve": [write_export, write_commented, write_phases],
}
#: Every so many variants are read in pieces too, where only both ends of the samples were tried before.
STREAMED = 5
#: Longest wait for one file on a machine busy with other work, s.
LONGEST = 30.0


@pytest.mark.parametrize("form", WRITERS)
def test_damaged_layouts_are_refused_or_valid(form: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(base.SEED)
    goods = []
    for k, write in enumerate(WRITERS[form]):
        (tmp_path / f"good{k}").mkdir()
        goods.append(write(tmp_path / f"good{k}"))
        base.assert_valid(load(goods[-1]))
    strangers = [b"", b"MATLAB" + rng.bytes(300), b"\x89HDF\r\n\x1a\n" + rng.bytes(300), b"PK\x03\x04" + rng.bytes(99)]
    refused = 0
    for variant in range(base.VARIANTS):
        good, folder = goods[variant % len(goods)], tmp_path / "bad"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(good.parent, folder)
        targets = sorted(folder.iterdir())
        target = targets[variant // len(goods) % len(targets)]
        target.write_bytes(base.damage(target.read_bytes(), rng, strangers))
        # The time of this process: that of a worker is told only when it ends, for all the files it has read.
        begin, clock = sum(os.times()[:2]), time.monotonic()
        try:
            base.assert_valid(load(folder / good.name))
        except CisternaError as error:
            refused += 1
            assert error.what and error.where, f"variant {variant}: the error does not say where"
        took = sum(os.times()[:2]) - begin
        assert took < base.PATIENCE, f"variant {variant} took {took:.1f} s"
        assert time.monotonic() - clock < LONGEST, f"variant {variant} took too long"
        if variant % STREAMED == 0:
            try:
                for _, part in zip(range(20), stream(folder / good.name, seconds=30.0), strict=False):
                    base.assert_valid(part)
            except CisternaError as error:
                assert error.what and error.where, f"variant {variant}: the error does not say where"
    assert refused > base.VARIANTS // 10, "the damage does no harm: the test tests nothing"


def test_pieces_of_a_plain_file_are_the_whole(tmp_path: Path) -> None:
    import h5py

    file = write_hdf5(tmp_path)
    with h5py.File(file, "r+") as out:  # a clock that leaves some samples out
        keep = np.r_[0:200, 260:500]
        for key in ("t", "abp", "ppg"):
            values, unit = out[key][()][keep], out[key].attrs["units"]
            del out[key]
            out[key] = values
            out[key].attrs["units"] = unit
    whole, parts = load(file), list(stream(file, seconds=0.9))
    assert whole.values("abp").size == 500 and np.isnan(whole.values("abp")[200:260]).all()
    for name in whole.signals:
        assert np.array_equal(np.concatenate([p.values(name) for p in parts]), whole.values(name), equal_nan=True)
        assert np.allclose(np.concatenate([p.time(name) for p in parts]), whole.time(name), rtol=0, atol=1e-9)


@pytest.mark.parametrize("rate", [1.0, 0.1, 100.0, 62.4725, 125.0, 499.79, 20.033076758])
def test_a_sample_belongs_to_the_piece_its_written_time_belongs_to(rate: float) -> None:
    track = Track("x", "", lambda a, b: np.zeros(b - a), 3000, rate, start=0.037)
    at = track.start + np.arange(track.size) / rate
    edges = np.concatenate([at, np.nextafter(at, -1), np.nextafter(at, 1e9), at + 0.5 / rate, [-5.0, at[-1] + 1e6]])
    assert [track.first(edge) for edge in edges.tolist()] == np.searchsorted(at, edges).tolist()


def test_a_clock_too_long_to_hold_must_be_uniform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import h5py

    monkeypatch.setattr("cisterna.recordings.formats.hdf5.MOST_TIMES", 100)
    file = write_hdf5(tmp_path)
    parts = list(stream(file, seconds=1.0))
    assert len(parts) == 4 and parts[0].rate("abp") == 125.0 and parts[1].time("abp")[0] == pytest.approx(1.0)
    with h5py.File(file, "r+") as out:
        out["t"][300:] = out["t"][300:] + 0.5
    with pytest.raises(CisternaError, match="irregular and too many to hold"):
        list(stream(file, seconds=1.0))


def test_only_a_plain_file_is_read_as_plain(tmp_path: Path) -> None:
    from cisterna.recordings.formats.hdf5 import HDF5

    for write in (write_icmplus, write_snirf, write_mat73):
        file = write(tmp_path)
        plain = file.rename(tmp_path / f"{file.stem}.h5")
        with plain.open("rb") as stream_:
            assert not HDF5().sniff(plain, stream_.read(4096)), write.__name__
    file = write_hdf5(tmp_path)
    assert HDF5().sniff(file, file.read_bytes()[:4096])
