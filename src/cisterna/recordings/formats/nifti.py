"""Flow over a cardiac cycle from phase-contrast MRI: velocities in a NIfTI-1 image and regions in another.

What an image cannot say stands in the side-car beside it, ``{"kind": "flow curve", ...}``:

- ``roi``: the image of regions in the same folder (whole numbers, 0 outside), else ``<name>_roi.nii.gz`` or ``.nii``;
  ``regions``: names by number, ``{"1": "aqueduct"}``;
- ``units``: the unit of the velocities (``cm/s``), or ``venc`` (cm/s) with ``phase``, the value that stands for it;
- ``cycle``: its length (s), where the image states no time from frame to frame.

The flow of a region is the sum of its velocities times the area of a voxel. Nothing is turned round, unwrapped or
corrected; voxels whose velocity jumps by more than ``venc`` from frame to frame are counted and told as aliased.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from cisterna.ground.errors import CisternaError
from cisterna.ground.units import convert, same_dimension
from cisterna.recordings.formats._nifti import Image, order_of, read_image
from cisterna.recordings.reader import Ask, Channel, Format, assemble, printable, tidy_unit
from cisterna.recordings.recording import Recording

#: Largest side-car (bytes), and most regions of one image.
_LARGEST, _MOST = 1_000_000, 64
#: Two images lie in one place when their corners are this near (voxels).
_APART = 0.5
_UNIT = "cm/s"


class NIfTI(Format):
    """Velocities of phase-contrast MRI with regions: a flow curve for each region."""

    name: ClassVar[str] = "nifti"
    suffixes: ClassVar[tuple[str, ...]] = (".nii", ".nii.gz")

    def sniff(self, path: Path, head: bytes) -> bool:
        """By the header."""
        return bool(order_of(head))

    def read(self, path: Path, ask: Ask) -> Recording:
        """Flow (mL/s) by region; provenance `flow_curve` holds the cycle (s), areas and what is aliased."""
        said = _said(path)
        image = read_image(path)
        if image.voxels.shape[3] < 2:
            mend = "give the velocities of all frames as one image x, y, z, time"
            raise CisternaError("the image holds no frames over time", str(path), str(image.voxels.shape), mend)
        regions = _regions(path, image, said)
        velocity, venc = _scale(path, said)
        step, cycle = _time(path, image, said)
        if image.size is None:
            mend = "save the image with its voxel size in mm"
            raise CisternaError("the image states no size of a voxel", where=str(path), mend=mend)
        area = image.size[0] * image.size[1]
        channels, about = [], {}
        for name, where in regions.items():
            values = velocity * image.values(where)
            flow = area * values.sum(axis=0)
            facts: dict[str, Any] = {"voxels": int(where.sum()), "area_cm2": float(area * where.sum())}
            quality = ""
            if venc is not None:
                facts["aliased_voxels"] = wrapped = int(aliased(values, venc).sum())
                if wrapped:
                    quality = f"aliased: {wrapped} of {len(values)} voxels jump by more than the venc of {venc:g} cm/s"
            about[name] = facts
            channels.append(Channel(f"{name} flow", flow, "mL/s", 1.0 / step, quality=quality))
        notes = [] if venc is not None else ["no venc is stated: aliasing was not looked for"]
        curve = {
            "axis": "time", "cycle_s": cycle, "region": ", ".join(regions)[:80], "venc_cm_s": venc, "regions": about
        }  # fmt: skip
        return assemble(channels, path, notes=notes, flow_curve=curve)


def aliased(velocity: NDArray[np.float64], venc: float) -> NDArray[np.bool_]:
    """Which voxels (voxel, time) jump by more than `venc` between neighbours in time, the cycle closed.

    A velocity beyond venc is written as one lower by 2 venc: entering and leaving it is a jump of more than venc.

    Examples
    --------
    >>> smooth = 8.0 * np.sin(2 * np.pi * np.arange(20) / 20)
    >>> folded = (1.5 * smooth + 10.0) % 20.0 - 10.0
    >>> aliased(np.stack([smooth, folded]), 10.0).tolist()
    [False, True]
    """
    steps = np.diff(velocity, axis=1, append=velocity[:, :1])
    return np.asarray(np.any(np.abs(steps) > venc, axis=1))


def _said(path: Path) -> dict[str, Any]:
    file = _beside(path, ".json")
    if not file.is_file():
        return {}
    try:
        if file.stat().st_size > _LARGEST:
            raise ValueError("too large")
        said = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        mend = 'write e.g. {"kind": "flow curve", "units": "cm/s", "roi": "roi.nii.gz"}'
        raise CisternaError("the side-car cannot be read", str(file), str(error)[:160], mend) from error
    if not isinstance(said, dict):
        raise CisternaError("the side-car is not a JSON object", where=str(file), found=type(said).__name__)
    return said


def _beside(path: Path, ending: str) -> Path:
    return path.with_name(path.name.removesuffix(".gz").removesuffix(".nii") + ending)


def _regions(path: Path, image: Image, said: dict[str, Any]) -> dict[str, NDArray[np.bool_]]:
    """Mask (x, y, z) of each region by its name."""
    own = said.get("roi")
    if own is None:
        files = [f for f in (_beside(path, "_roi.nii.gz"), _beside(path, "_roi.nii")) if f.is_file()]
    else:
        # Only beside the image: a side-car does not reach into other folders.
        files = [path.with_name(own)] if isinstance(own, str) and own == Path(own).name and own else []
        files = [f for f in files if f.is_file()]
    if not files:
        mend = 'draw it as an image of 0 and 1, and say {"kind": "flow curve", "roi": "roi.nii.gz"} in the side-car'
        raise CisternaError("the velocities have no region", str(path), str(own or "no _roi file")[:80], mend)
    mask = read_image(files[0])
    if mask.voxels.shape != (*image.voxels.shape[:3], 1):
        shapes = f"{mask.voxels.shape} and {image.voxels.shape}"
        raise CisternaError("the regions are not on the voxels of the image", str(files[0]), shapes)
    if mask.place is not None and image.place is not None:
        corners = np.array([[0, 0, 0, 1], [*image.voxels.shape[:3], 1]], dtype=np.float64)
        off = np.abs(corners @ (mask.place - image.place).T).max()
        if off > _APART * np.linalg.norm(image.place[:, :3], axis=0).min():
            raise CisternaError("the regions lie elsewhere in space than the image", str(files[0]), f"{off:.3g} apart")
    labels = mask.values(np.ones(mask.voxels.shape[:3], dtype=bool))[:, 0].reshape(mask.voxels.shape[:3])
    numbers = np.unique(labels)
    if not np.isfinite(numbers).all() or np.any(numbers != np.round(numbers)) or np.any(numbers < 0):
        raise CisternaError("the regions are no whole numbers", str(files[0]), mend="0 outside, 1, 2, ... inside")
    inside = [int(n) for n in numbers if n > 0]
    if not 1 <= len(inside) <= _MOST:
        raise CisternaError("the image of regions holds none, or too many", str(files[0]), f"{len(inside)} regions")
    names = said.get("regions", {})
    found: dict[str, NDArray[np.bool_]] = {}
    for n in inside:
        where = labels == n
        if np.any(where, axis=(0, 1)).sum() != 1:
            mend = "draw each region in one slice: the flow is that through the slice"
            raise CisternaError(f"region {n} lies in several slices", where=str(files[0]), mend=mend)
        text = printable(str(names.get(str(n), ""))) if isinstance(names, dict) else ""
        text = text or (f"region {n}" if len(inside) > 1 else "region")
        found[text if text not in found else f"{text} {n}"] = where
    return found


def _scale(path: Path, said: dict[str, Any]) -> tuple[float, float | None]:
    """cm/s for one unit of the values, and venc (cm/s) where it is stated."""
    venc = _number(path, said, "venc")
    phase = _number(path, said, "phase")
    unit = said.get("units")
    if isinstance(unit, str):
        unit = tidy_unit(unit)
        if not unit or not same_dimension(unit, _UNIT):
            raise CisternaError("the velocities are in no unit of velocity", where=str(path), found=unit[:40])
        return float(convert(1.0, unit, _UNIT)), venc
    if venc is not None and phase is not None:
        return venc / phase, venc
    mend = 'say {"kind": "flow curve", "units": "cm/s"} or {"venc": 10, "phase": 4096} in the side-car'
    raise CisternaError("the velocities have no unit", where=str(path), mend=mend)


def _time(path: Path, image: Image, said: dict[str, Any]) -> tuple[float, float]:
    """s from frame to frame, and the cycle."""
    cycle = _number(path, said, "cycle")
    frames = image.voxels.shape[3]
    if cycle is None and image.step is None:
        mend = 'say {"kind": "flow curve", "cycle": 0.9} in the side-car (s)'
        raise CisternaError("the image states no time from frame to frame", where=str(path), mend=mend)
    if cycle is None:
        return float(image.step or np.nan), frames * float(image.step or np.nan)
    if image.step is not None and abs(frames * image.step / cycle - 1.0) <= 0.05:
        return image.step, cycle
    # Frames of a gated image are spread over the cycle; a time that does not fit it is that of the scan.
    return cycle / frames, cycle


def _number(path: Path, said: dict[str, Any], key: str) -> float | None:
    value = said.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < 1e6:
        raise CisternaError(f"the side-car's '{key}' is no number above 0", where=str(path), found=str(value)[:40])
    return float(value)
