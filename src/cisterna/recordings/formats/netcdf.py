"""NetCDF-4: recordings saved here, and files of other programs with a time coordinate in a stated unit."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import numpy as np

from cisterna.ground.errors import CisternaError
from cisterna.ground.units import convert, same_dimension
from cisterna.recordings.guard import guard_hdf5
from cisterna.recordings.reader import Ask, Channel, Format, assemble, tidy_unit
from cisterna.recordings.recording import Recording
from cisterna.recordings.store import MARK, from_dataset


class NetCDF(Format):
    """NetCDF-4 (HDF5 inside). A variable is a signal when its first dimension has a time coordinate."""

    name: ClassVar[str] = "netcdf"
    suffixes: ClassVar[tuple[str, ...]] = (".nc", ".nc4")

    def sniff(self, path: Path, head: bytes) -> bool:
        """The HDF5 signature under a NetCDF ending; classic NetCDF is recognised to be refused with advice."""
        classic = head[:4] in (b"CDF\x01", b"CDF\x02", b"CDF\x05")
        return classic or (head.startswith(b"\x89HDF") and path.name.lower().endswith(self.suffixes))

    def read(self, path: Path, ask: Ask) -> Recording:
        """A saved Recording as it was, else every variable over a time coordinate."""
        import xarray as xr

        with path.open("rb") as stream:
            if stream.read(3) == b"CDF":
                raise CisternaError("classic NetCDF is not read", where=str(path), mend="nccopy -k nc4 old.nc new.nc")
        guard_hdf5(path)
        with xr.open_dataset(
            path, engine="h5netcdf", decode_cf=False, decode_times=False, mask_and_scale=False
        ) as source:
            data = source.load()
        if MARK in data.attrs:
            return from_dataset(data, path).with_provenance(own_layout=True)
        channels = []
        for name, variable in data.data_vars.items():
            dim = variable.dims[0] if variable.ndim == 1 else ""
            axis = data.variables.get(dim)
            stated = tidy_unit(str(axis.attrs.get("units", ""))) if axis is not None else ""
            if axis is None or variable.dtype.kind not in "fiu" or axis.dtype.kind not in "fiu":
                continue
            if stated in ("milliseconds", "minutes", "hours"):
                stated = {"milliseconds": "ms", "minutes": "min", "hours": "h"}[stated]
            if not stated or " since " in stated or not same_dimension(stated, "s"):
                continue
            values = np.asarray(variable.values, dtype=np.float64)
            for key in ("_FillValue", "missing_value"):
                if key in variable.attrs:
                    values[values == float(np.ravel(variable.attrs[key])[0])] = np.nan
            scale, offset = (float(variable.attrs.get(k, d)) for k, d in (("scale_factor", 1), ("add_offset", 0)))
            time = np.asarray(axis.values, dtype=np.float64) * convert(1.0, stated, "s")
            time = time - time[0] if time.size else time
            unit = str(variable.attrs.get("units", ""))
            channels.append(Channel(str(name), values * scale + offset, unit, time=time))
        if not channels:
            mend = "a signal needs a 1-D variable whose dimension has a coordinate with units 's'"
            raise CisternaError("no signal over time in the NetCDF file", where=str(path), mend=mend)
        return assemble(channels, path)
