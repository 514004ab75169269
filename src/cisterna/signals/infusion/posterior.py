"""Posterior of the parameters of a test: linearised for a start, then weighted draws of the exact one.

Unknowns are taken where the data speak: ln R, ln k with k = E (pb - p0) (mmHg/mL, the stiffness at rest), ln u
with u = pb - p0, pb, and where asked ln of the needle and a delay; with them the three of the noise. Draws of a
Student proposal around the mode are weighted by posterior/proposal, and the proposal is adapted to them
(adaptive importance sampling, Cornuet et al. 2012 Scand J Stat 39:798 doi:10.1111/j.1467-9469.2011.00756.x).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cisterna.ground.errors import CisternaError
from cisterna.ground.parameter import Parameter, default_parameters
from cisterna.signals.infusion.marmarou import Pump, block_means
from cisterna.signals.infusion.noise import whiten

Array = NDArray[np.float64]
#: 95 % of a normal lie within this many standard deviations.
TWO_SIDED = 1.959964
_NOISE = ("infusion_noise_white", "infusion_wave_size", "infusion_wave_time")
#: Draws of each round of the weighted draws, rounds at most, and share of effective draws that is enough.
DRAWS, _ROUNDS, _ENOUGH = 2000, 8, 0.3
#: Unknowns that are logarithms are kept within this.
_FAR = 14.0
#: Degrees of freedom of the proposal: tails heavier than the posterior's.
_TAILS = 6.0


@dataclass(frozen=True)
class Prior:
    """Where a parameter is expected before the data: normal, or log-normal with median `middle`.

    `low` and `high` hold 95 %; `source` and `status` come from the table of parameters.
    """

    name: str
    middle: float
    low: float
    high: float
    unit: str
    log: bool
    source: str
    status: str

    @classmethod
    def of(cls, row: Parameter, name: str, log: bool) -> Prior:
        """From a row of the table."""
        return cls(name, row.value, row.low, row.high, row.unit, log, row.source, row.status)

    @property
    def center(self) -> float:
        """Mean of the normal, of the logarithm where log-normal."""
        return float(np.log(self.middle)) if self.log else self.middle

    @property
    def sd(self) -> float:
        """Standard deviation of the normal, of the logarithm where log-normal."""
        ends = np.log([self.low, self.high]) if self.log else np.array([self.low, self.high])
        return float(np.ptp(ends) / (2 * TWO_SIDED))

    def __str__(self) -> str:
        kind = "log-normal, median" if self.log else "normal, mean"
        return f"{self.name}: {kind} {self.middle:g} {self.unit}, 95 % {self.low:g} to {self.high:g} ({self.status})"


@dataclass(frozen=True)
class Blocks:
    """Mean pressure of successive equal blocks: edges (block + 1,) in s, values (block,) in mmHg, NaN missing.

    `left_out` samples were taken for spikes and are in no mean.
    """

    edges: Array
    values: Array
    left_out: int = 0

    @property
    def step(self) -> float:
        """Length of a block, s."""
        return float(self.edges[1] - self.edges[0])

    @property
    def good(self) -> NDArray[np.bool_]:
        """Blocks that were recorded."""
        return np.isfinite(self.values)

    @property
    def middle(self) -> Array:
        """Time of the middle of each block, s."""
        return (self.edges[1:] + self.edges[:-1]) / 2


@dataclass(frozen=True)
class Draws:
    """Equal-weight draws of the posterior.

    Attributes
    ----------
    theta : array (draw, 6)
        Rout, E, p0, baseline, needle, delay (units as in `Marmarou`; delay s).
    noise : array (draw, 3)
        White and slow standard deviation (mmHg), correlation time (s).
    unknowns : array (draw, unknown)
        The same in the coordinates of the fit (module text).
    effective : float
        Effective number of draws behind the weights.
    priors : tuple of Prior
        In force.
    """

    theta: Array
    noise: Array
    unknowns: Array
    effective: float
    priors: tuple[Prior, ...]


class Problem:
    """Log-posterior of one test, many draws at once."""

    def __init__(
        self, blocks: Blocks, pumps: Sequence[Pump], baseline: float, *, needle: bool, delay: bool, scale_known: bool
    ) -> None:
        rows = default_parameters()
        self.blocks, self.pumps, self.guess = blocks, tuple(pumps), baseline
        self.y = np.where(blocks.good, blocks.values, 0.0)
        rout, elastance = (Prior.of(rows[f"infusion_{k}_prior"], k, True) for k in ("rout", "elastance"))
        if not scale_known:  # rout times rate and elastance times rate: any pump up to ten times ours
            rout, elastance = (_wider(prior, 10.0) for prior in (rout, elastance))
        self.priors = [rout, elastance, Prior.of(rows["infusion_p0_prior"], "p0", False)]
        if needle:
            self.priors.append(Prior.of(rows["infusion_needle_prior"], "needle", True))
        if delay:
            error = rows["infusion_onset_error"]
            two = TWO_SIDED * error.value
            self.priors.append(Prior("onset", 0.0, -two, two, "s", False, error.source, error.status))
        self.noise_priors = [Prior.of(rows[key], key.removeprefix("infusion_"), True) for key in _NOISE]
        self.needle, self.delay = needle, delay
        self.size = 4 + needle + delay

    def theta(self, x: Array) -> Array:
        """Physical parameters (draw, 6) of the unknowns x (draw, size ...)."""
        out = np.zeros((x.shape[0], 6))
        # Far beyond any prior a draw only has to stay finite.
        rest = np.exp(np.clip(x[:, 2], -_FAR, _FAR))
        out[:, 0] = np.exp(np.clip(x[:, 0], -_FAR, _FAR))
        out[:, 1] = np.exp(np.clip(x[:, 1], -_FAR, _FAR)) / rest
        out[:, 2], out[:, 3] = x[:, 3] - rest, x[:, 3]
        if self.needle:
            out[:, 4] = np.exp(np.clip(x[:, 4], -_FAR, _FAR))
        if self.delay:
            out[:, 5] = x[:, 4 + self.needle]
        return out

    def model(self, x: Array) -> Array:
        """Mean pressure of the blocks (draw, block)."""
        return block_means(self.theta(x), self.pumps, self.blocks.edges)

    def prior_misses(self, x: Array) -> Array:
        """Distance of each prior from its mean in standard deviations (draw, prior)."""
        theta = self.theta(x)
        columns = [x[:, 0], x[:, 1] - x[:, 2], theta[:, 2], *(x[:, 4 + k] for k in range(self.size - 4))]
        return np.stack([(c - p.center) / p.sd for c, p in zip(columns, self.priors, strict=True)], axis=1)

    def log_posterior(self, x: Array) -> Array:
        """Of unknowns and ln(noise) together (draw, size + 3); the resting pressure has a flat prior."""
        own, noise = x[:, : self.size], np.clip(x[:, self.size :], -2 * _FAR, _FAR)
        miss = (self.y - self.model(own))[:, None, :]
        white, scale = whiten(miss, np.exp(noise), self.blocks.step, self.blocks.good)
        # + x[:, 2]: the prior is flat in p0, the unknown is ln(pb - p0).
        prior = -0.5 * np.sum(self.prior_misses(own) ** 2, axis=1) + own[:, 2]
        total = -0.5 * np.sum(white[:, 0] ** 2, axis=1) - scale + prior + self.log_noise(noise)
        return np.where(np.isfinite(total), total, -np.inf)

    def log_noise(self, noise: Array) -> Array:
        """Log-prior of ln(noise) (draw, 3)."""
        center = np.array([p.center for p in self.noise_priors])
        sd = np.array([p.sd for p in self.noise_priors])
        return np.asarray(-0.5 * np.sum(((noise - center) / sd) ** 2, axis=1))


def posterior(problem: Problem, seed: int = 0, count: int = DRAWS) -> Draws:
    """Draws of the posterior of a problem, `count` of them.

    Raises
    ------
    CisternaError
        Too few blocks were recorded to tell anything.
    """
    random = np.random.default_rng(seed)
    seen = int(problem.blocks.good.sum())
    if seen < problem.size + 4:
        mend = "give a longer record or smaller blocks"
        raise CisternaError("the record is too short for a fit", found=f"{seen} blocks of pressure", mend=mend)
    x = _start(problem, random)
    noise = _first_noise(problem, x)
    cover = 0.5 * np.eye(3)
    for _ in range(4):
        jacobian = slopes(problem.model, x)
        noise, cover = _noise_given(problem, x, jacobian, noise, cover, random)
        x, moved = _improve(problem, x, noise)
        if moved < 1e-3:
            break
    whole = np.zeros((problem.size + 3, problem.size + 3))
    whole[: problem.size, : problem.size] = np.linalg.inv(_curvature(problem, x, noise))
    whole[problem.size :, problem.size :] = cover
    draws, weight = _weighted(problem, np.concatenate([x, noise]), whole, count, random)
    pick = random.choice(draws.shape[0], size=count, p=weight)
    chosen = draws[pick]
    own = chosen[:, : problem.size]
    return Draws(
        problem.theta(own),
        np.exp(chosen[:, problem.size :]),
        chosen,
        float(1.0 / np.sum(weight**2)),
        tuple(problem.priors),
    )


def _wider(prior: Prior, times: float) -> Prior:
    source = f"{prior.source}; {times:g} times wider, as the pump's rate is not known"
    low, high = prior.low / times, prior.high * times
    return Prior(f"{prior.name}, per unit", prior.middle, low, high, prior.unit, prior.log, source, "assumed")


def _start(problem: Problem, random: np.random.Generator) -> Array:
    """The best of many draws of the prior, then least squares under white noise."""
    from scipy.optimize import least_squares

    rout, elastance, p0 = problem.priors[:3]
    n = 600
    rest = problem.guess - (p0.center + p0.sd * random.standard_normal(n))
    rest = np.where(rest > 0.5, rest, np.exp(random.uniform(-0.5, 2.5, n)))
    x = np.zeros((n, problem.size))
    x[:, 0] = rout.center + rout.sd * random.standard_normal(n)
    x[:, 1] = elastance.center + elastance.sd * random.standard_normal(n) + np.log(rest)
    x[:, 2], x[:, 3] = np.log(rest), problem.guess
    for k, prior in enumerate(problem.priors[3:]):
        x[:, 4 + k] = prior.center + 0.5 * prior.sd * random.standard_normal(n)
    good = problem.blocks.good
    misfit = np.sum((problem.model(x) - problem.y)[:, good] ** 2, axis=1)
    best = x[np.nanargmin(np.where(np.isfinite(misfit), misfit, np.nan))]
    scale = max(float(np.sqrt(np.nanmin(misfit) / good.sum())), 1e-3)

    def misses(v: Array) -> Array:
        both = [(problem.model(v[None])[0] - problem.y)[good] / scale, problem.prior_misses(v[None])[0]]
        return np.nan_to_num(np.concatenate(both), nan=1e6, posinf=1e6, neginf=-1e6)

    low, high = best - 6.0, best + 6.0
    low[3], high[3] = best[3] - 40.0, best[3] + 40.0
    if problem.delay:
        low[-1], high[-1] = best[-1] - 120.0, best[-1] + 120.0
    return np.asarray(least_squares(misses, best, bounds=(low, high), x_scale=_typical(problem), max_nfev=60).x)


def _typical(problem: Problem) -> Array:
    """Typical change of each unknown."""
    return np.array([0.1, 0.1, 0.1, 1.0, *([0.1] if problem.needle else []), *([5.0] if problem.delay else [])])


def _first_noise(problem: Problem, x: Array) -> Array:
    miss = (problem.y - problem.model(x[None])[0])[problem.blocks.good]
    size = max(float(np.std(miss)), 1e-6)
    fine = max(float(np.median(np.abs(np.diff(miss)))), 1e-6) if miss.size > 1 else size
    return np.log([fine, size, 30.0])


def slopes(function: Callable[[Array], Array], x: Array) -> Array:
    """Central differences of a function of draws: (output, unknown)."""
    step = 1e-5 * np.maximum(np.abs(x), 1.0)
    both = np.concatenate([x + np.diag(step), x - np.diag(step)])
    up, down = np.split(function(both), 2)
    return np.asarray(((up - down) / (2 * step[:, None])).T)


def _noise_given(
    problem: Problem, x: Array, jacobian: Array, center: Array, cover: Array, random: np.random.Generator
) -> tuple[Array, Array]:
    """Mean and covariance of ln(noise) with the unknowns integrated out of the linearised model."""
    miss = problem.y - problem.model(x[None])[0]
    columns = np.concatenate([miss[None], jacobian.T])[None]
    off, slope = problem.prior_misses(x[None])[0], slopes(problem.prior_misses, x)
    for _ in range(6):
        noise = center + random.standard_normal((96, 3)) @ np.linalg.cholesky(cover).T
        proposal = -0.5 * np.einsum("ij,jk,ik->i", noise - center, np.linalg.inv(cover), noise - center)
        white, scale = whiten(columns, np.exp(noise), problem.blocks.step, problem.blocks.good)
        z, bent = white[:, 0], white[:, 1:]
        curve = np.einsum("ikn,iln->ikl", bent, bent) + slope.T @ slope
        pull = np.einsum("ikn,in->ik", bent, z) - slope.T @ off
        gain = np.einsum("ik,ik->i", pull, np.linalg.solve(curve, pull[..., None])[..., 0])
        log = -0.5 * (np.sum(z**2, axis=1) - gain) - scale - 0.5 * np.linalg.slogdet(curve)[1]
        center, cover = _moments(noise, log + problem.log_noise(noise) - proposal, 24.0)
        cover = 1.2 * cover + 1e-3 * np.eye(3)
    return center, cover


def _moments(draws: Array, log_weight: Array, enough: float) -> tuple[Array, Array]:
    """Weighted mean and covariance; weights are flattened until they rest on enough draws."""
    power = 1.0
    weight = np.full(log_weight.size, 1.0 / log_weight.size)
    for _ in range(40):
        weight = np.exp(power * (log_weight - log_weight.max()))
        weight /= weight.sum()
        if 1.0 / np.sum(weight**2) >= enough:
            break
        power *= 0.8
    center = weight @ draws
    off = draws - center
    return center, (weight[:, None] * off).T @ off


def _curvature(problem: Problem, x: Array, noise: Array) -> Array:
    bent = whitened_slopes(problem, x, noise)[1]
    slope = slopes(problem.prior_misses, x)
    return bent @ bent.T + slope.T @ slope


def whitened_slopes(problem: Problem, x: Array, noise: Array) -> tuple[Array, Array]:
    """Misses and slopes of the model at one set of unknowns, whitened under ln(noise): (block,), (unknown, block)."""
    miss = problem.y - problem.model(x[None])[0]
    columns = np.concatenate([miss[None], slopes(problem.model, x).T])[None]
    white = whiten(columns, np.exp(noise)[None], problem.blocks.step, problem.blocks.good)[0][0]
    return white[0], white[1:]


def _improve(problem: Problem, x: Array, noise: Array) -> tuple[Array, float]:
    """Gauss-Newton steps to the mode under fixed noise; the last step in standard deviations."""
    shares = 0.5 ** np.arange(8)
    size = 0.0
    for _ in range(8):
        z, bent = whitened_slopes(problem, x, noise)
        off, slope = problem.prior_misses(x[None])[0], slopes(problem.prior_misses, x)
        curve = bent @ bent.T + slope.T @ slope
        step = np.linalg.solve(curve, bent @ z - slope.T @ off)
        tries = np.concatenate([x[None], x + shares[:, None] * step])
        log = problem.log_posterior(np.concatenate([tries, np.broadcast_to(noise, (tries.shape[0], 3))], axis=1))
        best = int(np.argmax(log))
        x = tries[best]
        size = float(np.sqrt(abs(float(step @ curve @ step))))
        if best == 0 or size < 1e-3:
            break
    return x, size


def _weighted(
    problem: Problem, center: Array, cover: Array, count: int, random: np.random.Generator
) -> tuple[Array, Array]:
    """Draws and weights of the posterior, the proposal adapted until enough draws count."""
    best = (0.0, np.empty((0, center.size)), np.empty(0))
    for _ in range(_ROUNDS):
        root = np.linalg.cholesky(cover)
        normal = random.standard_normal((count, center.size))
        long = np.sqrt(_TAILS / random.chisquare(_TAILS, count))
        draws = center + (normal * long[:, None]) @ root.T
        square = np.sum((normal * long[:, None]) ** 2, axis=1)
        proposal = -0.5 * (_TAILS + center.size) * np.log1p(square / _TAILS)
        log = problem.log_posterior(draws) - proposal
        weight = np.exp(log - log.max())
        weight /= weight.sum()
        effective = float(1.0 / np.sum(weight**2))
        if effective > best[0]:
            best = (effective, draws, weight)
        if effective >= _ENOUGH * count:
            break
        center, cover = _moments(draws, log, 10.0 * center.size)
    return best[1], best[2]
