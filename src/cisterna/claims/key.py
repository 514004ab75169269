"""Key parameters of a claim: their default and published range, and draws from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cisterna.ground.parameter import Parameter
from cisterna.ground.units import to_internal

#: A range holds 90 %: each end lies this many standard deviations from the middle.
_TAIL = 1.6448536269514722
#: Factor by which an assumed range is widened at each end before anything is judged by it.
WIDENED = 3.0


@dataclass(frozen=True)
class Key:
    """One parameter on which a claim hangs.

    Attributes
    ----------
    id, name, unit : str
    default : float
        Value at multiple 1, in `unit`.
    low, high : float or None
        Published range (90 %); None where nothing was ever published.
    assumed : bool
        The range is ours: it is widened by `WIDENED` at each end.
    drawn : bool
        Whether it varies from person to person in the draws; a load that the question fixes does not.
    source, note : str
    """

    id: str
    name: str
    unit: str
    default: float
    low: float | None = None
    high: float | None = None
    assumed: bool = False
    drawn: bool = True
    source: str = ""
    note: str = ""

    @property
    def range(self) -> tuple[float, float] | None:
        """The range it is judged by: the published one, or the assumed one widened."""
        if self.low is None or self.high is None:
            return None
        factor = WIDENED if self.assumed else 1.0
        return self.low / factor, self.high * factor

    @property
    def spread(self) -> float:
        """Standard deviation of ln(value): ln(high / low) / 3.29; 0 without a range."""
        ends = self.range
        return 0.0 if ends is None else float(np.log(ends[1] / ends[0]) / (2.0 * _TAIL))

    def holds(self, value: float) -> bool:
        """Whether a value lies inside the range."""
        ends = self.range
        return ends is not None and ends[0] <= value <= ends[1]

    @property
    def internal(self) -> float:
        """Default in internal units."""
        return to_internal(self.default, self.unit)


def key_of(row: Parameter, name: str = "", drawn: bool = True) -> Key:
    """The key parameter of a table row.

    A row that a hypothesis has put in place (`required`) has no published range and is not drawn; one that a
    user has `set` keeps the range it was published with.

    Examples
    --------
    >>> from cisterna.ground.parameter import default_parameters
    >>> key = key_of(default_parameters()["skull_suture_E"])
    >>> key.default, key.assumed, key.range
    (1100.0, True, (16.666666666666668, 3300.0))
    """
    required = row.status == "required"
    return Key(
        id=row.id, name=name or row.name, unit=row.unit, default=row.value,
        low=None if required else row.low, high=None if required else row.high,
        assumed=row.status == "assumed" or row.source.startswith("assumed"),
        drawn=drawn and not required, source=row.source, note=row.note,
    )  # fmt: skip


def draw(keys: Sequence[Key], count: int, seed: int) -> dict[str, np.ndarray]:
    """Multiples of the defaults: Latin hypercube over the ranges.

    ln(value) is normal on each side of the default, with 5 % beyond each end of the range; a default at an
    end of its range therefore varies to the other side only.

    Returns
    -------
    dict
        Key id -> array (count,).

    Examples
    --------
    >>> m = draw([Key("a", "a", "1", 2.0, 1.0, 8.0)], 1000, seed=1)["a"] * 2.0
    >>> [round(float(q), 1) for q in np.quantile(m, [0.05, 0.5, 0.95])]
    [1.0, 2.0, 8.0]
    """
    from scipy.special import ndtri

    generator = np.random.default_rng(seed)
    drawn = {}
    for key in keys:
        # One stream a key, so that leaving a key out does not move the others.
        places = (generator.permutation(count) + generator.uniform(size=count)) / count
        ends = key.range
        if not key.drawn or ends is None:
            drawn[key.id] = np.ones(count)
            continue
        z = ndtri(places)
        down = max(float(np.log(key.default / ends[0])), 0.0) / _TAIL
        up = max(float(np.log(ends[1] / key.default)), 0.0) / _TAIL
        drawn[key.id] = np.exp(np.where(z < 0.0, down, up) * z)
    return drawn
