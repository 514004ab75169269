"""Recordings as NetCDF files: written whole or not at all, read back exactly.

CF-style attributes (`units`, `standard_name`, `axis`); text that may be long (provenance, event labels) stands
in variables, since HDF5 limits attributes to 64 kB.
"""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cisterna.ground.errors import CisternaError
from cisterna.recordings.guard import guard_hdf5, readable_file, reading
from cisterna.recordings.recording import Recording
from cisterna.recordings.rules import PROVENANCE

if TYPE_CHECKING:
    import xarray as xr

CONVENTIONS = "CF-1.11"
#: Attribute that marks a file as a Recording, with the layout version.
MARK = "cisterna_recording"
LAYOUT = "1"


def save(rec: Recording, path: str | Path) -> Path:
    """Write a recording as NetCDF.

    The file is written beside its place and renamed at the end, so that an existing file stays whole when
    anything fails.

    Raises
    ------
    CisternaError
        The folder is missing or cannot be written to.

    Examples
    --------
    >>> import tempfile
    >>> rec = Recording().with_signal("resp", [0.0, 1.0], rate=1.0, unit="")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = rec.save(f"{folder}/breath.nc")
    ...     Recording.open(file).dataset.identical(rec.dataset)
    True
    """
    target = Path(path)
    if target.is_dir() or not target.parent.is_dir():
        found = "a folder" if target.is_dir() else f"no folder '{target.parent}'"
        raise CisternaError(
            "the recording cannot be saved here", str(target), found, "give a file in a folder that exists"
        )
    data = rec.dataset
    text = str(data.attrs.pop(PROVENANCE, "{}"))
    data = data.assign({PROVENANCE: ((), np.array(text, dtype=object))})
    data.attrs |= {"Conventions": CONVENTIONS, MARK: LAYOUT}
    encoding: dict[Any, dict[str, Any]] = {}
    for name, variable in data.variables.items():
        encoding[name] = {"_FillValue": None} if variable.dtype.kind == "f" else {}
        if variable.dtype.kind == "f" and variable.size > 128:
            encoding[name] |= {"zlib": True, "complevel": 4, "shuffle": True}
    part = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        data.to_netcdf(part, engine="h5netcdf", encoding=encoding)
        os.replace(part, target)
    except OSError as error:
        mend = "choose a folder you may write to, with room on the disk"
        raise CisternaError("the recording cannot be saved", str(target), error.strerror or str(error), mend) from error
    finally:
        part.unlink(missing_ok=True)
    return target


def open_recording(path: str | Path) -> Recording:
    """Read a recording that `save` wrote.

    Raises
    ------
    CisternaError
        Not such a file, damaged, of a newer layout, or larger than can be held in memory.
    """
    import xarray as xr

    file = readable_file(path)
    with reading(file, "NetCDF"):
        guard_hdf5(file)
        with xr.open_dataset(
            file, engine="h5netcdf", decode_cf=False, decode_times=False, mask_and_scale=False
        ) as source:
            data = source.load()
        return from_dataset(data, file)


def from_dataset(data: xr.Dataset, file: Path) -> Recording:
    """A Recording from the dataset of a saved file, checked and with text restored."""
    if data.attrs.get(MARK) != LAYOUT:
        found = f"layout {data.attrs[MARK]}" if MARK in data.attrs else "a NetCDF file of another program"
        mend = f"this version reads layout {LAYOUT}; other NetCDF files are read by load()"
        raise CisternaError("not a recording saved here", where=str(file), found=found, mend=mend)
    coords = [str(name) for name in data.variables if name in data.dims]
    data = data.set_coords(coords)
    for name, variable in data.variables.items():
        if variable.dtype.kind in "OST":
            strings = [v.decode() if isinstance(v, bytes) else str(v) for v in variable.values.ravel()]
            text = np.array(strings, dtype=str).reshape(variable.shape)
            data[name] = (variable.dims, text, variable.attrs)
        for key, value in variable.attrs.items():
            if isinstance(value, (np.generic, np.ndarray)) and np.ndim(value) == 0:
                data[name].attrs[key] = np.asarray(value).item()
        data[name].encoding = {}
    provenance = str(data[PROVENANCE].values) if PROVENANCE in data else "{}"
    json.loads(provenance)
    data = data.drop_vars(PROVENANCE, errors="ignore")
    attrs = {str(k): v for k, v in data.attrs.items() if k not in ("Conventions", MARK)}
    data.attrs = attrs | ({PROVENANCE: provenance} if provenance != "{}" else {})
    rec = Recording(data)
    for name in rec.signals:
        axis = rec.dataset[rec.time_dim(name)]
        if axis.dtype.kind != "f" or rec[name].dtype.kind != "f" or axis.ndim != 1:
            raise CisternaError(f"signal '{name}' is not made of numbers over time", where=str(file))
        if axis.size and not (np.all(np.isfinite(axis.values)) and np.all(np.diff(axis.values) > 0)):
            raise CisternaError(f"the times of signal '{name}' do not rise", where=str(file))
        rec[name].values.flags.writeable = False
    return rec
