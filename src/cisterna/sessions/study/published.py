"""Published studies of palpated rates and answers: their sizes and figures, `published.csv`."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from cisterna.ground.parameter import default_parameters

Array = NDArray[np.float64]
#: Correlations are told on Fisher's scale up to here, so that one that rounds to 1 stays a number.
_ALMOST = 0.995


@dataclass(frozen=True)
class Figure:
    """One published figure; `weighed` is False for one that tells the same ratings as another of its study."""

    statistic: str
    weighed: bool
    value: float
    unit: str
    source: str
    note: str


@dataclass(frozen=True)
class Published:
    """One published study: its size and its figures; `role` is ``fit`` or ``predict``."""

    name: str
    role: str
    subjects: int
    raters: int
    sites: tuple[str, ...]
    repeats: int
    seconds: float
    figures: tuple[Figure, ...]

    @property
    def observed(self) -> Array:
        """The figures on the scale of the likelihood."""
        return np.array([scaled(f.statistic, np.array(f.value)) for f in self.figures])


@lru_cache(maxsize=1)
def published_studies() -> tuple[Published, ...]:
    """The studies of `published.csv`, in its order.

    Examples
    --------
    >>> [(s.name, s.role, s.subjects) for s in published_studies()][:2]
    [('Hanten 1998', 'fit', 40), ('Rogers 1998', 'fit', 28)]
    """
    text = resources.files("cisterna.sessions.study").joinpath("published.csv").read_text(encoding="utf-8")
    usual = default_parameters()["study_count_time"].value
    rows: dict[str, list[dict[str, str]]] = {}
    for row in csv.DictReader(text.splitlines()):
        rows.setdefault(row["study"], []).append(row)
    return tuple(
        Published(
            name, own[0]["role"], int(own[0]["subjects"]), int(own[0]["raters"]), tuple(own[0]["sites"].split(";")),
            int(own[0]["repeats"]), float(own[0]["seconds"] or usual),
            tuple(_figure(row) for row in own),
        )
        for name, own in rows.items()
    )  # fmt: skip


def _figure(row: Mapping[str, str]) -> Figure:
    weighed = row["weighed"] == "yes"
    return Figure(row["statistic"], weighed, float(row["value"]), row["unit"], row["source"], row["note"])


def scaled(statistic: str, value: Array) -> Array:
    """A figure on the scale of the likelihood: Fisher's for correlations and kappas, logarithm for a width."""
    if statistic == "limits":
        return np.asarray(np.log(np.maximum(value, 1e-3)))
    return np.asarray(np.arctanh(np.clip(np.nan_to_num(value), -_ALMOST, _ALMOST)))


def plain(statistic: str, value: Array) -> Array:
    """Back from `scaled`."""
    return np.asarray(np.exp(value) if statistic == "limits" else np.tanh(value))
