"""Velocity images of phase-contrast MRI made into flow: wraps beyond VENC, background of static tissue.

Velocity is read from an angle: beyond the encoding velocity VENC it wraps by 2 VENC. Eddy currents shift the angle
everywhere, so that static tissue seems to move; taken as flow, a millimetre a second over a canal is a litre a day.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cisterna.ground.errors import CisternaError

Array = NDArray[np.float64]
#: Velocities within this share of VENC may be wrapped ones.
_NEAR = 0.95


@dataclass(frozen=True)
class Aliasing:
    """Wraps of velocities around VENC.

    Attributes
    ----------
    wrapped : array (phase, ...) of bool
        Samples moved by a whole number of 2 VENC.
    near : array (phase, ...) of bool
        Samples within 5 % of VENC: with noise on top these cannot be told from wrapped ones.
    open : array (...) of bool
        Places whose wraps do not cancel over the cycle: not mended, do not use.
    values : array (phase, ...)
        Unwrapped velocities; as they were where `open`.
    """

    wrapped: NDArray[np.bool_]
    near: NDArray[np.bool_]
    open: NDArray[np.bool_]
    values: Array

    @property
    def flagged(self) -> bool:
        """Whether anything wraps or comes close to it."""
        return bool(self.wrapped.any() or self.near.any() or self.open.any())

    def words(self) -> str:
        """One line for a report."""
        if not self.flagged:
            return "no velocity near VENC, no jumps"
        parts = []
        if self.wrapped.any():
            parts.append(f"{int(self.wrapped.sum())} samples wrapped around VENC, mended")
        if self.open.any():
            parts.append(f"{int(self.open.sum())} places with wraps that do not cancel over the cycle, not mended")
        if self.near.any():
            parts.append(f"{int(self.near.sum())} samples within 5 % of VENC")
        return "; ".join(parts)


def find_aliasing(velocity: ArrayLike, venc: float) -> Aliasing:
    """Jumps by more than VENC between successive phases, round the cycle, and what undoes them.

    Parameters
    ----------
    velocity : array (phase,) or (phase, ...)
        As encoded, within -venc to venc, in one unit with `venc`; phases of one whole cycle first.
    venc : float
        Encoding velocity.

    Notes
    -----
    Each place is unwrapped along time from its slowest sample on, which is taken as true. A place that is beyond
    VENC all the time, or changes by more than VENC from phase to phase, cannot be seen here.

    Raises
    ------
    CisternaError
        VENC not above 0, or velocities beyond it: they were unwrapped or scaled already.

    Examples
    --------
    >>> found = find_aliasing([2.0, 6.0, 9.0, -8.0, 8.0, 4.0, -1.0, -2.0], venc=10.0)
    >>> found.wrapped.nonzero()[0].tolist(), found.values.tolist()
    ([3], [2.0, 6.0, 9.0, 12.0, 8.0, 4.0, -1.0, -2.0])
    """
    v = np.asarray(velocity, dtype=np.float64)
    if not (np.isfinite(venc) and venc > 0):
        raise CisternaError("impossible encoding velocity", found=f"{venc:g}", mend="give VENC above 0")
    if v.ndim < 1 or v.shape[0] < 3 or not np.isfinite(v).all():
        raise CisternaError("velocities of three phases or more are needed, none missing", found=f"shape {v.shape}")
    top = float(np.abs(v).max())
    if top > 1.001 * venc:
        mend = "give velocities as encoded, in the unit of VENC"
        raise CisternaError("velocities beyond VENC", found=f"{top:g}, VENC {venc:g}", mend=mend)
    flat = v.reshape(v.shape[0], -1)
    start = np.argmin(np.abs(flat), axis=0)
    order = (start[None, :] + np.arange(flat.shape[0])[:, None]) % flat.shape[0]
    turned = np.take_along_axis(flat, order, axis=0)
    wraps = -np.round(np.diff(turned, axis=0) / (2 * venc))
    back = -np.round((turned[0] - turned[-1]) / (2 * venc))
    count = np.concatenate([np.zeros((1, flat.shape[1])), np.cumsum(wraps, axis=0)])
    is_open = (count[-1] + back) != 0
    count[:, is_open] = 0
    turns = np.empty_like(count)
    np.put_along_axis(turns, order, count, axis=0)
    turns = turns.reshape(v.shape)
    return Aliasing(turns != 0, np.abs(v) >= _NEAR * venc, is_open.reshape(v.shape[1:]), v + 2 * venc * turns)


def background_offset(static: ArrayLike, area: float) -> tuple[float, float]:
    """Apparent flow of static tissue through an area, and its standard error, mL/s.

    Parameters
    ----------
    static : array (pixel,) or (phase, pixel)
        Velocity in a static region beside the vessel or canal, cm/s. Over the phases it is averaged first: the
        error rests on the scatter between pixels.
    area : float
        Area of the region of interest, cm2.

    Examples
    --------
    >>> background_offset([0.1, 0.12, 0.08, 0.1], area=2.0)[0]
    0.2
    """
    v = np.asarray(static, dtype=np.float64)
    pixels = v.mean(axis=0) if v.ndim == 2 else v
    pixels = pixels[np.isfinite(pixels)]
    if pixels.size < 2 or not area > 0:
        found = f"{pixels.size} pixels, area {area:g} cm2"
        raise CisternaError("a static region of two pixels or more and an area above 0 are needed", found=found)
    return float(pixels.mean() * area), float(pixels.std(ddof=1) / np.sqrt(pixels.size) * area)


def region_flow(velocity: ArrayLike, pixel_area: float) -> Array:
    """Flow of a region, mL/s: velocities (phase, pixel) in cm/s times the area of a pixel (cm2), summed.

    Examples
    --------
    >>> region_flow([[1.0, 2.0], [3.0, 4.0]], 0.01).round(3).tolist()
    [0.03, 0.07]
    """
    v = np.asarray(velocity, dtype=np.float64)
    if v.ndim != 2 or not pixel_area > 0:
        raise CisternaError("velocities (phase, pixel) and an area above 0 are needed", found=f"shape {v.shape}")
    return np.asarray(v.sum(axis=1) * pixel_area)
