"""What a body shows at rest: mean pressure, pulse, breath, and the compliance that a small bolus meets.

The compliance is never typed in: a small bolus is given into the lumbar sac in one of two runs on identical
steps, and its volume divided by the mean difference of pressure over the next breaths.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import cached_property

import jax.numpy as jnp
import numpy as np

from cisterna.ground.errors import CisternaError
from cisterna.model.blueprint import Blueprint
from cisterna.model.network import Network
from cisterna.model.person import Person
from cisterna.model.regions.places import cranial_csf
from cisterna.model.schedule import Schedule
from cisterna.model.simulate import Run, simulate
from cisterna.model.solver.rest import UnstableRest
from cisterna.model.start import BREATH, HEART, Start, begin

#: Largest step of these runs, s.
STEP = 0.02
#: Bolus, mL; its length and ramps, s; periods after it over which the pressure is averaged.
PROBE, LENGTH, RAMP, PERIODS = 0.05, 1.0, 0.2, 2
_LOG10_E = float(np.log10(np.e))


@dataclass(frozen=True)
class Resting:
    """A body in its resting state, and what is measured on it.

    Examples
    --------
    >>> rest = resting(Person.typical())
    >>> 8.0 < rest.icp < 11.0, 18.0 < rest.pvi < 32.0  # mmHg, mL
    (True, True)
    """

    plan: Blueprint
    net: Network
    start: Start

    @cached_property
    def _quiet(self) -> Run:
        for needed in ("infusion", HEART, BREATH):
            if needed not in self.net.layout.control_names:
                raise CisternaError(f"this body has no '{needed}'", mend="use the body 'axis'")
        return simulate(self.net, self.start.schedule, 2 * self.start.period, state=self.start.rest.state, step=STEP)

    @property
    def period(self) -> float:
        """One breath, a whole number of beats, s."""
        return self.start.period

    @property
    def icp(self) -> float:
        """Mean intracranial pressure, mmHg."""
        return float(self._quiet.signal("icp").mean())

    @property
    def pulse(self) -> float:
        """Pulse of the intracranial pressure: median over beats of the peak-to-peak value, mmHg."""
        return float(np.median([np.ptp(part) for part in self._beats()]))

    @property
    def breath(self) -> float:
        """Swing of the beat means with breathing, mmHg."""
        return float(np.ptp([part.mean() for part in self._beats()]))

    def _beats(self) -> list[np.ndarray]:
        beat = 1.0 / self.plan.periods[HEART]
        pressure, number = self._quiet.signal("icp"), np.floor(self._quiet.times / beat - 1e-9)
        count = int(round(2 * self.period / beat))
        return [pressure[number == k] for k in range(count)]

    @cached_property
    def compliance(self) -> float:
        """Craniospinal compliance met by a small bolus, mL/mmHg."""
        given = self.start.schedule.copy()
        given.pulse("infusion", PROBE / (LENGTH - RAMP), start=0.0, duration=LENGTH, over=RAMP)
        return PROBE / float(self.rise(given, LENGTH).mean())

    @property
    def pvi(self) -> float:
        """Pressure-volume index that belongs to it, mL: C ICP / 0.4343."""
        return self.compliance * self.icp / _LOG10_E

    def rise(self, changed: Schedule, after: float, signal: str = "icp") -> np.ndarray:
        """Paired difference of a signal, changed inputs minus resting inputs, on identical steps.

        Parameters
        ----------
        changed : Schedule
            Inputs of the second run.
        after : float
            Time from which whole periods are kept, s.

        Returns
        -------
        array
            Samples at equal distances over `PERIODS` periods; exactly zero if the inputs are the same.
        """
        end = after + PERIODS * self.period
        plain = self.start.schedule.copy()
        for track in changed.tracks.values():  # the same events, hence the same steps, without their effect
            for t in track.times:
                if 0.0 < t < end:
                    plain.cut(t)
        runs = [simulate(self.net, s, end, state=self.start.rest.state, step=STEP) for s in (plain, changed)]
        return (runs[1].signal(signal) - runs[0].signal(signal))[runs[0].times > after + 1e-9]


def resting(person: Person, near: Resting | None = None) -> Resting:
    """The resting state of a person whose body does not oscillate by itself.

    Parameters
    ----------
    person : Person
    near : Resting, optional
        Rest of the same body without any hypothesis, as a first guess. A box that yields holds far more
        volume at the same pressure, too far for a search from scratch: the guess keeps the box pressure.
        When a search from scratch fails, it is found and used by itself.

    Raises
    ------
    UnstableRest
        It does oscillate by itself; see `worlds.start.begin_in`.
    """
    plan, net = person.blueprint(), person.network()
    if near is None:
        try:
            return Resting(plan, net, begin(plan, net))
        except UnstableRest:
            raise
        except CisternaError:
            plain = tuple(c for c in person.changes if not hasattr(c, "hypothesis"))
            if len(plain) == len(person.changes):
                raise
        near = resting(dataclasses.replace(person, changes=plain))
    guess = np.array(near.start.rest.state)
    place = net.layout.state_names.index(f"volume.{cranial_csf(plan)}")
    box = [sum(float(body.get(f"cranium.{part}")) for part in ("skull", "residual")) for body in (near.net, net)]
    guess[place] += (near.icp - float(net.get("cranium.reference"))) * (box[1] - box[0])
    return Resting(plan, net, begin(plan, dataclasses.replace(net, start=jnp.asarray(guess))))
