"""Speed and accuracy of the solver on the body `whole`, as a table.

    python benchmarks/whole_speed.py              everything
    python benchmarks/whole_speed.py --only leap  one group: speed, start, gradient, leap, lanes

Times are processor times of this process, the best of several, for the machine may be shared; a quiet machine shows
the same in wall time. Errors are the largest difference from a run at 0.5 ms over the peak to peak of that run.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from cisterna.model.solver.machine import one_processor

one_processor()  # before NumPy starts a thread for every processor it sees

import numpy as np  # noqa: E402

WATCHED = ("icp", "flow_aqueduct", "flow_csf.C2")
#: Model time over which errors are told, s, and the grid they are told on.
SPAN, GRID = 4.0, 0.02


def best(work: Callable[[], Any], times: int) -> float:
    """Smallest processor time of a piece of work, s."""
    spent = []
    for _ in range(times):
        began = time.process_time()
        work()
        spent.append(time.process_time() - began)
    return min(spent)


@lru_cache(maxsize=1)
def whole() -> tuple[Any, Any, Any]:
    """Plan, network and resting start of the typical person."""
    from cisterna.model.person import Person
    from cisterna.model.start import begin

    person = Person.typical(body="whole")
    plan, net = person.blueprint(), person.network()
    return plan, net, begin(plan, net)


def row(what: str, value: float, unit: str, note: str = "") -> None:
    print(f"{what:<44}{value:>12.4g} {unit:<10}{note}", flush=True)


def start() -> None:
    """From nothing to a resting state, with the programs compiled in this process."""
    from cisterna.model.person import Person
    from cisterna.model.simulate import simulate
    from cisterna.model.start import begin, resting_schedule

    person = Person.typical(body="whole")
    plan, net = person.blueprint(), person.network()
    schedule = resting_schedule(plan, net)
    row("first 0.5 s of a run, compiled", best(lambda: simulate(net, schedule, 0.5), 1), "s")
    row("the same again", best(lambda: simulate(net, schedule, 0.5), 3) * 1e3, "ms")
    row("search for the resting state, first", best(lambda: begin(plan, net), 1), "s")
    row("the same again", best(lambda: begin(plan, net), 2), "s")


def speed() -> None:
    """A chunk of the default march, and its error."""
    import jax
    import jax.numpy as jnp

    from cisterna.model.simulate import simulate
    from cisterna.model.solver.march import March, chunk
    from cisterna.model.solver.rest import _ramp

    _, net, begun = whole()
    ramp, y = _ramp(net, begun.schedule, 0.0), jnp.asarray(begun.rest.state)
    for outer in (100, 400):
        march = March(outer=outer)
        h = march.scheme.step

        def work(march: Any = march, h: float = h) -> None:
            jax.block_until_ready(chunk(march, net, y, np.float64(0.0), np.float64(h), ramp))

        work()
        per = best(work, 40) / march.steps
        stages = len(march.scheme.weights)
        note = f"{per * 1e6:.1f} us a step, {per / stages * 1e6:.2f} us a stage"
        row(f"speed, a matrix every {march.steps * h:g} s", h / per, "s/s", note)

    def run(h: float) -> Any:
        march = March(inner=round(GRID / h), outer=max(1, round(0.5 / GRID)))
        return simulate(net, begun.schedule, SPAN, state=begun.rest.state, step=h, march=march)

    exact = run(0.0005)
    for h in (0.0025, 0.005, 0.01):
        found = run(h)
        for name in WATCHED:
            wave = exact.signal(name)
            row(
                f"error of {name} at {h * 1e3:g} ms", np.abs(found.signal(name) - wave).max() / np.ptp(wave), "of swing"
            )


def gradient() -> None:
    """Reverse gradient of mean ICP over half a second by every number of the laws."""
    import jax
    import jax.numpy as jnp

    from cisterna.model.solver.march import March, chunk
    from cisterna.model.solver.rest import _ramp

    _, net, begun = whole()
    ramp, y, march = _ramp(net, begun.schedule, 0.0), jnp.asarray(begun.rest.state), March()
    k = net.layout.signal_names.index("icp")

    def mean(body: Any) -> Any:
        return chunk(march, body, y, np.float64(0.0), np.float64(0.005), ramp)[1][:, k].mean()

    forward, reverse = jax.jit(mean), jax.jit(jax.grad(mean))
    row("compile of the gradient", best(lambda: jax.block_until_ready(reverse(net)), 1), "s")
    jax.block_until_ready(forward(net))
    one = best(lambda: jax.block_until_ready(forward(net)), 20)
    back = best(lambda: jax.block_until_ready(reverse(net)), 20)
    row(
        "reverse gradient over forward run",
        back / one,
        "1",
        f"{sum(x.size for x in jax.tree.leaves(net.laws))} numbers",
    )


def leap() -> None:
    """An hour with the production tripled after a minute, by leaps and beat by beat."""
    from cisterna.model.simulate import simulate
    from cisterna.model.solver.leap import leap as by_leaps
    from cisterna.model.solver.march import March

    _, net, begun = whole()
    schedule = begun.schedule.copy()
    schedule.run("breath.phase", 1.0 / begun.period, 0.0)
    schedule.ramp("production.factor", 3.0, start=13.0 * begun.period)
    hour = 792.0 * begun.period
    by_leaps(net, schedule, hour, state=begun.rest.state)
    row("an hour by leaps", best(lambda: by_leaps(net, schedule, hour, state=begun.rest.state), 2), "s")
    short = by_leaps(net, schedule, hour, state=begun.rest.state)
    began = time.process_time()
    full = simulate(net, schedule, hour, state=begun.rest.state, march=March(inner=4, outer=50))
    row("an hour beat by beat", time.process_time() - began, "s")
    passed = np.concatenate([[0.0], np.cumsum(full.signal("icp") * np.diff(full.times, prepend=0.0))])
    edges = np.interp(short.spans, np.concatenate([[0.0], full.times]), passed)
    exact = np.diff(edges, axis=1)[:, 0] / np.diff(short.spans, axis=1)[:, 0]
    note = f"drift {np.ptp(exact):.2f}, estimated {short.error:.2g}, {len(short.spans)} periods simulated"
    row("largest error of mean ICP by leaps", np.abs(short.mean("icp") - exact).max(), "mmHg", note)
    moved, names = full.state - begun.rest.state, net.layout.state_names
    gained = sum(moved[i] for i, name in enumerate(names) if name.startswith("volume."))
    crossed = [moved[i] for i, name in enumerate(names) if name.startswith("ledger.")]
    row("volume lost in an hour, of what passed", abs(gained - sum(crossed)) / np.abs(crossed).max(), "1")


def lanes() -> None:
    """Persons side by side on one processor, each with its own matrix."""
    from cisterna.model.simulate import simulate, stack
    from cisterna.model.solver.march import March

    _, net, begun = whole()
    many = stack([net] * 16)

    def work() -> None:
        simulate(many, begun.schedule, 2.0, state=begun.rest.state, march=March(inner=2, outer=50))

    work()
    row("16 persons, one processor", 32.0 / best(work, 3), "s/s", "subject-seconds a second")


def crowd(persons: int = 1024, seconds: float = 10.0) -> None:
    """Persons that differ, over all processors, each with its own matrix; wall time, programs compiled before."""
    from cisterna.model.crowd import run_crowd
    from cisterna.model.solver.machine import enable_cache, processors
    from cisterna.model.solver.scheme import ROS34PW2

    enable_cache()  # the processes share what is compiled
    _, net, begun = whole()
    stiff = float(net.get("lacunae.stiffness"))
    nets = [net.set("lacunae.stiffness", stiff * (0.8 + 0.4 * k / persons)) for k in range(persons)]
    schedules = [begun.schedule] * persons

    def work(count: int, length: float) -> float:
        began = time.perf_counter()
        # Persons begin at the rest of another: a step of one's own is kept to, the default would refine that jump.
        found = run_crowd(nets[:count], schedules[:count], length, states=begun.rest.state, step=ROS34PW2.step)
        assert not found.lost
        return time.perf_counter() - began

    work(128, 0.5)
    took = work(persons, seconds)
    note = f"subject-seconds a second, {took:.0f} s with the start of the processes"
    row(f"{persons} persons, {len(processors())} processors", persons * seconds / took, "s/s", note)


GROUPS = {work.__name__: work for work in (start, speed, gradient, leap, lanes, crowd)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("--only", action="append", choices=list(GROUPS), help="a group; may be given again")
    for name in parser.parse_args().only or GROUPS:
        GROUPS[name]()


if __name__ == "__main__":
    main()
