"""Simulated raters: how far an intraclass correlation scatters at the size of a study.

rate(subject, rater) = mean + subject + subject x rater + rater + error, all Gaussian. The subject's share of the
variance is what two raters can agree on; subject and interaction together are what one rater can agree on with
himself (memory, expectation and own rhythm included). The shares are inputs; nothing here says where they come from.
"""

from __future__ import annotations

import numpy as np

from cisterna.ground.errors import CisternaError
from cisterna.ground.parameter import default_parameters
from cisterna.signals.grid import Samples
from cisterna.signals.result import Result
from cisterna.signals.rhythm.agreement import mean_squares


def simulated_ratings(
    studies: int,
    subjects: int,
    raters: int = 2,
    subject: float = 0.0,
    interaction: float = 0.0,
    rater: float = 0.0,
    repeats: int = 1,
    seed: int = 0,
) -> Samples:
    """Ratings of many studies.

    Parameters
    ----------
    subject, interaction, rater : float
        Shares of the variance, together at most 1; the rest is error.
    repeats : int
        Ratings of each subject by each rater.

    Returns
    -------
    array (study, subject, rater, repeat)
        1/min, with mean and spread of row `cri_sergueef_all`.

    Examples
    --------
    >>> ratings = simulated_ratings(200, 30, subject=0.5)
    >>> ratings.shape, round(float(ratings.mean()), 0)
    ((200, 30, 2, 1), 7.0)
    """
    error = 1.0 - subject - interaction - rater
    if min(subject, interaction, rater) < 0 or error < -1e-12:
        found = f"subject {subject:g}, interaction {interaction:g}, rater {rater:g}"
        raise CisternaError("shares of a variance lie between 0 and 1 and add up to 1 at most", found=found)
    if min(subjects, raters) < 2 or min(studies, repeats) < 1:
        raise CisternaError("a study needs two subjects and two raters", found=f"{subjects} and {raters}")
    rng = np.random.default_rng(seed)
    row = default_parameters()["cri_sergueef_all"]
    full = (studies, subjects, raters, repeats)
    parts = (
        (subject, (studies, subjects, 1, 1)), (interaction, (studies, subjects, raters, 1)),
        (rater, (studies, 1, raters, 1)), (max(error, 0.0), full),
    )  # fmt: skip
    drawn = np.zeros(full)
    for share, shape in parts:
        drawn += np.sqrt(share) * rng.normal(size=shape)
    return np.asarray(row.value + 0.5 * (row.high - row.low) * drawn)


def predicted_icc(
    name: str, subjects: int, raters: int = 2, subject: float = 0.0, interaction: float = 0.0, rater: float = 0.0,
    within: bool = False, studies: int = 1000, seed: int = 0,
) -> Result:  # fmt: skip
    """ICC that a study of this size would report: median and the range that holds 95 % of such studies.

    Parameters
    ----------
    within : bool
        Of one rater with himself at two times, instead of between raters.

    Returns
    -------
    Result
        ICC(2,1).

    Examples
    --------
    >>> found = predicted_icc("rel_hanten_inter", 40, subject=0.1)
    >>> round(found.value, 1), found.low < 0.0 < found.high
    (0.1, True)
    """
    ratings = simulated_ratings(studies, subjects, raters, subject, interaction, rater, 2 if within else 1, seed)
    tables = ratings[:, :, 0, :] if within else ratings[:, :, :, 0]
    values = np.array([_icc21(table) for table in tables])
    low, middle, high = (float(q) for q in np.quantile(values, [0.025, 0.5, 0.975]))
    what = "one rater with himself" if within else f"{raters} raters"
    note = (
        f"ICC(2,1), {what}, {subjects} subjects; variance of subject {subject:g}, subject x rater {interaction:g}, "
        f"rater {rater:g}; {studies} simulated studies"
    )
    return Result(name, "palpated_rate", middle, "1", low, high, subjects, note)


def _icc21(table: Samples) -> float:
    ms = mean_squares(table)
    n, k = ms.subjects, ms.raters
    return (ms.between - ms.error) / (ms.between + (k - 1) * ms.error + k * (ms.rater - ms.error) / n)
