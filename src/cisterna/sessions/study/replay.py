"""Published reliability studies replayed by simulated examiners: fitted, predicted, and weighed against a rhythm.

Two hypotheses with two free parameters each, their priors in the table `study.csv`:

- *none*: examiners have an inner rhythm, their own breath and the subject's motions (H-ENT). Free: the weight w of the
  own breath, and the width of expectation s_e.
- *rhythm*: besides, each subject has a rhythm of its own that every examiner feels (H-PRM). Free: its strength g in
  thresholds, and s_e; w stays at its middle.

Everything else is fixed from sources that know nothing of the agreements (`examiner.Senses`). At each point of a grid
of equal prior mass every study is simulated with its own size; the published figures are weighed by a Gaussian of the
simulated ones on Fisher's scale (synthetic likelihood, Wood 2010 doi:10.1038/nature09319). The studies marked ``fit``
give the posterior, the others are predicted by it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cisterna.ground.parameter import Parameters, default_parameters
from cisterna.sessions.study.examiner import Room, Senses, rates, restricted
from cisterna.sessions.study.many import icc_agreement, kappa_yes_no, limits_width
from cisterna.sessions.study.published import Published, plain, published_studies, scaled

Array = NDArray[np.float64]
HYPOTHESES = ("none", "rhythm")
#: Points of the grid along each free parameter, and studies simulated at each.
GRID, STUDIES = 8, 64
#: Share of the prior at either end where a posterior may not come to lie.
_TENTH = 0.1


@dataclass(frozen=True)
class Free:
    """A free parameter on its grid.

    Attributes
    ----------
    id, name : str
    low, high : float
        Ends of the prior.
    scale : str
        ``uniform`` or ``log-uniform``.
    points : array (point,)
        Middles of cells of equal prior mass.
    """

    id: str
    name: str
    low: float
    high: float
    scale: str
    points: Array

    @staticmethod
    def of(parameters: Parameters, key: str, scale: str, count: int = GRID) -> Free:
        """From a row of the table: its low and high are the prior."""
        row = parameters[key]
        middle = (np.arange(count) + 0.5) / count
        if scale == "uniform":
            points = row.low + (row.high - row.low) * middle
        else:
            points = row.low * (row.high / row.low) ** middle
        return Free(key, row.name, row.low, row.high, scale, points)


@dataclass(frozen=True)
class Posterior:
    """What the fitted studies say of a free parameter: its middle and 90 % interval.

    `left` is True where the middle lies in the lowest or highest tenth of the prior: the fit has left it.
    """

    free: Free
    middle: float
    low: float
    high: float
    left: bool


@dataclass(frozen=True)
class Predicted:
    """A published figure and the interval (95 %) that the fitted hypothesis gives it."""

    study: str
    role: str
    statistic: str
    published: float
    low: float
    middle: float
    high: float
    unit: str

    @property
    def covered(self) -> bool:
        """Whether the published figure lies inside."""
        return self.low <= self.published <= self.high


class Simulated:
    """All studies at every point of the grid of one hypothesis.

    Parameters
    ----------
    hypothesis : {"none", "rhythm"}
    senses : Senses
    parameters : Parameters
        Of the priors.
    seed, studies, grid : int
        Both hypotheses see the same chances under one seed.
    """

    def __init__(
        self, hypothesis: str, senses: Senses, parameters: Parameters, seed: int = 0, studies: int = STUDIES,
        grid: int = GRID,
    ) -> None:  # fmt: skip
        self.hypothesis = hypothesis
        key, scale = ("study_own_weight", "uniform") if hypothesis == "none" else ("study_felt_rhythm", "log-uniform")
        self.free = (Free.of(parameters, key, scale, grid),
                     Free.of(parameters, "study_expectation", "log-uniform", grid))  # fmt: skip
        middle = parameters["study_own_weight"].value
        self.studies = published_studies()
        rng = np.random.default_rng([seed, 6])
        self.figures: list[Array] = []
        for study in self.studies:
            room = Room.draw(study.subjects, study.raters, study.sites, study.repeats, study.seconds, studies, rng)
            own = [
                _figures(study, room, senses, *((a, b, 0.0) if hypothesis == "none" else (middle, b, a)))
                for a in self.free[0].points
                for b in self.free[1].points
            ]
            self.figures.append(np.stack(own))  # (point, simulated study, figure)

    def weigh(self, index: int, observed: Array) -> Array:
        """Logarithm of the synthetic likelihood (point,) of a study's weighed figures."""
        weighed = [f.weighed for f in self.studies[index].figures]
        found, observed = self.figures[index][..., weighed], observed[weighed]
        mean = found.mean(axis=1)
        away = found - mean[:, None]
        count, size = found.shape[1:]
        cover = np.einsum("psi,psj->pij", away, away) / (count - 1) + 1e-6 * np.eye(size)
        rest = (observed - mean)[..., None]
        sign, volume = np.linalg.slogdet(cover)
        square = (rest * np.linalg.solve(cover, rest)).sum(axis=(1, 2))
        return np.asarray(-0.5 * (square + volume + size * math.log(2.0 * math.pi)))

    def evidence(self, shift: float = 0.0, limits: float | None = None) -> tuple[Array, Array]:
        """Log likelihood (point,) of the fitted and of the predicted studies.

        `shift` is added to every figure between examiners, on Fisher's scale: what if they had agreed more? `limits`
        takes the place of the published width of the limits of agreement, 1/min.
        """
        fit = np.zeros(self.figures[0].shape[0])
        rest = np.zeros_like(fit)
        for k, study in enumerate(self.studies):
            moved = np.array([f.statistic.startswith(("inter", "pair")) for f in study.figures])
            observed = study.observed + shift * moved
            if limits is not None:
                wide = np.array([f.statistic == "limits" for f in study.figures])
                observed = np.where(wide, math.log(limits), observed)
            told = self.weigh(k, observed)
            if study.role == "fit":
                fit = fit + told
            else:
                rest = rest + told
        return fit, rest

    def posterior(self) -> Array:
        """Weight of each point after the fitted studies (point,)."""
        fit, _ = self.evidence()
        weight = np.exp(fit - fit.max())
        return np.asarray(weight / weight.sum())

    def parameters(self) -> tuple[Posterior, ...]:
        """The free parameters after the fit."""
        table = self.posterior().reshape(self.free[0].points.size, -1)
        found = []
        for axis, free in enumerate(self.free):
            weight = table.sum(axis=1 - axis)
            low, middle, high = (_quantile(free.points, weight, q) for q in (0.05, 0.5, 0.95))
            place = float(np.interp(middle, free.points, (np.arange(free.points.size) + 0.5) / free.points.size))
            found.append(Posterior(free, middle, low, high, not _TENTH < place < 1.0 - _TENTH))
        return tuple(found)

    def predictions(self) -> list[Predicted]:
        """Every published figure beside its interval."""
        weight = self.posterior()
        rows = []
        for study, figures in zip(self.studies, self.figures, strict=True):
            each = np.repeat(weight / figures.shape[1], figures.shape[1])
            for k, figure in enumerate(study.figures):
                told = plain(figure.statistic, figures[..., k].ravel())
                low, middle, high = (_quantile(told, each, q) for q in (0.025, 0.5, 0.975))
                rows.append(
                    Predicted(study.name, study.role, figure.statistic, figure.value, low, middle, high, figure.unit)
                )
        return rows

    def share(self) -> Array:
        """Share of the subjects in the variance of told rates at each point: the mean ICC between examiners."""
        k = next(i for i, study in enumerate(self.studies) if study.figures[-1].statistic == "inter")
        return np.asarray(np.tanh(self.figures[k][..., -1]).mean(axis=1))


@dataclass(frozen=True)
class Replay:
    """Both hypotheses on all studies.

    Attributes
    ----------
    none, rhythm : Simulated
    """

    none: Simulated
    rhythm: Simulated

    @staticmethod
    def run(
        senses: Senses | None = None, parameters: Parameters | None = None, seed: int = 0, studies: int = STUDIES,
        grid: int = GRID,
    ) -> Replay:  # fmt: skip
        """Simulate both."""
        p = parameters or default_parameters()
        senses = senses or Senses.of(p)
        return Replay(*(Simulated(name, senses, p, seed, studies, grid) for name in HYPOTHESES))

    def bayes(self, shift: float = 0.0, limits: float | None = None) -> float:
        """log10 of the Bayes factor of the rhythm over none, on the predicted studies after the fitted ones."""
        told = [_predictive(*one.evidence(shift, limits)) for one in (self.rhythm, self.none)]
        return (told[0] - told[1]) / math.log(10.0)

    def bayes_all(self) -> float:
        """The same on all studies from the priors."""
        told = [_mean_log(sum(one.evidence())) for one in (self.rhythm, self.none)]
        return (told[0] - told[1]) / math.log(10.0)

    def by_study(self) -> dict[str, float]:
        """log10 of the Bayes factor of each study: of the fitted from the prior, of the predicted after the fit."""
        found = {}
        for k, study in enumerate(self.none.studies):
            told = []
            for one in (self.rhythm, self.none):
                own, (fit, _) = one.weigh(k, study.observed), one.evidence()
                told.append(_mean_log(own) if study.role == "fit" else _predictive(fit, own))
            found[study.name] = (told[0] - told[1]) / math.log(10.0)
        return found

    def missed(self) -> list[Predicted]:
        """Predicted figures outside the interval of the hypothesis without a rhythm."""
        return [row for row in self.none.predictions() if row.role == "predict" and not row.covered]

    def left(self) -> list[Posterior]:
        """Free parameters of the hypothesis without a rhythm that have left their prior."""
        return [row for row in self.none.parameters() if row.left]


def _predictive(fit: Array, rest: Array) -> float:
    return _mean_log(fit + rest) - _mean_log(fit)


def _mean_log(log: Array | int) -> float:
    values = np.asarray(log, dtype=np.float64)
    top = float(values.max())
    return top + math.log(float(np.exp(values - top).mean()))


def _figures(study: Published, room: Room, senses: Senses, weight: float, width: float, rhythm: float) -> Array:
    """The study's figures (simulated study, figure), on the scale of the likelihood."""
    names = [f.statistic for f in study.figures]
    found: dict[str, Array] = {}
    if any(name.startswith("kappa") for name in names):
        found |= _ranked("kappa", _pairs(restricted(room, senses, rhythm), kappa_yes_no))
    if any(not name.startswith("kappa") for name in names):
        told = rates(room, senses, weight, width, rhythm)
        first = np.moveaxis(told[..., 0], 3, 1)  # (study, site, subject, rater)
        between = icc_agreement(first)
        found |= {"inter": between[:, 0]} | _ranked("inter", between)
        found |= {f"inter_{k + 1}": between[:, k] for k in range(between.shape[1])}
        found |= _ranked("pair", _pairs(first[:, 0], lambda a, b: icc_agreement(np.stack([a, b], axis=-1))))
        found["limits"] = limits_width(first[:, 0, :, 0], first[:, 0, :, 1])
        if study.repeats > 1:
            within = icc_agreement(np.moveaxis(told, 1, 3))  # (study, rater, site)
            found |= _ranked("intra", within.reshape(within.shape[0], -1))
    return np.stack([scaled(name, found[name]) for name in names], axis=1)


def _pairs(table: NDArray[Any], agree: Callable[[NDArray[Any], NDArray[Any]], Array]) -> Array:
    """Agreement of every two raters of tables (study, subject, rater): (study, pair)."""
    pairs: Sequence[tuple[int, int]] = list(combinations(range(table.shape[-1]), 2))
    return np.stack([agree(table[..., a], table[..., b]) for a, b in pairs], axis=1)


def _ranked(name: str, values: Array) -> dict[str, Array]:
    """Lowest, middle and highest of several (study, value)."""
    return {f"{name}_min": values.min(axis=1), f"{name}_mid": np.median(values, axis=1),
            f"{name}_max": values.max(axis=1)}  # fmt: skip


def _quantile(values: Array, weight: Array, q: float) -> float:
    order = np.argsort(values)
    below = np.cumsum(weight[order])
    return float(np.interp(q * below[-1], below - 0.5 * weight[order], values[order]))
