"""A passive solute among mixed spaces: one linear system of amounts, solved by the exponential of its matrix.

    dm_i/dt = sum over paths (mean flow x concentration upwind) + sum over joints G_ij (c_j - c_i) - q_i c_i

with c_i = m_i / V_i, G the exchange of a joint without net flow and q_i what leaves the spaces for good. Fluid that
enters from outside is clean. Every column of the matrix, with what is gone as a space of its own, sums to zero:
nothing is lost. Where the numbers come from is no matter of this file (see `model/solute.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import expm
from scipy.optimize import brentq

from cisterna.ground.errors import CisternaError, UnknownName
from cisterna.ground.units import convert, parse, same_dimension

Array = NDArray[np.float64]
#: Key of what has left the spaces, in the answer of `Spread.after`.
GONE = "absorbed"
#: Times are looked for between a second and this many doublings of it (34 years), in steps of an eighth doubling.
_DOUBLINGS, _FINE = 30, 8


@dataclass(frozen=True)
class Joint:
    """A way between two spaces, or out of one.

    Attributes
    ----------
    name : str
    ends : tuple of str
        Names of the spaces; "" is outside.
    flow : float
        Mean flow from the first to the second, mL/s.
    exchange : float
        Volume exchanged each way without net flow, mL/s.
    """

    name: str
    ends: tuple[str, str]
    flow: float = 0.0
    exchange: float = 0.0


@dataclass(frozen=True)
class Spread:
    """Spaces, what joins them, and what becomes of a dose.

    Amounts carry whatever unit the dose has. Times are numbers in s or texts with a unit (``"2 h"``).

    Attributes
    ----------
    spaces : dict
        Name -> volume, mL.
    joints : tuple of Joint
    places : dict
        Other names of spaces, such as ``canal.L3`` where a body has one space for L1 to L3.

    Examples
    --------
    One mixed space of 100 mL, emptied by 0.5 mL/min, clears by half in ln 2 V / q:

    >>> bath = Spread({"bath": 100.0}, (Joint("drain", ("bath", ""), flow=0.5 / 60),))
    >>> round(bath.clearance_half_time({"bath": 1.0}) / 60, 2)  # 138.63 min
    138.63
    >>> {name: round(amount, 3) for name, amount in bath.after("200 min", {"bath": 1.0}).items()}  # 1/e
    {'bath': 0.368, 'absorbed': 0.632}
    """

    spaces: Mapping[str, float]
    joints: tuple[Joint, ...]
    places: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, volume in self.spaces.items():
            if not (np.isfinite(volume) and volume > 0.0):
                raise CisternaError("a space has no volume", name, f"{volume:g} mL", "give a positive volume")
        for joint in self.joints:
            self._check(joint)

    def _check(self, joint: Joint) -> None:
        for end in joint.ends:
            if end and end not in self.spaces:
                raise UnknownName("space", end, list(self.spaces), where=joint.name)
        if not (np.isfinite(joint.flow) and np.isfinite(joint.exchange) and joint.exchange >= 0.0):
            found = f"flow {joint.flow:g}, exchange {joint.exchange:g} mL/s"
            raise CisternaError("a joint needs a finite flow and an exchange of 0 or more", joint.name, found)
        if "" in joint.ends and joint.exchange > 0.0:
            raise CisternaError(
                "exchange with the outside needs a concentration there", joint.name, mend="join two spaces"
            )

    @property
    def names(self) -> list[str]:
        """Spaces, in the order of every array."""
        return list(self.spaces)

    @property
    def volumes(self) -> Array:
        """mL, order `names`."""
        return np.array(list(self.spaces.values()), dtype=float)

    @cached_property
    def _whole(self) -> Array:
        """Matrix with what is gone as its last row and column, 1/s."""
        at = {name: i for i, name in enumerate(self.spaces)} | {"": len(self.spaces)}
        rates = np.zeros((len(at), len(at)))
        for joint in self.joints:
            first, second = (at[end] for end in joint.ends)
            for a, b, carried in ((first, second, joint.flow), (second, first, -joint.flow)):
                moved = max(carried, 0.0) + joint.exchange
                if a < len(self.spaces):  # what comes in from outside is clean
                    rate = moved / self.volumes[a]
                    rates[b, a] += rate
                    rates[a, a] -= rate
        return rates

    @property
    def matrix(self) -> Array:
        """dm/dt = matrix @ m, 1/s, (spaces, spaces)."""
        return self._whole[:-1, :-1]

    def place(self, name: str) -> str:
        """The space that holds a place; a wrong name is answered with the nearest."""
        if name in self.spaces:
            return name
        if name in self.places:
            return self.places[name]
        raise UnknownName("space", name, [*self.spaces, *self.places])

    def after(self, time: float | str, given: Mapping[str, float]) -> dict[str, float]:
        """Amounts some time after a dose, and under ``absorbed`` what has left.

        Parameters
        ----------
        time : float or str
            s, or a text with a unit.
        given : dict
            Place -> amount.

        Raises
        ------
        CisternaError
            Unknown place, a negative or empty dose, a time below 0.
        """
        amounts = self._step(_seconds(time)) @ self._dose(given)
        return dict(zip([*self.spaces, GONE], amounts.tolist(), strict=True))

    def course(self, times: Sequence[float | str], given: Mapping[str, float]) -> Array:
        """Amounts at several times, (times, spaces), order `names`."""
        dose = self._dose(given)
        return np.array([(self._step(_seconds(time)) @ dose)[:-1] for time in times])

    def clearance_half_time(self, given: Mapping[str, float]) -> float:
        """Time until half of a dose has left the spaces, s.

        Raises
        ------
        CisternaError
            Half of it never leaves.
        """
        dose = self._dose(given)
        half = dose.sum() / 2.0

        def excess(time: float) -> float:
            return float((self._step(time) @ dose)[-1] - half)

        late = next((2.0**k for k in range(_DOUBLINGS + 1) if excess(2.0**k) >= 0.0), None)
        if late is None:
            left = self.after(2.0**_DOUBLINGS, given)[GONE] / dose.sum()
            raise CisternaError(
                "half of the dose never leaves", ", ".join(given), f"{left:.2g} of it", "give the spaces a way out"
            )
        return float(brentq(excess, 0.0, late, xtol=1e-6, rtol=1e-12))

    def arrival(self, place: str | Sequence[str], share: float, given: Mapping[str, float]) -> float:
        """Time at which a place, or several taken together, first holds a share of the dose, s.

        Raises
        ------
        CisternaError
            It never does: the most that was there.
        """
        if not 0.0 < share <= 1.0:
            raise CisternaError("a share of a dose lies between 0 and 1", "arrival", f"{share:g}", "e.g. 0.01")
        dose = self._dose(given)
        spots = [self.names.index(self.place(p)) for p in ([place] if isinstance(place, str) else place)]

        def excess(time: float) -> float:
            return float((self._step(time) @ dose)[spots].sum() / dose.sum() - share)

        if excess(0.0) >= 0.0:
            return 0.0
        before, most = 0.0, -share
        for time in 2.0 ** (np.arange(_DOUBLINGS * _FINE + 1) / _FINE):
            now = excess(time)
            if now >= 0.0:
                return float(brentq(excess, before, time, xtol=1e-6, rtol=1e-12))
            before, most = float(time), max(most, now)
        raise CisternaError(
            "so much of the dose never gets there", ", ".join([place] if isinstance(place, str) else place),
            f"at most {most + share:.2g} of it; asked for {share:g}", "ask for a smaller share",
        )  # fmt: skip

    def _dose(self, given: Mapping[str, float]) -> Array:
        dose = np.zeros(len(self.spaces) + 1)
        for name, amount in given.items():
            if not (np.isfinite(amount) and amount >= 0.0):
                raise CisternaError("a dose is an amount of 0 or more", name, f"{amount:g}")
            dose[self.names.index(self.place(name))] += amount
        if not dose.sum() > 0.0:
            raise CisternaError("nothing was given", mend='name a place and an amount, e.g. {"canal.L3": 1.0}')
        return dose

    def _step(self, time: float) -> Array:
        return np.asarray(expm(self._whole * time))


def _seconds(time: float | str) -> float:
    value, unit = parse(time, default="s")
    if not same_dimension(unit, "s"):
        raise CisternaError("not a time", found=str(time), mend="give seconds, or e.g. '2 h'")
    seconds = convert(value, unit, "s")
    if not (np.isfinite(seconds) and seconds >= 0.0):
        raise CisternaError("a time after a dose is 0 or more", found=str(time))
    return seconds
