"""What a test gives without a model of its course: plateau, jump of a bolus, steps of constant pressure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cisterna.ground.errors import CisternaError
from cisterna.signals.infusion.noise import mean_error
from cisterna.signals.infusion.posterior import TWO_SIDED, Blocks
from cisterna.signals.result import Result

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Level:
    """Mean pressure of a stretch with its standard error under autocorrelated noise, mmHg."""

    value: float
    error: float
    count: int
    span: tuple[float, float]

    @property
    def ends(self) -> tuple[float, float]:
        """95 % interval."""
        return self.value - TWO_SIDED * self.error, self.value + TWO_SIDED * self.error


def level(blocks: Blocks, start: float, stop: float, noise: Array) -> Level:
    """Mean of the blocks that lie between two times (s); NaN where none was recorded.

    Parameters
    ----------
    noise : array (3,)
        White and slow standard deviation (mmHg), correlation time (s).
    """
    inside = (blocks.edges[:-1] >= start - 1e-6) & (blocks.edges[1:] <= stop + 1e-6) & blocks.good
    count = int(inside.sum())
    value = float(blocks.values[inside].mean()) if count else float("nan")
    return Level(value, mean_error(noise, blocks.step, count), count, (start, stop))


def plateau_resistance(rest: Level, plateau: Level, rate: float, channel: str) -> Result:
    """Rout = (plateau - rest) / rate (Katzman & Hussey 1970 Neurology 20:534 doi:10.1212/wnl.20.6.534).

    Parameters
    ----------
    rate : float
        mL/min.

    Examples
    --------
    >>> r = plateau_resistance(Level(9.0, 0.2, 30, (0, 300)), Level(24.0, 0.3, 18, (900, 1080)), 1.5, "icp")
    >>> round(r.value, 2), round(r.low, 2), round(r.high, 2)
    (10.0, 9.53, 10.47)
    """
    value = (plateau.value - rest.value) / rate
    error = TWO_SIDED * float(np.hypot(rest.error, plateau.error)) / abs(rate)
    a, b = plateau.span
    note = f"(mean pressure {a:.0f}-{b:.0f} s less rest) / {rate:g} mL/min; slow waves in the interval"
    return Result(
        "rout_static", channel, value, "mmHg/(mL/min)", value - error, value + error, plateau.count + rest.count, note
    )


def bolus_index(rest: float, peak: float, volume: float, p0: float = 0.0) -> float:
    """Pressure-volume index (mL) from the jump of a bolus: V / log10((peak - p0)/(rest - p0)).

    With p0 = 0 it is the index of Marmarou et al. 1978 (J Neurosurg 48:332 doi:10.3171/jns.1978.48.3.0332).

    Raises
    ------
    CisternaError
        The pressure did not move in the direction of the volume, or lies below p0.

    Examples
    --------
    >>> round(bolus_index(10.0, 14.27, 4.0), 1)
    25.9
    """
    if not (rest > p0 and peak > p0 and (peak - rest) * volume > 0):
        found = f"{rest:g} to {peak:g} mmHg with {volume:g} mL, p0 {p0:g} mmHg"
        raise CisternaError("no index from this jump of pressure", found=found, mend="check volume and pressures")
    return float(volume / np.log10((peak - p0) / (rest - p0)))


def bolus_resistance(rest: float, peak: float, later: float, minutes: float, pvi: float, p0: float = 0.0) -> float:
    """Outflow resistance (mmHg/(mL/min)) from the return of the pressure after a bolus.

    R = t (rest - p0) / (PVI log10[ (u(t)/u_peak) (u_peak - u_rest)/(u(t) - u_rest) ]), u = p - p0
    (Marmarou et al. 1978 J Neurosurg 48:332 doi:10.3171/jns.1978.48.3.0332).

    Parameters
    ----------
    rest, peak, later : float
        Pressure before, right after, and `minutes` after the bolus, mmHg.

    Examples
    --------
    >>> from cisterna.signals.infusion.marmarou import Marmarou, Pump
    >>> space = Marmarou(rout=9.0, elastance=0.09, p0=0.0, baseline=10.0)
    >>> peak, later = space.pressure([0.001, 240.0], [Pump.bolus(0.0, 4.0, over=0.001)])
    >>> round(bolus_resistance(10.0, peak, later, 4.0, space.pvi), 3)
    9.0
    """
    u, top, now = rest - p0, peak - p0, later - p0
    inside = (now / top) * (top - u) / (now - u) if now != u else np.inf
    if not (u > 0 and np.isfinite(inside) and inside > 1):
        found = f"{rest:g}, {peak:g}, {later:g} mmHg"
        mend = "take a time on the way back to rest"
        raise CisternaError("the pressure did not return between peak and rest", found=found, mend=mend)
    return float(minutes * u / (pvi * np.log10(inside)))


def constant_pressure(
    pressures: ArrayLike, flows: ArrayLike, *, rest: float | None = None, channel: str = "icp"
) -> tuple[Result, Result]:
    """Rout and resting pressure from an infusion that held the pressure at several levels.

    The flow that holds a level is (p - pb)/Rout: a line whose slope is the conductance (Ekstedt 1977 J Neurol
    Neurosurg Psychiatry 40:105 doi:10.1136/jnnp.40.2.105). With and without the measured rest the answer may
    differ (Andersson et al. 2011 Fluids Barriers CNS 8:15 doi:10.1186/2045-8118-8-15).

    Parameters
    ----------
    pressures, flows : array (level,)
        Mean pressure (mmHg) and net flow into the CSF space (mL/min) of each level.
    rest : float, optional
        Measured resting pressure (mmHg), taken as a level with flow 0.

    Returns
    -------
    rout, icp_baseline : Result

    Raises
    ------
    CisternaError
        Fewer than three levels, or a flow that does not rise with the pressure.

    Examples
    --------
    >>> rout, rest = constant_pressure([13.0, 17.0, 21.0, 25.0], [0.4, 0.8, 1.2, 1.6])
    >>> round(rout.value, 6), round(rest.value, 6)
    (10.0, 9.0)
    """
    from scipy.stats import t as student

    p, q = (np.asarray(v, dtype=np.float64) for v in (pressures, flows))
    if rest is not None:
        p, q = np.append(p, rest), np.append(q, 0.0)
    if p.shape != q.shape or p.ndim != 1 or p.size < 3 or not np.isfinite([p, q]).all():
        found = f"pressures {p.shape}, flows {q.shape}"
        raise CisternaError("three levels or more are needed, a pressure and a flow each", found=found)
    spread = float(np.sum((p - p.mean()) ** 2))
    slope = float((p - p.mean()) @ (q - q.mean())) / spread if spread > 0 else 0.0
    if slope <= 0:
        raise CisternaError("the flow does not rise with the pressure", found=f"slope {slope:g} mL/min/mmHg")
    miss = q - q.mean() - slope * (p - p.mean())
    degrees = p.size - 2
    error = float(np.sqrt(np.sum(miss**2) / degrees))
    wide = float(student.ppf(0.975, degrees))
    slope_error = wide * error / np.sqrt(spread)
    steep, flat = slope + slope_error, slope - slope_error
    note = f"inverse slope of flow against pressure, {p.size} levels" + ("" if rest is None else ", rest among them")
    rout = Result(
        "rout", channel, 1 / slope, "mmHg/(mL/min)", 1 / steep, 1 / flat if flat > 0 else np.inf, p.size, note
    )
    # Where the line meets zero flow; interval by Fieller's theorem.
    zero = p.mean() - q.mean() / slope
    g = (slope_error / slope) ** 2
    if g < 1:
        off = (zero - p.mean()) / (1 - g)
        reach = wide * error / slope / (1 - g) * np.sqrt((zero - p.mean()) ** 2 / spread + (1 - g) / p.size)
        low, high = p.mean() + off - reach, p.mean() + off + reach
    else:
        low, high = -np.inf, np.inf
    note = f"pressure at which the line of flow against pressure meets zero, {p.size} levels"
    return rout, Result("icp_baseline", channel, float(zero), "mmHg", float(low), float(high), p.size, note)
