"""The header and voxels of a NIfTI-1 file (Cox et al. 2004, nifti.nimh.nih.gov), as far as a flow needs them."""

from __future__ import annotations

import gzip
import math
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cisterna.ground.errors import CisternaError
from cisterna.recordings.guard import guard_size

HEADER = 348
#: Code of the voxels -> NumPy type without byte order.
TYPES = {2: "u1", 4: "i2", 8: "i4", 16: "f4", 64: "f8", 256: "i1", 512: "u2", 768: "u4", 1024: "i8", 1280: "u8"}
#: Code of the unit of length -> cm, of time -> s.
LENGTHS, TIMES = {1: 100.0, 2: 0.1, 3: 1e-4}, {8: 1.0, 16: 1e-3, 24: 1e-6}
_FIELDS = {
    "dim": (40, "i2", 8), "datatype": (70, "i2", 1), "pixdim": (76, "f4", 8), "offset": (108, "f4", 1),
    "slope": (112, "f4", 1), "inter": (116, "f4", 1), "units": (123, "u1", 1), "sform": (254, "i2", 1),
    "srow": (280, "f4", 12),
}  # fmt: skip


@dataclass(frozen=True)
class Image:
    """A NIfTI-1 file, its voxels raw.

    Attributes
    ----------
    voxels : array (x, y, z, time)
        As the file holds them.
    slope, inter : float
        value = slope * voxel + inter; 1 and 0 where the file states none.
    size : (float, float, float) or None
        Lengths of a voxel, cm; None where the file states no unit.
    step : float or None
        s from image to image; None where the file states no unit of time, or 0.
    place : array (3, 4) or None
        Voxel to space (unit of the file), where it is stated.
    """

    voxels: NDArray[np.generic]
    slope: float
    inter: float
    size: tuple[float, float, float] | None
    step: float | None
    place: NDArray[np.float64] | None

    def values(self, where: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Scaled values (voxel, time) of the voxels where a mask (x, y, z) holds."""
        return np.asarray(self.slope * self.voxels[where].astype(np.float64) + self.inter)


def order_of(head: bytes) -> str:
    """Byte order of a NIfTI-1 header (of a compressed file as well), "" for anything else.

    Examples
    --------
    >>> order_of((348).to_bytes(4, "big") + bytes(340) + b"n+1" + bytes(1)), order_of(b"PK")
    ('>', '')
    """
    if head[:2] == b"\x1f\x8b":
        try:
            head = zlib.decompressobj(31).decompress(head, HEADER)
        except zlib.error:
            return ""
    if head[344:348] not in (b"n+1\x00", b"ni1\x00"):
        return ""
    return {(348).to_bytes(4, "little"): "<", (348).to_bytes(4, "big"): ">"}.get(head[:4], "")


def read_image(file: Path) -> Image:
    """Read one file.

    Raises
    ------
    CisternaError
        Not NIfTI-1 in one file, a kind of voxel that is no plain number, too large, or cut short.
    """
    with file.open("rb") as raw:
        packed = raw.read(2) == b"\x1f\x8b"
    with gzip.open(file, "rb") if packed else file.open("rb") as stream:
        head = stream.read(HEADER)
        order = order_of(head)
        if not order or head[344:348] != b"n+1\x00":
            mend = "save the image as NIfTI-1 in one file (.nii or .nii.gz)"
            raise CisternaError("the file is not NIfTI-1 in one file", where=str(file), mend=mend)
        field = {k: np.frombuffer(head, order + t, n, at).astype(np.float64) for k, (at, t, n) in _FIELDS.items()}
        count = int(field["dim"][0])
        shape = [int(n) for n in field["dim"][1 : max(count, 0) + 1]]
        kind = TYPES.get(int(field["datatype"][0]))
        if not 1 <= count <= 7 or any(n < 1 for n in shape) or math.prod(shape[4:]) != 1:
            found = " x ".join(map(str, shape)) or str(count)
            raise CisternaError("the image has no shape of space and time", str(file), found, "give x, y, z and time")
        if kind is None:
            found = f"datatype {field['datatype'][0]:g}"
            raise CisternaError("the voxels are no plain numbers", str(file), found, "save them as integers or floats")
        shape = (shape + [1, 1, 1])[:4]
        wanted = math.prod(shape) * int(kind[1])
        guard_size(wanted, file, "the image")
        start = float(field["offset"][0])
        if not (np.isfinite(start) and HEADER <= start <= HEADER + 64 * 1024**2):
            raise CisternaError("the header says no place of the voxels", where=str(file), found=f"{start:g}")
        stream.read(int(start) - HEADER)
        data = stream.read(wanted)
    if len(data) < wanted:
        found = f"{len(data)} of {wanted} bytes"
        raise CisternaError("the image is cut short", str(file), found, "copy it again from its source")
    voxels = np.frombuffer(data, order + kind).reshape(shape, order="F")
    slope, inter = float(field["slope"][0]), float(field["inter"][0])
    if not (np.isfinite(slope) and np.isfinite(inter)) or slope == 0.0:
        slope, inter = 1.0, 0.0  # as the format says of a slope of 0
    units = int(field["units"][0])
    length, time = LENGTHS.get(units & 7), TIMES.get(units & 56)
    sides = np.abs(field["pixdim"][1:4])
    step = float(field["pixdim"][4])
    sound = length is not None and bool(np.isfinite(sides).all() and np.all(sides > 0))
    place = field["srow"].reshape(3, 4) if field["sform"][0] > 0 and np.isfinite(field["srow"]).all() else None
    return Image(
        voxels, slope, inter,
        (float(sides[0] * length), float(sides[1] * length), float(sides[2] * length)) if sound and length else None,
        step * time if time is not None and np.isfinite(step) and step > 0 else None,
        place,
    )  # fmt: skip
