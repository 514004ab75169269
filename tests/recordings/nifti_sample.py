"""Velocity images of flow in round tubes, written here byte by byte as NIfTI-1; nobody was scanned."""

from __future__ import annotations

import gzip
import json
import struct
from pathlib import Path
from typing import Any

import numpy as np

FRAMES, CYCLE, VOXEL = 24, 0.96, 0.5  # mm
SHAPE = (40, 36, 1)
#: Tubes: centre (voxels), radius (voxels), peak velocity (cm/s), mean velocity (cm/s).
TUBES = {1: ((12.0, 18.0), 6.0, 4.0, 0.5), 2: ((29.0, 17.0), 4.0, -9.0, 1.0)}


def velocities() -> tuple[np.ndarray, np.ndarray]:
    """Velocity (x, y, z, time) in cm/s, parabolic in each tube, and the labels (x, y, z)."""
    x, y = np.meshgrid(np.arange(SHAPE[0]), np.arange(SHAPE[1]), indexing="ij")
    wave = np.sin(2 * np.pi * np.arange(FRAMES) / FRAMES)
    out, labels = np.zeros((*SHAPE, FRAMES)), np.zeros(SHAPE)
    for n, ((a, b), radius, peak, mean) in TUBES.items():
        r2 = ((x - a) ** 2 + (y - b) ** 2) / radius**2
        inside = r2 <= 1.0
        out[:, :, 0] += np.where(inside, 1.0 - r2, 0.0)[..., None] * (peak * wave + mean)
        labels[:, :, 0][inside] = n
    return out, labels


def nifti(
    data: np.ndarray, order: str = "<", slope: float = 1.0, inter: float = 0.0, pixdim: tuple[float, ...] = (),
    units: int = 2 | 16, magic: bytes = b"n+1\x00", sform: np.ndarray | None = None,
) -> bytes:  # fmt: skip
    """The bytes of a file: header of 348 bytes, four of no extension, voxels with x fastest."""
    codes = {"u1": 2, "i2": 4, "i4": 8, "f4": 16, "f8": 64, "u2": 512}
    kind = f"{data.dtype.kind}{data.dtype.itemsize}"
    head = bytearray(348)
    struct.pack_into(f"{order}i", head, 0, 348)
    struct.pack_into(f"{order}8h", head, 40, data.ndim, *data.shape, *[1] * (7 - data.ndim))
    struct.pack_into(f"{order}2h", head, 70, codes[kind], 8 * data.dtype.itemsize)
    sides = pixdim or (VOXEL, VOXEL, 5.0, 1000.0 * CYCLE / FRAMES)
    struct.pack_into(f"{order}8f", head, 76, 1.0, *sides, *[0.0] * (7 - len(sides)))
    struct.pack_into(f"{order}3f", head, 108, 352.0, slope, inter)
    head[123] = units
    head[148:156] = b"Jane Doe"  # the description: some scanners write a person there
    if sform is not None:
        struct.pack_into(f"{order}h", head, 254, 1)
        struct.pack_into(f"{order}12f", head, 280, *np.ravel(sform))
    head[344:348] = magic
    return bytes(head) + bytes(4) + data.astype(f"{order}{kind}").tobytes(order="F")


def write_pair(
    folder: Path, *, packed: bool = True, order: str = "<", said: dict[str, Any] | None = None, steps: float = 100.0,
    velocity: np.ndarray | None = None, **header: Any,
) -> Path:  # fmt: skip
    """Image of 16-bit integers (`steps` a cm/s), regions and side-car; gives the image."""
    own, labels = velocities()
    raw = np.round((own if velocity is None else velocity) * steps).astype(np.int16)
    ending = ".nii.gz" if packed else ".nii"
    pack = (lambda b: gzip.compress(b, mtime=0)) if packed else bytes
    file = folder / f"velocity{ending}"
    file.write_bytes(pack(nifti(raw, order, slope=1.0 / steps, **header)))
    (folder / f"velocity_roi{ending}").write_bytes(pack(nifti(labels.astype(np.uint8), order, slope=0.0)))
    told = {"kind": "flow curve", "units": "cm/s", "venc": 12, "regions": {"1": "aqueduct", "2": "canal"}}
    (folder / "velocity.json").write_text(json.dumps(told if said is None else said))
    return file
