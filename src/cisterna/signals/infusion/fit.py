"""A test fitted: posterior of the CSF space, course with its band, and what the record can and cannot tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cisterna.ground.errors import CisternaError
from cisterna.ground.parameter import default_parameters
from cisterna.signals.grid import as_samples
from cisterna.signals.infusion.marmarou import Pump, block_means, pump_rate
from cisterna.signals.infusion.noise import whiten
from cisterna.signals.infusion.phases import BLOCK, MOST_BLOCKS, Phases, to_blocks
from cisterna.signals.infusion.posterior import DRAWS, Blocks, Draws, Prior, Problem, posterior, slopes, whitened_slopes
from cisterna.signals.infusion.static import Level, level

Array = NDArray[np.float64]
#: A parameter is told by the data from this share of its prior variance on, and by the prior below the other.
_TOLD, _GUESSED = 0.75, 0.25


@dataclass(frozen=True)
class Course:
    """Fit to draw over the data; time (block,) in s from the first sample, pressures in mmHg.

    `low` to `high` is the 95 % band of the model's mean pressure, slow waves not included. `fitted` marks the
    blocks that the fit has seen; elsewhere the curve is a prediction.
    """

    time: Array
    measured: Array
    value: Array
    low: Array
    high: Array
    fitted: NDArray[np.bool_]


@dataclass(frozen=True)
class CsfFit:
    """What a fit found.

    Attributes
    ----------
    phases : Phases
        Parts of the test, s from the first sample.
    pumps : tuple of Pump
        What was moved; rate +-1 where it is not known.
    rate_known : bool
        Whether `draws` are in mL (else per unit of the pump's rate: Rout rate in mmHg, E rate in 1/min).
    draws : Draws
        Posterior.
    blocks : Blocks
        Mean pressure of the whole test, also of what was not fitted.
    used : Blocks
        What the fit has seen.
    problem : Problem
        Its log-posterior.
    """

    phases: Phases
    pumps: tuple[Pump, ...]
    rate_known: bool
    draws: Draws
    blocks: Blocks
    used: Blocks
    problem: Problem

    @property
    def priors(self) -> tuple[Prior, ...]:
        """Priors in force; ``str(prior)`` prints one."""
        return self.draws.priors

    @cached_property
    def noise(self) -> Array:
        """Median noise: white and slow standard deviation (mmHg), correlation time (s)."""
        return np.asarray(np.median(self.draws.noise, axis=0))

    @cached_property
    def rest(self) -> Level:
        """Mean pressure of the baseline."""
        return level(self.blocks, *self.phases.baseline, self.noise)

    @cached_property
    def end(self) -> Level:
        """Mean pressure of the marked plateau, else of the last stretch of pumping."""
        start, stop = self.phases.plateau or self.phases.pump
        if self.phases.plateau is None:
            start = max(start, stop - default_parameters()["infusion_plateau_window"].value)
        return level(self.blocks, start, stop, self.noise)

    @cached_property
    def reached(self) -> float:
        """Share of the modelled change that was there when the pump stopped (posterior median)."""
        theta, pump = self.draws.theta, self.pumps[0]
        edges = np.array([pump.stop - 1.0, pump.stop])
        there = block_means(theta, self.pumps, edges)[:, 0] - theta[:, 3]
        whole = np.maximum(theta[:, 0] * pump.rate, theta[:, 2] - theta[:, 3]) + theta[:, 4] * pump.rate
        return float(np.median(there / whole))

    @cached_property
    def course(self) -> Course:
        """The fit over the data."""
        some = block_means(self.draws.theta[:400], self.pumps, self.blocks.edges)
        low, value, high = np.quantile(some, [0.025, 0.5, 0.975], axis=0)
        fitted = (self.blocks.middle > self.used.edges[0]) & (self.blocks.middle < self.used.edges[-1])
        return Course(self.blocks.middle, self.blocks.values, value, low, high, fitted)

    @cached_property
    def learned(self) -> Mapping[str, float]:
        """Share of the prior variance that the data took away, by parameter: 1 all, 0 nothing."""
        theta = self.draws.theta
        columns = dict(zip(("rout", "elastance", "p0", "baseline", "needle", "onset"), theta.T, strict=True))
        out = {}
        for prior in self.priors:
            values = columns[prior.name.split(",")[0]]
            spread = float(np.var(np.log(values) if prior.log else values))
            wide = prior.sd**2
            if prior.name == "p0":  # below the resting pressure by definition
                wide *= _cut_variance((self.rest.value - prior.center) / prior.sd)
            out[prior.name.split(",")[0]] = max(0.0, 1.0 - spread / wide)
        return out

    def told(self, name: str) -> str:
        """In a word: told by the data, partly, or by the prior."""
        share = self.learned[name]
        return "data" if share >= _TOLD else "prior" if share < _GUESSED else "data and prior"

    @cached_property
    def needle_jump(self) -> tuple[float, float]:
        """Jump of the pressure with the pump per mL/min, and its standard error: one needle shows as such.

        A score test: the model's own slopes and its priors are taken out first.
        """
        size = self.problem.size
        center = self.draws.unknowns.mean(axis=0)
        x, noise = center[:size], center[size:]
        z, bent = whitened_slopes(self.problem, x, noise)
        flow = _flow(self.pumps, self.used.edges)
        extra = whiten(flow[None, None], np.exp(noise)[None], self.used.step, self.used.good)[0][0]
        columns = np.concatenate([bent, extra])
        slope = np.concatenate([slopes(self.problem.prior_misses, x), np.zeros((len(self.priors), 1))], axis=1)
        cover = np.linalg.inv(columns @ columns.T + slope.T @ slope)
        off = self.problem.prior_misses(x[None])[0]
        best = cover @ (columns @ z - slope.T @ off)
        return float(best[-1]), float(np.sqrt(cover[-1, -1]))

    @cached_property
    def shift_after(self) -> tuple[float, float, float] | None:
        """Pressure at the end of the record less what the model expects there, 95 % interval; mmHg.

        Below zero: overdrainage (a shunt that siphons, a leak). Above: a pressure that stays up. None without a
        recovery outside the fit.
        """
        span = self.phases.recovery
        if span is None or span[1] - span[0] < 6 * self.blocks.step or self.used.edges[-1] > span[0] + self.blocks.step:
            return None
        width = default_parameters()["infusion_plateau_window"].value
        tail = level(self.blocks, max(span[0], span[1] - width), span[1], self.noise)
        inside = (self.blocks.edges[:-1] >= tail.span[0] - 1e-6) & self.blocks.good
        if not tail.count:
            return None
        expected = block_means(self.draws.theta, self.pumps, self.blocks.edges)[:, inside].mean(axis=1)
        scatter = tail.error * np.random.default_rng(0).standard_normal(expected.size)
        low, middle, high = np.quantile(tail.value - expected + scatter, [0.025, 0.5, 0.975])
        return float(middle), float(low), float(high)


def fit_test(
    values: ArrayLike,
    hertz: float,
    phases: Phases,
    *,
    rate: float | None = None,
    volume: float | None = None,
    one_needle: bool = False,
    recovery: bool | None = None,
    seed: int = 0,
    draws: int = DRAWS,
) -> CsfFit:
    """The CSF space behind an infusion, a drain or a bolus, as a posterior.

    Parameters
    ----------
    values : array (time,)
        Intracranial pressure, mmHg; NaN missing.
    hertz : float
        Samples a second.
    phases : Phases
        When fluid was moved.
    rate : float, optional
        Rate of the pump, mL/min, negative for a drain; else as the phases state it. Never guessed: without it Rout
        and elastance are known per unit rate only.
    volume : float, optional
        Volume of a bolus, mL, negative when withdrawn.
    one_needle : bool
        Pump and pressure line share one needle, whose resistance is then an unknown.
    recovery : bool, optional
        Whether to fit the pressure after the pump as well. By default after a drain or a bolus only: after an
        infusion the space is measurably softer and often does not come back to rest (Physiol Meas 2005 26:1039
        doi:10.1088/0967-3334/26/6/013).
    seed, draws : int
        Seed of the draws (the same seed gives the same numbers) and how many.

    Raises
    ------
    CisternaError
        Too short, without rest before, or a pressure that stands still.

    Examples
    --------
    >>> from cisterna.signals.infusion.marmarou import Marmarou, simulate
    >>> from cisterna.signals.infusion.phases import stated_phases
    >>> p = simulate(Marmarou(10.0, 0.2, 2.0, 9.0), [Pump(300, 1200, 1.5)], 1200.0, 5.0, white=0.3, wave=0.5, seed=3)
    >>> fit = fit_test(p, 5.0, stated_phases("infusion", 300.0, 1200.0, 1200.0), rate=1.5)
    >>> low, high = np.quantile(fit.draws.theta[:, 0], [0.025, 0.975])
    >>> bool(low < 10 < high), fit.told("rout"), bool(fit.reached > 0.9)
    (True, 'data', True)
    """
    array = as_samples(values, hertz)
    pumps, known = _pumps(phases, rate, volume)
    if recovery is None:
        recovery = phases.kind != "infusion"
    start = phases.baseline[0]
    stop = phases.recovery[1] if recovery and phases.recovery else phases.pump[1]
    if phases.kind == "bolus" and phases.recovery is None:
        raise CisternaError("nothing was recorded after the bolus", mend="record the way back to rest")
    step = max(BLOCK, (stop - start) / MOST_BLOCKS)
    end = phases.recovery[1] if phases.recovery else phases.pump[1]
    blocks = to_blocks(array, hertz, start, max(end, stop), step)
    count = int(np.floor((stop - start) / blocks.step + 1e-6))
    used = Blocks(blocks.edges[: count + 1], blocks.values[:count])
    before = used.edges[1:] <= phases.baseline[1] + 1e-6
    rest = used.values[before & used.good]
    if rest.size < 3:
        found = f"{rest.size} blocks of {blocks.step:g} s before the {phases.kind}"
        raise CisternaError("the resting pressure was not recorded", found=found, mend="include some minutes of rest")
    still = default_parameters()["infusion_still"].value
    if np.ptp(used.values[used.good]) < still:
        found = f"within {np.ptp(used.values[used.good]):.2g} mmHg over {stop - start:.0f} s"
        raise CisternaError("the pressure stands still", found=found, mend="is the line blocked or closed?")
    found_alone = phases.how == "pressure"
    problem = Problem(used, pumps, float(rest.mean()), needle=one_needle, delay=found_alone, scale_known=known)
    return CsfFit(phases, pumps, known, posterior(problem, seed, draws), blocks, used, problem)


def _pumps(phases: Phases, rate: float | None, volume: float | None) -> tuple[tuple[Pump, ...], bool]:
    start, stop = phases.pump
    sign = -1.0 if phases.kind == "drain" else 1.0
    if phases.kind == "bolus":
        given = volume if volume is not None else phases.volume
        value = None if given is None else 60.0 * given / (stop - start)
        unit = 60.0 / (stop - start)
    else:
        value = rate if rate is not None else phases.rate
        unit = 1.0
    if value is None:
        return (Pump(start, stop, sign * unit),), False
    if not np.isfinite(value) or value == 0 or (phases.kind != "bolus" and value * sign < 0):
        mend = "above 0 into the CSF, below 0 for a drain"
        raise CisternaError(f"impossible rate of the {phases.kind}", found=f"{value:g} mL/min", mend=mend)
    return (Pump(start, stop, float(value)),), True


def _cut_variance(top: float) -> float:
    """Variance of a standard normal below `top`."""
    from scipy.stats import norm

    ratio = float(np.exp(norm.logpdf(top) - norm.logcdf(top)))
    return max(1.0 - top * ratio - ratio**2, 1e-6)


def _flow(pumps: tuple[Pump, ...], edges: Array) -> Array:
    """Mean rate of each block, mL/min."""
    fine = edges[:-1, None] + np.diff(edges)[:, None] * (np.arange(20) + 0.5) / 20
    return pump_rate(pumps, fine).mean(axis=1)
