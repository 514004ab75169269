"""NumPy files (.npy): one array of samples; the unit and the rate must be said, the file cannot say them."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import numpy as np

from cisterna.ground.errors import CisternaError
from cisterna.recordings.guard import guard_size
from cisterna.recordings.reader import Ask, Channel, Format, assemble
from cisterna.recordings.recording import Recording
from cisterna.recordings.sidecar import sidecar


class Npy(Format):
    """A 1-D array of numbers. Unit, rate and name come from `<file>.json` or from the call."""

    name: ClassVar[str] = "numpy"
    suffixes: ClassVar[tuple[str, ...]] = (".npy",)

    def sniff(self, path: Path, head: bytes) -> bool:
        """The NumPy signature."""
        return head.startswith(b"\x93NUMPY")

    def read(self, path: Path, ask: Ask) -> Recording:
        """The array as one channel named by `columns`, the side-car or the file."""
        car = sidecar(path)
        said = car.over(ask)
        with path.open("rb") as stream:
            version = np.lib.format.read_magic(stream)
            header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
            shape, _, dtype = header(stream)
            begin = stream.tell()
        if dtype.kind not in "fiub" or len(shape) != 1:
            found = f"{dtype} of shape {shape}"
            raise CisternaError("not one signal of numbers", str(path), found, "save one 1-D array a file")
        guard_size(shape[0] * 8.0, path, "the array")
        if path.stat().st_size < begin + shape[0] * dtype.itemsize:
            found = f"{path.stat().st_size - begin} of {shape[0] * dtype.itemsize} bytes"
            raise CisternaError("the file is cut short", str(path), found, "copy it again from its source")
        values = np.fromfile(path, dtype, shape[0], offset=begin).astype(np.float64)
        own = said.columns[0] if said.columns else path.stem
        if said.rate is None:
            raise CisternaError("a .npy file states no rate", str(path), mend="give rate=<Hz>, e.g. rate=1000")
        if not said.units:
            mend = "give units='mmHg', or units='none' for an uncalibrated signal"
            raise CisternaError("a .npy file states no unit", where=str(path), mend=mend)
        unit = car.units.get(own, car.units.get("", ""))
        return assemble([Channel(own, values, unit, said.rate)], path)
