"""Many persons at once: one process a processor, in each of them the persons of a group one after the other.

A run is a chain of small operations that fills one core and nothing else, so persons are spread over processes; each
keeps to its processor, holds its own compiled program and gives every person a matrix of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any

import jax
import numpy as np

from cisterna.ground.errors import CisternaError, UnknownName
from cisterna.model.network import Network
from cisterna.model.schedule import Schedule
from cisterna.model.simulate import simulate, stack
from cisterna.model.solver.machine import keep_programs, one_processor, processors, programs_folder
from cisterna.model.solver.march import March

#: Persons in a group: what a process works on before it answers.
GROUP = 64
#: Called with the share of the persons that is done.
Told = Callable[[float], None]


@dataclass(frozen=True)
class Crowd:
    """What a crowd leaves behind.

    Attributes
    ----------
    times : array (samples,)
        Model time, s.
    signals : dict
        Kept signal -> array (persons, samples), in its own unit; all NaN for a person that was lost.
    states : array (persons, states)
        At the end.
    lost : dict
        Place of a person -> why its run ended.
    """

    times: np.ndarray
    signals: dict[str, np.ndarray]
    states: np.ndarray
    lost: dict[int, str]


def run_crowd(
    nets: Sequence[Network],
    schedules: Sequence[Schedule],
    duration: float,
    *,
    states: np.ndarray,
    keep: Sequence[str] = ("icp",),
    step: float | None = None,
    march: March | None = None,
    processes: int | None = None,
    told: Told | None = None,
) -> Crowd:
    """Run persons of one layout side by side, each by itself.

    Parameters
    ----------
    nets : sequence of Network
        One a person, of one layout.
    schedules : sequence of Schedule
        One a person; their events become events of all in a group.
    duration : float
        s.
    states : array (states,) or (persons, states)
        Where they begin.
    keep : sequence of str
        Signals that are kept.
    step : float, optional
        Largest step, s.
    processes : int, optional
        By default one a processor. With 1 everything stays in this process; with more, a script needs the usual
        ``if __name__ == "__main__"``.
    told : callable, optional
        Called after each group.

    Raises
    ------
    CisternaError
        Bodies of different layouts, as many schedules as there are not persons, or an unknown signal.

    Examples
    --------
    >>> from cisterna.model.person import Person
    >>> from cisterna.model.start import begin
    >>> person = Person.typical(body="one")
    >>> net = person.network(); start = begin(person.blueprint(), net)
    >>> crowd = run_crowd([net, net], [start.schedule] * 2, 1.0, states=start.rest.state, processes=1)
    >>> crowd.signals["icp"].shape[0], crowd.lost
    (2, {})
    """
    nets, schedules = list(nets), list(schedules)
    if not nets or len(nets) != len(schedules):
        raise CisternaError("a schedule for each person is needed", found=f"{len(nets)} persons, {len(schedules)}")
    if any(net.layout != nets[0].layout for net in nets):
        raise CisternaError("persons of different layouts cannot run together", mend="give them the same body")
    for name in keep:
        if name not in nets[0].layout.signal_names:
            raise UnknownName("signal", name, nets[0].layout.signal_names)
    begun = np.broadcast_to(np.asarray(states), (len(nets), nets[0].start.size))
    how = march or March(inner=2, outer=50)
    spans = [slice(k, min(k + GROUP, len(nets))) for k in range(0, len(nets), GROUP)]
    tasks = [(_plain(nets[s]), schedules[s], duration, np.array(begun[s]), tuple(keep), step, how) for s in spans]
    answers: list[Any] = []

    def note(answer: Any) -> None:
        answers.append(answer)
        if told is not None:
            told(sum(len(a[2]) for a in answers) / len(nets))

    count = min(processes or len(processors()), len(tasks))
    if count == 1:
        for task in tasks:
            note(_group(*task))
    else:
        context = get_context("spawn")
        turn = context.Value("i", 0)
        with ProcessPoolExecutor(count, context, _settle, (turn, processors(), programs_folder())) as pool:
            try:
                for done in [pool.submit(_group, *task) for task in tasks]:
                    note(done.result())
            except KeyboardInterrupt:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
    lost = {spans[k].start + place: why for k, answer in enumerate(answers) for place, why in answer[3].items()}
    kept = {name: np.concatenate([answer[1][name] for answer in answers]) for name in keep}
    return Crowd(answers[0][0], kept, np.concatenate([answer[2] for answer in answers]), lost)


def _plain(nets: list[Network]) -> list[Network]:
    """Networks whose arrays another process can be sent."""
    return [jax.tree.map(np.asarray, net) for net in nets]


def _settle(turn: Any, known: list[int], folder: str | None) -> None:
    """A process takes the next processor, and the programs that are compiled already."""
    with turn.get_lock():
        mine = turn.value
        turn.value += 1
    one_processor(known[mine % len(known)])
    if folder is not None:
        keep_programs(folder)


def _group(
    nets: list[Network], schedules: list[Schedule], duration: float, states: np.ndarray, keep: tuple[str, ...],
    step: float | None, march: March,
) -> tuple[np.ndarray, dict[str, np.ndarray], np.ndarray, dict[int, str]]:  # fmt: skip
    """(times, kept signals, states at the end, lost) of a group; a person that is lost loses nobody else."""
    count = len(nets)
    # One compiled program for all groups: a small one is filled up with its last member.
    full = nets + nets[-1:] * (GROUP - count) if count < GROUP and count > 1 else nets
    times = schedules + schedules[-1:] * (len(full) - count)
    begun = np.concatenate([states, np.repeat(states[-1:], len(full) - count, axis=0)])
    try:
        run = simulate(stack(full), times, duration, state=begun, step=step, march=march)
        return run.times, {n: run.signal(n)[:count] for n in keep}, run.state[:count], {}
    except CisternaError:
        pass
    rows: list[Any] = []
    lost: dict[int, str] = {}
    for place, (net, schedule, state) in enumerate(zip(nets, schedules, states, strict=True)):
        try:
            alone = simulate(stack([net]), [schedule], duration, state=state[None], step=step, march=march)
            rows.append((alone.times, {n: alone.signal(n)[0] for n in keep}, alone.state[0]))
        except CisternaError as error:
            lost[place] = error.what
            rows.append(None)
    grid = next((row[0] for row in rows if row is not None), np.zeros(0))
    empty = (grid, {n: np.full(grid.size, np.nan) for n in keep}, np.full(states.shape[1], np.nan))
    found = [row or empty for row in rows]
    kept = {n: np.stack([row[1][n] for row in found]) for n in keep}
    return grid, kept, np.stack([row[2] for row in found]), lost
