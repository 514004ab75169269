"""Speed and accuracy of the body `axis` on this machine, beside solvers of SciPy and diffrax.

    python benchmarks/run.py                 everything, a table
    python benchmarks/run.py --only speed    one group (see --list)
    python benchmarks/run.py --json          the same as JSON

Every solver integrates the same right-hand side with the same Jacobian from the same resting state. Errors are
the largest difference from a run at 0.5 ms, over the peak to peak of that run. Times are wall times of one
process; the smallest of several is given where a figure repeats.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import lru_cache
from importlib import metadata
from typing import Any, NamedTuple

import numpy as np

#: Signals whose error is told.
WATCHED = ("icp", "flow_csf.C2")
#: Model time of the comparison of solvers and of the errors, s.
SPAN = 5.0
#: Sampling common to all runs, s.
GRID = 0.02
RTOL, ATOL = 1e-6, 1e-9
#: Chunks of 200 steps timed for the speed.
CHUNKS = 30


class Row(NamedTuple):
    """One line of the table."""

    group: str
    what: str
    value: float
    unit: str
    note: str = ""


GROUPS: dict[str, Callable[[], list[Row]]] = {}


def group(function: Callable[[], list[Row]]) -> Callable[[], list[Row]]:
    """Register a group of measurements under the name of its function."""
    GROUPS[function.__name__] = function
    return function


def best(work: Callable[[], Any], times: int = 3) -> float:
    """Smallest wall time of a piece of work, s."""
    spent = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        spent.append(time.perf_counter() - began)
    return min(spent)


@lru_cache(maxsize=1)
def axis() -> tuple[Any, Any, Any]:
    """Plan, network and resting start of the typical person."""
    from cisterna.model.person import Person
    from cisterna.model.start import begin

    person = Person.typical()
    plan, net = person.blueprint(), person.network()
    return plan, net, begin(plan, net)


def marched(step: float, seconds: float, schedules: Any = None, progress: Any = None, steps: int = 200) -> Any:
    """A run at a step, sampled on the common grid, the matrix rebuilt every `steps` steps."""
    from cisterna.model.simulate import simulate
    from cisterna.model.solver.march import March

    _, net, start = axis()
    inner = max(1, round(GRID / step))
    march = March(inner=inner, outer=max(1, steps // inner))
    return simulate(
        net, schedules or start.schedule, seconds,
        state=start.rest.state, step=step, march=march, progress=progress,
    )  # fmt: skip


@lru_cache(maxsize=1)
def reference() -> Any:
    """The run all others are compared with."""
    return marched(0.0005, SPAN, steps=1000)


def errors(times: np.ndarray, columns: dict[str, np.ndarray]) -> str:
    """Worst error of the watched signals over the time in common with the reference, as text."""
    exact = reference()
    n = min(times.size, exact.times.size)
    assert np.allclose(times[:n], exact.times[:n]), "not on the common grid"
    parts = []
    for name in WATCHED:
        wave = exact.signal(name)
        parts.append(f"{name} {np.abs(columns[name][:n] - wave[:n]).max() / np.ptp(wave):.1e}")
    return "worst error " + ", ".join(parts)


def errors_of(run: Any) -> str:
    """The same for a run of our own."""
    return errors(run.times, {name: run.signal(name) for name in WATCHED})


# --- the groups ----------------------------------------------------------------------------------------
@group
def startup() -> list[Row]:
    """Whole processes: the help, the imports."""
    rows = []
    for what, words in (
        ("cisterna --help, whole process", ["-m", "cisterna.outside.cli", "--help"]),
        ("python, nothing imported", ["-c", "pass"]),
        ("import cisterna", ["-c", "import cisterna"]),
        ("import cisterna.model.simulate", ["-c", "import cisterna.model.simulate"]),
    ):
        spent = best(lambda w=words: subprocess.run([sys.executable, *w], check=True, capture_output=True), 5)  # type: ignore[misc]
        rows.append(Row("startup", what, spent, "s", "best of 5"))
    return rows


_COMPILE = """
import time, jax.numpy as jnp
from cisterna.model.person import Person
from cisterna.model.solver.machine import enable_cache
from cisterna.model.solver.march import March, Ramp, chunk
from cisterna.model.start import resting_schedule
enable_cache()
person = Person.typical()
plan, net = person.blueprint(), person.network()
schedule = resting_schedule(plan, net)
tracks = [schedule.track(name).at(0.0) for name in net.layout.control_names]
ramp = Ramp(jnp.array([v for v, _ in tracks]), jnp.array([s for _, s in tracks]), jnp.array(0.0))
def go():
    began = time.perf_counter()
    chunk(March(), net, net.start, jnp.array(0.0), jnp.array(0.005), ramp)[0].block_until_ready()
    return time.perf_counter() - began
first = go()
print(first - go())
"""


@group
def compiling() -> list[Row]:
    """The program of one chunk, without and with the persistent cache."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        env = {**os.environ, "CISTERNA_CACHE": folder}
        for what in ("cold cache", "warm cache"):
            done = subprocess.run([sys.executable, "-c", _COMPILE], env=env, check=True, capture_output=True, text=True)
            rows.append(Row("compiling", f"chunk of axis, {what}", float(done.stdout), "s", "first call minus second"))
    return rows


@group
def resting() -> list[Row]:
    """The resting state by shooting."""
    from cisterna.model.start import begin

    plan, net, start = axis()
    spent = best(lambda: begin(plan, net), 2)
    note = f"{start.rest.turns} turns of {start.period:.2f} s, residual {start.rest.residual:.0e}"
    return [Row("resting", "begin(), compiled", spent, "s", note)]


@group
def speed() -> list[Row]:
    """Simulated seconds per second, one body and four lanes: the best chunk, and the median in the note."""
    _, _, start = axis()
    rows = []
    for step in (0.005, 0.02):
        fastest, usual, run = paced(step, start.schedule)
        note = f"median {usual:.0f}; {errors_of(run)}"
        rows.append(Row("speed", f"step {step * 1e3:g} ms", fastest, "s/s", note))
    lanes = [start.schedule.copy() for _ in range(4)]
    for k, lane in enumerate(lanes):
        lane.ramp("touch.volume", 1e-5 * k, start=0.0)
    fastest, usual, _ = paced(0.005, lanes)
    note = f"median {4 * usual:.0f}; lane seconds per second"
    rows.append(Row("speed", "four lanes, step 5 ms", 4 * fastest, "s/s", note))
    return rows


def paced(step: float, schedules: Any) -> tuple[float, float, Any]:
    """Model seconds per second of the fastest chunk and of the median chunk after the first, and the run."""
    seen: list[tuple[float, float]] = []
    run = marched(step, CHUNKS * 200 * step, schedules, lambda t, *_: seen.append((t, time.perf_counter())))
    rates = [(b[0] - a[0]) / (b[1] - a[1]) for a, b in zip(seen[:-1], seen[1:], strict=True)]
    return max(rates), float(np.median(rates)), run


@group
def gradient() -> list[Row]:
    """Reverse gradient of mean ICP over one chunk by every number of the network."""
    import jax
    import jax.numpy as jnp

    from cisterna.model.solver.march import March, chunk

    _, net, start = axis()
    state, ramp, march = jnp.asarray(start.rest.state), _ramp(net, start.schedule), March()
    k = net.layout.signal_names.index("icp")

    def mean_icp(body: Any) -> Any:
        return chunk(march, body, state, jnp.array(0.0), jnp.array(0.005), ramp)[1][:, k].mean()

    forward, reverse = jax.jit(mean_icp), jax.jit(jax.grad(mean_icp))
    jax.block_until_ready((forward(net), reverse(net)))
    one = best(lambda: jax.block_until_ready(forward(net)), 5)
    back = best(lambda: jax.block_until_ready(reverse(net)), 5)
    count = sum(leaf.size for law in net.laws for leaf in jax.tree.leaves(law))
    note = f"{back * 1e3:.0f} ms over {one * 1e3:.0f} ms, {count} numbers of the laws, 1 s of model time"
    return [Row("gradient", "reverse gradient over forward run", back / one, "1", note)]


@group
def conservation() -> list[Row]:
    """Volume gained against volume that crossed the border, over an hour."""
    _, net, start = axis()
    began = time.perf_counter()
    run = marched(0.02, 3600.0)
    spent = time.perf_counter() - began
    moved = run.state - start.rest.state
    names = net.layout.state_names
    gained = sum(moved[i] for i, n in enumerate(names) if n.startswith("volume."))
    crossed = sum(moved[i] for i, n in enumerate(names) if n.startswith("ledger."))
    through = max(abs(moved[i]) for i, n in enumerate(names) if n.startswith("ledger."))
    note = f"of {through / 1e3:.3g} L that passed; an hour in {spent:.1f} s at 20 ms"
    return [Row("conservation", "volume lost in an hour", abs(gained - crossed) / through, "1", note)]


def _ramp(net: Any, schedule: Any) -> Any:
    import jax.numpy as jnp

    from cisterna.model.solver.march import Ramp

    tracks = [schedule.track(name).at(0.0) for name in net.layout.control_names]
    return Ramp(jnp.array([v for v, _ in tracks]), jnp.array([s for _, s in tracks]), jnp.array(0.0))


@group
def solvers() -> list[Row]:
    """The same 5 s by other solvers at rtol 1e-6: SciPy's LSODA and Radau, diffrax's Kvaerno5."""
    import jax
    import jax.numpy as jnp
    import scipy.integrate

    from cisterna.model.network import rhs, signals
    from cisterna.model.solver.march import jacobian

    _, net, start = axis()
    ramp = _ramp(net, start.schedule)
    times = np.minimum(reference().times, SPAN)
    f = jax.jit(lambda t, y: rhs(net, t, y, ramp.at(t)))
    j = jax.jit(lambda t, y: jacobian(net, t, y, ramp.at(t)))
    read = jax.jit(jax.vmap(lambda t, y: signals(net, t, y, ramp.at(t))))
    jax.block_until_ready((f(0.0, start.rest.state), j(0.0, start.rest.state)))

    def told(states: np.ndarray) -> str:
        samples = np.asarray(read(jnp.asarray(times), jnp.asarray(states)))
        index = net.layout.signal_names.index
        return errors(times, {name: samples[:, index(name)] for name in WATCHED})

    rows = []
    for step in (0.005, 0.02):
        fits = 200 if step < 0.02 else 50
        run = marched(step, SPAN, steps=fits)
        spent = best(lambda h=step, n=fits: marched(h, SPAN, steps=n))  # type: ignore[misc]
        note = errors_of(run)
        rows.append(Row("solvers", f"Cisterna ROS34PW2, {step * 1e3:g} ms", spent, "s", note))
    for method in ("LSODA", "Radau"):

        def go(name: str = method) -> Any:
            return scipy.integrate.solve_ivp(
                lambda t, y: np.asarray(f(t, y)), (0.0, SPAN), np.asarray(start.rest.state), name, times,
                rtol=RTOL, atol=ATOL, jac=lambda t, y: np.asarray(j(t, y)),
            )  # fmt: skip

        began = time.perf_counter()
        done = go()
        spent = time.perf_counter() - began
        note = f"{told(done.y.T)}; {done.nfev} right-hand sides, {done.njev} Jacobians"
        rows.append(Row("solvers", f"SciPy {method}, rtol {RTOL:g}", spent, "s", note))
    return rows + _diffrax(net, start, ramp, times, told)


def _diffrax(net: Any, start: Any, ramp: Any, times: np.ndarray, told: Callable[[np.ndarray], str]) -> list[Row]:
    try:
        import diffrax
    except ImportError:
        return [Row("solvers", "diffrax Kvaerno5", float("nan"), "s", "diffrax is not installed")]
    import jax
    import jax.numpy as jnp

    from cisterna.model.network import rhs

    term = diffrax.ODETerm(lambda t, y, _: rhs(net, t, y, ramp.at(t)))
    keep = diffrax.SaveAt(ts=jnp.asarray(times))
    rules = diffrax.PIDController(rtol=RTOL, atol=ATOL)

    @jax.jit
    def go(state: Any) -> Any:
        return diffrax.diffeqsolve(
            term, diffrax.Kvaerno5(), 0.0, SPAN, 1e-3, state, saveat=keep, stepsize_controller=rules, max_steps=100_000
        )

    began = time.perf_counter()
    done = jax.block_until_ready(go(jnp.asarray(start.rest.state)))
    first = time.perf_counter() - began
    began = time.perf_counter()
    jax.block_until_ready(go(jnp.asarray(start.rest.state)))
    spent = time.perf_counter() - began
    note = f"{told(np.asarray(done.ys))}; {int(done.stats['num_steps'])} steps, first call {first:.1f} s"
    return [Row("solvers", f"diffrax Kvaerno5, rtol {RTOL:g}", spent, "s", note)]


# --- the table -----------------------------------------------------------------------------------------
def machine() -> str:
    """Where this was measured."""
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in ("jax", "numpy", "scipy"))
    return f"{platform.machine()}, {os.cpu_count()} cores{load}; Python {platform.python_version()}, {versions}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("--only", choices=list(GROUPS), action="append", help="one group; may be repeated")
    parser.add_argument("--list", action="store_true", help="the groups and what each measures")
    parser.add_argument("--json", action="store_true", help="print JSON")
    asked = parser.parse_args()
    if asked.list:
        for name, function in GROUPS.items():
            print(f"{name:<14}{(function.__doc__ or '').splitlines()[0]}")
        return
    if asked.json:
        rows = [row._asdict() for name in asked.only or GROUPS for row in GROUPS[name]()]
        rows = [{**row, "value": row["value"] if row["value"] == row["value"] else None} for row in rows]
        print(json.dumps({"machine": machine(), "rows": rows}, indent=2))
        return
    print(machine())
    for name in asked.only or GROUPS:
        for row in GROUPS[name]():
            print(f"{row.what:<36} {row.value:>10.3g} {row.unit:<4} {row.note}", flush=True)


if __name__ == "__main__":
    main()
