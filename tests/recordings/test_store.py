"""Saved recordings: read back exactly, written whole or not at all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from recording_samples import example_recording

from cisterna.ground.errors import CisternaError
from cisterna.recordings import Recording, load


def test_round_trip_is_exact(tmp_path: Path) -> None:
    rec = example_recording()
    back = Recording.open(rec.save(tmp_path / "a.nc"))
    assert back.dataset.identical(rec.dataset)
    assert back.events == rec.events and back.provenance == rec.provenance
    assert back.start == rec.start and back.title == rec.title
    for name in rec.signals:
        assert np.array_equal(back.values(name), rec.values(name), equal_nan=True)
        assert np.array_equal(back.time(name), rec.time(name))
        assert not back.values(name).flags.writeable


def test_a_second_round_trip_changes_nothing(tmp_path: Path) -> None:
    once = Recording.open(example_recording().save(tmp_path / "a.nc"))
    twice = Recording.open(once.save(tmp_path / "b.nc"))
    assert twice.dataset.identical(once.dataset)


def test_awkward_numbers_survive(tmp_path: Path) -> None:
    values = [np.nan, -0.0, 5e-324, 1e300, np.pi, 1 / 3]
    rec = Recording().with_signal("x", values, rate=1 / 3, unit="1", start=-7.1)
    back = Recording.open(rec.save(tmp_path / "a.nc"))
    assert back.values("x").tobytes() == rec.values("x").tobytes()
    assert back.rate("x") == 1 / 3 and np.array_equal(back.time("x"), rec.time("x"))


def test_provenance_longer_than_an_attribute_may_be(tmp_path: Path) -> None:
    rec = example_recording().with_provenance(changed={f"parameter_{k}": k / 7 for k in range(9000)})
    assert Recording.open(rec.save(tmp_path / "a.nc")).provenance == rec.provenance


def test_load_reads_a_saved_recording_with_its_names_and_levels(tmp_path: Path) -> None:
    rec = example_recording()
    back = load(rec.save(tmp_path / "a.nc"))
    assert back.signals == rec.signals
    assert [back[n].attrs["level_ref"] for n in back.signals] == [rec[n].attrs["level_ref"] for n in rec.signals]
    assert back.provenance["seed"] == 7 and back.provenance["format"] == "netcdf"


def test_the_file_follows_cf(tmp_path: Path) -> None:
    import h5py

    with h5py.File(example_recording().save(tmp_path / "a.nc")) as file:
        assert file.attrs["Conventions"].startswith("CF-")
        assert file["abp"].attrs["units"] == "mmHg" and file["time"].attrs["standard_name"] == "time"


def test_nothing_is_left_when_saving_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = example_recording().save(tmp_path / "a.nc")
    before = file.read_bytes()

    def full_disk(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full_disk)
    with pytest.raises(CisternaError, match="cannot be saved") as caught:
        example_recording().only("abp").save(file)
    assert "No space" in caught.value.found
    assert file.read_bytes() == before and [f.name for f in tmp_path.iterdir()] == ["a.nc"]


def test_places_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for target in (tmp_path / "no" / "a.nc", tmp_path, tmp_path / "file" / "a.nc"):
        with pytest.raises(CisternaError, match="cannot be saved here"):
            example_recording().save(target)


def test_other_netcdf_files_are_not_opened_as_recordings(tmp_path: Path) -> None:
    import xarray as xr

    data = xr.Dataset(
        {"icp": ("time", [1.0, 2.0, 4.0], {"units": "mmHg"}), "note": ("x", [1.0])},
        coords={"time": ("time", [5000.0, 6000.0, 7000.0], {"units": "ms"})},
    )
    file = tmp_path / "foreign.nc"
    data.to_netcdf(file, engine="h5netcdf")
    with pytest.raises(CisternaError, match="not a recording saved here"):
        Recording.open(file)
    rec = load(file)
    assert rec.signals == ["icp"] and rec.rate("icp") == 1.0 and rec.unit("icp") == "mmHg"


def test_classic_netcdf_is_refused_with_advice(tmp_path: Path) -> None:
    (tmp_path / "old.nc").write_bytes(b"CDF\x01" + bytes(100))
    with pytest.raises(CisternaError, match="classic NetCDF") as caught:
        load(tmp_path / "old.nc")
    assert "nccopy" in caught.value.mend
