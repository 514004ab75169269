"""Pressure of one CSF space with an exponential pressure-volume curve, exactly, under any stepwise pump.

With u = p - p0, E the elastance coefficient (1/mL), R the outflow resistance and q the pump's rate:

    du/dt = E u (a - u/R),      a = q + (pb - p0)/R

(Marmarou, Shulman & Rosende 1978 J Neurosurg 48:332 doi:10.3171/jns.1978.48.3.0332; Avezaat & van Eijndhoven
1984). The reciprocal w = 1/u obeys a linear equation, so every stretch of steady pumping has the closed form

    w(t) = w(0) exp(-E a t) + E t/R phi(E a t),      phi(x) = (1 - exp(-x))/x

and the stored volume is V = ln(u)/E, so that the mean pressure over an interval follows from the balance of
volume: no quadrature. Formation enters only through pb: (pb - p0)/R is the formation rate **if** absorption
begins at p0; with another outlet pressure the same curve belongs to another rate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cisterna.ground.errors import CisternaError

Array = NDArray[np.float64]
#: PVI E = 1/log10(e): a volume of PVI multiplies p - p0 by ten.
PVI_TIMES_E = float(np.log(10.0))
#: Exponents beyond this are the asymptote to machine precision.
_FAR = 600.0


@dataclass(frozen=True)
class Pump:
    """Fluid moved at a constant rate: an infusion, a drain (negative), or a bolus in a short time.

    Attributes
    ----------
    start, stop : float
        When, s.
    rate : float
        mL/min into the CSF space.
    """

    start: float
    stop: float
    rate: float

    def __post_init__(self) -> None:
        if not (np.isfinite([self.start, self.stop, self.rate]).all() and self.stop > self.start):
            found = f"{self.start:g} to {self.stop:g} s at {self.rate:g} mL/min"
            raise CisternaError("a pump needs a start before its stop and a finite rate", found=found)

    @property
    def volume(self) -> float:
        """Volume moved, mL."""
        return self.rate * (self.stop - self.start) / 60.0

    @classmethod
    def bolus(cls, start: float, volume: float, over: float = 1.0) -> Pump:
        """A volume (mL; negative is withdrawn) in `over` seconds.

        Examples
        --------
        >>> Pump.bolus(60.0, 4.0, over=2.0).rate
        120.0
        """
        return cls(start, start + over, 60.0 * volume / over)


@dataclass(frozen=True)
class Marmarou:
    """Parameters of the CSF space.

    Attributes
    ----------
    rout : float
        Outflow resistance, mmHg/(mL/min).
    elastance : float
        Elastance coefficient E, 1/mL: dp/dV = E (p - p0).
    p0 : float
        Reference pressure of the exponential curve, mmHg.
    baseline : float
        Resting pressure pb, mmHg; above p0.
    needle : float
        Resistance shared by pump and pressure line, mmHg/(mL/min): one needle shows its drop as pressure.

    Examples
    --------
    >>> space = Marmarou(rout=10.0, elastance=0.2, p0=2.0, baseline=9.0)
    >>> round(space.production, 3), round(space.pvi, 2), round(space.compliance(9.0), 3)
    (0.7, 11.51, 0.714)
    >>> p = space.pressure([0.0, 3600.0], [Pump(0.0, 3600.0, 1.5)])
    >>> p.round(3).tolist()
    [9.0, 24.0]
    """

    rout: float
    elastance: float
    p0: float
    baseline: float
    needle: float = 0.0

    def __post_init__(self) -> None:
        if not (self.rout > 0 and self.elastance > 0 and self.baseline > self.p0 and self.needle >= 0):
            mend = "rout and elastance above 0, baseline above p0, needle not below 0"
            raise CisternaError("no CSF space has these parameters", found=str(self), mend=mend)

    @property
    def pvi(self) -> float:
        """Pressure-volume index, mL: ln(10)/E = 1/(0.4343 E)."""
        return PVI_TIMES_E / self.elastance

    @property
    def production(self) -> float:
        """Formation rate (pb - p0)/Rout, mL/min, if absorption begins at p0."""
        return (self.baseline - self.p0) / self.rout

    def compliance(self, pressure: float) -> float:
        """1/(E (p - p0)), mL/mmHg."""
        return 1.0 / (self.elastance * (pressure - self.p0))

    def plateau(self, rate: float) -> float:
        """Pressure approached under a steady pump (mL/min); p0 when it takes more than is formed."""
        return max(self.baseline + self.rout * rate, self.p0) + self.needle * rate

    def pressure(self, times: ArrayLike, pumps: Sequence[Pump] = ()) -> Array:
        """Pressure (mmHg) at times (s), at rest until the first pump."""
        theta = self._theta()
        at = np.asarray(times, dtype=np.float64)
        shift = self.needle * pump_rate(pumps, at)
        return (self.p0 + 1.0 / reciprocal(theta, pumps, at)[0]) + shift

    def mean_pressure(self, edges: ArrayLike, pumps: Sequence[Pump] = ()) -> Array:
        """Mean pressure (mmHg) between successive edges (s), exactly; one value less than edges."""
        return block_means(self._theta(), pumps, np.asarray(edges, dtype=np.float64))[0]

    def _theta(self) -> Array:
        return np.array([[self.rout, self.elastance, self.p0, self.baseline, self.needle, 0.0]])


def pump_rate(pumps: Sequence[Pump], at: Array) -> Array:
    """Rate of all pumps together at each time, mL/min; a pump counts from its start to just before its stop."""
    total = np.zeros(at.shape)
    for pump in pumps:
        total += np.where((at >= pump.start) & (at < pump.stop), pump.rate, 0.0)
    return total


def pumped(pumps: Sequence[Pump], at: Array) -> Array:
    """Volume moved by all pumps up to each time, mL."""
    total = np.zeros(at.shape)
    for pump in pumps:
        total += pump.rate * np.clip(at - pump.start, 0.0, pump.stop - pump.start) / 60.0
    return total


def reciprocal(theta: Array, pumps: Sequence[Pump], at: Array) -> Array:
    """1/(p - p0), 1/mmHg, without the needle; shape (draw, time).

    Columns of theta (draw, 6): as in `Marmarou`, then a delay (s) by which every pump acts later.
    """
    resistance, elastance, p0, baseline, _, delay = (theta[:, k, None] for k in range(6))
    rest = baseline - p0
    since = at[None, :] - delay
    knots = sorted({pump.start for pump in pumps} | {pump.stop for pump in pumps})
    start = 1.0 / rest
    out = np.broadcast_to(start, (theta.shape[0], at.size))
    for k, knot in enumerate(knots):
        span = knots[k + 1] - knot if k + 1 < len(knots) else np.inf
        drive = float(pump_rate(pumps, np.array([knot]))[0]) + rest / resistance
        minutes = np.clip(since - knot, 0.0, span) / 60.0
        out = np.where(since > knot, _onward(start, minutes, elastance, resistance, drive), out)
        if np.isfinite(span):
            start = _onward(start, np.array([[span / 60.0]]), elastance, resistance, drive)
    return out


def _onward(start: Array, minutes: Array, elastance: Array, resistance: Array, drive: Array) -> Array:
    x = np.clip(elastance * drive * minutes, -_FAR, _FAR)
    small = np.abs(x) < 1e-8
    share = np.where(small, 1.0 - x / 2.0, -np.expm1(-x) / np.where(small, 1.0, x))
    return np.asarray(start * np.exp(-x) + elastance * minutes / resistance * share)


def block_means(theta: Array, pumps: Sequence[Pump], edges: Array) -> Array:
    """Mean pressure of each block, mmHg; shape (draw, block) for theta (draw, 6) as in `reciprocal`.

    From the balance of volume over a block: what came in less what went out is what is stored, so
    mean(p - pb) = R (pumped - change of ln(u)/E) / duration.
    """
    resistance, elastance, _, baseline, needle, delay = (theta[:, k, None] for k in range(6))
    stored = -np.log(reciprocal(theta, pumps, edges)) / elastance
    moved = np.diff(pumped(pumps, edges[None, :] - delay), axis=1)
    minutes = np.diff(edges)[None, :] / 60.0
    flow = moved / minutes
    return np.asarray(baseline + resistance * (flow - np.diff(stored, axis=1) / minutes) + needle * flow)


def simulate(
    space: Marmarou,
    pumps: Sequence[Pump],
    duration: float,
    rate: float,
    *,
    white: float = 0.0,
    wave: float = 0.0,
    wave_time: float = 30.0,
    wave_period: float = 0.0,
    pulse: float = 0.0,
    heart_rate: float = 70.0,
    seed: int = 0,
) -> Array:
    """A test as a pressure line would record it: the closed form, slow waves, pulse and noise.

    Parameters
    ----------
    duration, rate : float
        Length (s) and samples a second (Hz).
    white : float
        Standard deviation of each sample's own noise, mmHg.
    wave, wave_time : float
        Standard deviation (mmHg) and correlation time (s) of slow vasogenic waves, an autoregression.
    wave_period : float
        Period (s) of the waves; 0 for waves without one.
    pulse, heart_rate : float
        Half peak to peak of the pulse at rest (mmHg), growing with p - p0 as the exponential curve has it, and
        beats a minute.
    seed : int
        Of the random numbers.

    Returns
    -------
    array (time,)
        Pressure, mmHg.

    Examples
    --------
    >>> p = simulate(Marmarou(10.0, 0.2, 2.0, 9.0), [Pump(60, 120, 1.5)], 180.0, 10.0, white=0.1)
    >>> p.shape, bool(p[600:1200].max() > p[:600].max())
    ((1800,), True)
    """
    from scipy.signal import lfilter

    random = np.random.default_rng(seed)
    at = np.arange(int(round(duration * rate))) / rate
    clean = space.pressure(at, pumps)
    out = clean + white * random.standard_normal(at.size)
    if pulse:
        size = pulse * (clean - space.p0) / (space.baseline - space.p0)
        out += size * np.sin(2 * np.pi * heart_rate / 60.0 * at + random.uniform(0, 2 * np.pi))
    if wave:
        # A decaying rotation driven by noise: real part of a complex first-order autoregression.
        turn = 2 * np.pi / wave_period if wave_period else 0.0
        keep = np.exp((-1.0 / wave_time + 1j * turn) / rate)
        warm = int(5 * wave_time * rate)
        noise: Any = random.standard_normal((2, at.size + warm))
        complex_noise = (noise[0] + 1j * noise[1]) * np.sqrt(1 - abs(keep) ** 2)
        out += wave * np.real(lfilter([1.0], [1.0, -keep], complex_noise))[warm:]
    return np.asarray(out)
