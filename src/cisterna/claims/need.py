"""The required value of a claim: how far a key parameter must lie for the verdict to change.

One at a time: the multiple m_i with y(m_i p_i) = y_s, scanned over 1e-9..1e9 and closed in on to 1 %.
Jointly: the smallest departure, D^2 = sum (ln m_i / s_i)^2 subject to y = y_s, s_i = ln(high / low) / 3.29,
found as the design point of reliability analysis (Hasofer-Lind, Rackwitz-Fiessler), with damped steps.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from cisterna.claims.key import Key

#: Multiples scanned: from 10^-DECADES to 10^DECADES, POINTS of them, with 1 in the middle.
DECADES, POINTS = 9.0, 65
_TURNS, _STEP, _CLOSE = 40, 1e-3, 1e-3

#: Output for arrays of multiples of the keys.
Output = Callable[[Mapping[str, np.ndarray]], np.ndarray]


@dataclass(frozen=True)
class Need:
    """What one key parameter would have to be.

    Attributes
    ----------
    key : Key
    multiple, value : float or None
        Needed multiple of the default, and needed value in the key's unit; None where none reaches the level.
    inside : bool
        Whether it lies inside the range it is judged by.
    ceiling, ceiling_at : float
        Output nearest the level in the scan, and the multiple that gives it.
    taught : float or None
        Value in the world as taught.
    scan : tuple of 2 arrays
        Multiples and outputs.
    """

    key: Key
    multiple: float | None
    value: float | None
    inside: bool
    ceiling: float
    ceiling_at: float
    taught: float | None = None
    scan: tuple[np.ndarray, np.ndarray] = field(default=(np.zeros(0), np.zeros(0)), repr=False)


@dataclass(frozen=True)
class Joint:
    """The smallest joint departure that reaches the level.

    Attributes
    ----------
    distance : float or None
        D, in standard deviations of ln(value); None where no combination was found.
    multiples : dict
        Key id -> multiple.
    left_out : tuple of str
        Keys without a range, held at their default.
    """

    distance: float | None
    multiples: dict[str, float]
    left_out: tuple[str, ...]


def need_of(output: Output, key: Key, level: float, taught: float | None = None) -> Need:
    """The required value of one key, the others at their defaults.

    Examples
    --------
    >>> need = need_of(lambda m: 0.01 * m["k"] ** 2, Key("k", "k", "1", 5.0, 1.0, 10.0), 1.0)
    >>> round(need.multiple, 2), round(need.value, 1), need.inside
    (10.0, 50.0, False)
    """
    grid = np.logspace(-DECADES, DECADES, POINTS)

    def at(multiples: np.ndarray) -> np.ndarray:
        return np.asarray(output({key.id: multiples}), dtype=float)

    values = at(grid)
    low, high = _bracket(grid, values, level)
    nearest = int(np.nanargmin(np.abs(values - level)))
    multiple = None
    if low is not None and high is not None:
        while high / low > 1.005:
            fine = np.geomspace(low, high, POINTS)
            low_new, high_new = _bracket(fine, at(fine), level)
            if low_new is None or high_new is None:
                break
            low, high = low_new, high_new
        multiple = float(np.sqrt(low * high))
    value = None if multiple is None else multiple * key.default
    return Need(
        key, multiple, value, value is not None and key.holds(value),
        float(values[nearest]), float(grid[nearest]), taught, (grid, values),
    )  # fmt: skip


def _bracket(grid: np.ndarray, values: np.ndarray, level: float) -> tuple[float | None, float | None]:
    """Neighbours between which the level is crossed, nearest to 1."""
    over = values - level
    good = np.isfinite(over[:-1]) & np.isfinite(over[1:])
    crossed = np.flatnonzero(good & (over[:-1] * over[1:] <= 0.0) & (over[:-1] != over[1:]))
    if crossed.size == 0:
        return None, None
    middle = 0.5 * (np.log(grid[crossed]) + np.log(grid[crossed + 1]))
    k = int(crossed[np.argmin(np.abs(middle))])
    return float(grid[k]), float(grid[k + 1])


def joint_of(output: Output, keys: Sequence[Key], level: float, needs: Sequence[Need]) -> Joint:
    """The smallest joint departure of all keys that have a range.

    Examples
    --------
    >>> keys = [Key("a", "a", "1", 1.0, 0.5, 2.0), Key("b", "b", "1", 1.0, 0.5, 2.0)]
    >>> joint = joint_of(lambda m: m["a"] * m["b"], keys, 100.0, [])
    >>> round(joint.distance, 2), [round(m, 1) for m in joint.multiples.values()]
    (7.73, [10.0, 10.0])
    """
    ranged = [key for key in keys if key.spread > 0.0]
    left_out = tuple(key.id for key in keys if key.spread == 0.0)
    s = np.array([key.spread for key in ranged])

    def multiples(u: np.ndarray) -> dict[str, np.ndarray]:
        wide = np.exp(np.clip(u * s, -DECADES * np.log(10.0), DECADES * np.log(10.0)))
        return {key.id: wide[:, i] for i, key in enumerate(ranged)}

    def gap(u: np.ndarray) -> np.ndarray:
        """0 at the level; logarithmic where output and level have one sign, so that decades count alike."""
        y = np.asarray(output(multiples(u)), dtype=float)
        same = y * level > 0.0
        return np.where(same, np.log(np.where(same, y / level, 1.0)), (y - level) / max(abs(level), 1e-300))

    best: np.ndarray | None = None
    for need in needs:
        place = [key.id for key in ranged].index(need.key.id) if need.key.spread > 0.0 else None
        if place is not None and need.multiple is not None:
            single = np.zeros(len(ranged))
            single[place] = np.log(need.multiple) / s[place]
            if best is None or single @ single < best @ best:
                best = single
    found = _design_point(gap, len(ranged)) if ranged else None
    if found is not None and (best is None or found @ found < best @ best):
        best = found
    if best is None:
        return Joint(None, {}, left_out)
    chosen = {key.id: float(m[0]) for key, m in zip(ranged, multiples(best[None]).values(), strict=True)}
    return Joint(float(np.sqrt(best @ best)), chosen, left_out)


def _design_point(gap: Callable[[np.ndarray], np.ndarray], size: int) -> np.ndarray | None:
    """Point of gap = 0 nearest the origin, or None."""
    u = np.zeros(size)
    for _ in range(_TURNS):
        near = np.vstack([u, u + _STEP * np.eye(size)])
        # Padded to one size, so that a compiled output serves every call.
        values = gap(np.vstack([near, np.repeat(u[None], POINTS - len(near), axis=0)]))[: len(near)]
        if not np.isfinite(values).all():
            return None
        here, slope = values[0], (values[1:] - values[0]) / _STEP
        steep = float(slope @ slope)
        if steep == 0.0:
            return None
        goal = (slope @ u - here) / steep * slope
        move = goal - u
        if abs(here) < _CLOSE and float(np.abs(move).max()) < 0.01:
            return u
        # A step of at most a few standard deviations: far from the level the slope is only local.
        u = u + move * min(1.0, 3.0 / max(float(np.abs(move).max()), 1e-12))
    return u if abs(float(gap(np.repeat(u[None], POINTS, axis=0))[0])) < 10.0 * _CLOSE else None
