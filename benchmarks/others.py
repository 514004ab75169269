"""Cisterna's solver beside other integrators, on the same right-hand side and at the same accuracy.

    python benchmarks/others.py                    the body `whole`, all integrators, a table
    python benchmarks/others.py --only cvodes      one integrator (see --list)
    python benchmarks/others.py --page docs/benchmarks.md

Every integrator starts from the same periodic resting state and runs 20 s of it. Error is the largest difference
from a reference (Radau at rtol 1e-10, checked against LSODA) over the peak to peak of the reference, the worst of ICP,
aqueduct flow and flow at C2. Each integrator is tried along a ladder of tolerances (ours along steps); told is the
fastest setting whose error is at most 2e-4. Time is processor time of one process kept to one processor (on a quiet
machine the same as wall time), the best of two; of a first call it is wall time, as it starts compilers.

Needs ``pip install casadi diffrax`` and a C compiler: what is missing is named and left out.
"""

from __future__ import annotations

import argparse
import os
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

import numpy as np  # noqa: E402 - after the caps on threads
from others_page import Result, page, table  # noqa: E402

WATCHED = ("icp", "flow_aqueduct", "flow_csf.C2")
#: Sampling common to all, s; largest error asked for; repeats of a timed run.
GRID, ASKED, REPEATS = 0.01, 2e-4, 2
#: Largest difference of the translated rate from ours that passes as rounding.
TRANSLATED = 1e-13
#: Rungs of the ladder of tolerances, two a decade; atol is this part of rtol.
RUNGS = [10.0 ** (-k / 2) for k in range(4, 19)]
ABSOLUTE = 0.1
#: A ladder is left after this many rungs that are accurate enough.
ENOUGH = 2
#: Loosest rtol tried, where looser ones were found to be too inaccurate in a run with ``--all``.
LOOSEST = {"lsoda": 3.2e-4, "radau": 1e-3, "bdf": 1e-5, "cvodes": 3.2e-5, "kvaerno3": 3.2e-4, "kvaerno5": 1e-3}


@dataclass
class Case:
    """What everyone integrates."""

    net: Any
    start: Any
    value: np.ndarray
    slope: np.ndarray
    span: float
    body: Any = None
    code: Any = None
    built: float = 0.0
    exact: np.ndarray = field(default_factory=lambda: np.zeros(0))

    @property
    def times(self) -> np.ndarray:
        return GRID * np.arange(1, round(self.span / GRID) + 1)

    @property
    def state(self) -> np.ndarray:
        """The moving part of the resting state."""
        return np.asarray(self.start.rest.state)[: self.body.moving]


def case(body: str, span: float) -> Case:
    """The typical person's body at rest, its inputs running on."""
    from cisterna.model.person import Person
    from cisterna.model.start import begin

    person = Person.typical(body=body)
    plan, net = person.blueprint(), person.network()
    start = begin(plan, net)
    rows = [start.schedule.track(name).at(0.0) for name in net.layout.control_names]
    return Case(net, start, np.array([r[0] for r in rows]), np.array([r[1] for r in rows]), span)


def translate(told: Case) -> float:
    """Translate and compile the right-hand side; the largest relative difference from ours."""
    from translate import casadi_rhs, compiled, disagreement

    began = time.perf_counter()
    told.body = casadi_rhs(told.net, told.value, told.slope)
    told.code = compiled(told.body)
    told.built = time.perf_counter() - began
    spread = np.random.default_rng(0).standard_normal((40, len(told.start.rest.state)))
    states = np.asarray(told.start.rest.state) + 0.05 * spread
    return disagreement(told.net, told.value, told.slope, told.body, states)


def samples(told: Case, states: np.ndarray) -> np.ndarray:
    """The watched signals (samples, signals) of states (samples, moving); never part of what is timed."""
    import jax
    import jax.numpy as jnp

    from cisterna.model.network import signals

    if states.shape[1] == len(WATCHED):
        return states  # ours reads signals on the way
    value, slope, net = jnp.asarray(told.value), jnp.asarray(told.slope), told.net
    whole = np.zeros((len(states), len(net.layout.state_names)))
    whole[:, : states.shape[1]] = states
    read = jax.jit(jax.vmap(lambda t, y: signals(net, t, y, value + slope * t)))
    at = [net.layout.signal_names.index(name) for name in WATCHED]
    return np.asarray(read(jnp.asarray(told.times), jnp.asarray(whole)))[:, at]


def scipy_run(told: Case, method: str, rtol: float, atol: float) -> np.ndarray:
    """States on the grid by SciPy, with compiled rate and Jacobian."""
    from scipy.integrate import solve_ivp

    done = solve_ivp(
        told.code.rate, (0.0, told.span), told.state, method, told.times, rtol=rtol, atol=atol, jac=told.code.jacobian
    )
    if not done.success:
        raise ArithmeticError(done.message)
    return np.asarray(done.y.T)


def refer(told: Case) -> float:
    """Compute the reference; how far LSODA is from it, over peak to peak."""
    told.exact = samples(told, scipy_run(told, "Radau", 1e-10, 1e-12))
    other = samples(told, scipy_run(told, "LSODA", 1e-9, 1e-11))
    return max(errors(told, other))


def errors(told: Case, found: np.ndarray) -> tuple[float, ...]:
    """Largest error of each watched signal over its peak to peak."""
    gap = np.abs(found - told.exact).max(axis=0) / np.ptp(told.exact, axis=0)
    return tuple(float(x) if np.isfinite(x) else float("inf") for x in gap)


# ---- the integrators: each yields (setting, function that gives states or samples), loose first ----
Ladder = list[tuple[str, Callable[[], np.ndarray]]]


def ours(told: Case, rungs: list[float], scheme: str) -> Ladder:
    """Cisterna, fixed steps, the matrix rebuilt every half second."""
    from cisterna.model.simulate import simulate
    from cisterna.model.solver.march import March
    from cisterna.model.solver.scheme import SCHEMES

    at = [told.net.layout.signal_names.index(name) for name in WATCHED]

    def go(inner: int) -> np.ndarray:
        run = simulate(
            told.net, told.start.schedule, told.span, state=told.start.rest.state,
            step=GRID / inner, march=March(SCHEMES[scheme], inner, 50),
        )  # fmt: skip
        return np.asarray(run.samples)[:, at]

    return [(f"step {1e3 * GRID / inner:.3g} ms", partial(go, inner)) for inner in (1, 2, 3, 4, 6, 8)]


def scipy_ladder(told: Case, rungs: list[float], method: str) -> Ladder:
    """SciPy with compiled rate and Jacobian."""
    return [
        (f"rtol {rtol:.1e}", lambda r=rtol: scipy_run(told, method, r, ABSOLUTE * r))  # type: ignore[misc]
        for rtol in rungs
    ]


def cvodes(told: Case, rungs: list[float]) -> Ladder:
    """CVODES through CasADi, expression compiled, sparse direct linear solver."""
    import casadi

    problem = {"t": told.body.time, "x": told.body.state, "ode": told.body.rate}
    made: dict[float, Any] = {}

    def go(rtol: float) -> np.ndarray:
        if rtol not in made:
            flags = {"flags": ["-O3", "-march=native"], "verbose": False}
            rules = {"reltol": rtol, "abstol": ABSOLUTE * rtol, "max_num_steps": 10_000_000}
            how = {**rules, "jit": True, "compiler": "shell", "jit_options": flags}
            made[rtol] = casadi.integrator("run", "cvodes", problem, 0.0, told.times, how)
        return np.asarray(made[rtol](x0=told.state)["xf"]).T

    return [(f"rtol {rtol:.1e}", partial(go, rtol)) for rtol in rungs]


def diffrax_ladder(told: Case, rungs: list[float], solver: str) -> Ladder:
    """diffrax on our own right-hand side, its moving states only, with the PID controller it recommends."""
    import diffrax
    import jax
    import jax.numpy as jnp

    from cisterna.model.network import rhs

    net, value, slope = told.net, jnp.asarray(told.value), jnp.asarray(told.slope)
    moving = told.body.moving
    still = jnp.zeros(len(net.layout.state_names) - moving)

    def rate(t: Any, y: Any, _: Any) -> Any:
        return rhs(net, t, jnp.concatenate([y, still]), value + slope * t)[:moving]

    keep = diffrax.SaveAt(ts=jnp.asarray(told.times))

    @jax.jit
    def solve(state: Any, rtol: Any) -> Any:
        rules = diffrax.PIDController(rtol=rtol, atol=ABSOLUTE * rtol, pcoeff=0.3, icoeff=0.4)
        term, how = diffrax.ODETerm(rate), getattr(diffrax, solver)()
        return diffrax.diffeqsolve(
            term, how, 0.0, told.span, 1e-3, state, saveat=keep, stepsize_controller=rules, max_steps=1_000_000
        ).ys

    def go(rtol: float) -> np.ndarray:
        return np.asarray(solve(jnp.asarray(told.state), rtol))

    return [(f"rtol {rtol:.1e}", partial(go, rtol)) for rtol in rungs]


INTEGRATORS: dict[str, tuple[str, Callable[[Case, list[float]], Ladder]]] = {
    "ros34pw2": ("Cisterna ROS34PW2", partial(ours, scheme="ROS34PW2")),
    "ros2w": ("Cisterna ROS2-W", partial(ours, scheme="ROS2-W")),
    "lsoda": ("SciPy LSODA, compiled", partial(scipy_ladder, method="LSODA")),
    "radau": ("SciPy Radau, compiled", partial(scipy_ladder, method="Radau")),
    "bdf": ("SciPy BDF, compiled", partial(scipy_ladder, method="BDF")),
    "cvodes": ("CVODES (CasADi, compiled)", cvodes),
    "kvaerno3": ("diffrax Kvaerno3", partial(diffrax_ladder, solver="Kvaerno3")),
    "kvaerno5": ("diffrax Kvaerno5", partial(diffrax_ladder, solver="Kvaerno5")),
}


def timed(go: Callable[[], np.ndarray], clock: Callable[[], float] = time.process_time) -> tuple[float, np.ndarray]:
    """Time of a run, s, and what it gave: the processor's, so that others on a shared machine do not count."""
    began = clock()
    found = go()
    return clock() - began, found


def climb(told: Case, name: str, ladder: Ladder, tell: Callable[[Result], None]) -> Result | None:
    """Every rung tried until enough are accurate; the fastest accurate one, timed again."""
    good: list[tuple[Result, Callable[[], np.ndarray]]] = []
    first = 0.0
    for number, (setting, go) in enumerate(ladder):
        try:
            spent, found = timed(go, time.perf_counter)
            began = time.perf_counter()
            again, found = timed(go)
            spent -= time.perf_counter() - began
        except (ArithmeticError, RuntimeError) as error:
            tell(Result(name, setting, (float("inf"),), 0.0, 0.0, str(error).splitlines()[0][:80]))
            continue
        if number == 0 or not first:
            first = max(spent, 0.0)
        result = Result(name, setting, errors(told, samples(told, found)), again * 60.0 / told.span, first)
        tell(result)
        if result.worst <= ASKED:
            good.append((result, go))
        if len(good) == ENOUGH:
            break
    for result, go in good:
        result.seconds = min([result.seconds, *(timed(go)[0] * 60.0 / told.span for _ in range(REPEATS - 1))])
    return min((result for result, _ in good), key=lambda result: result.seconds, default=None)


def machine() -> str:
    """What it ran on."""
    names = ("jax", "numpy", "scipy", "casadi", "diffrax")
    there = [f"{name} {metadata.version(name)}" for name in names if _there(name)]
    load = f"load {os.getloadavg()[0]:.1f}, " if hasattr(os, "getloadavg") else ""
    where = f"{platform.machine()}, one of {os.cpu_count()} shared cores, {load}Python {platform.python_version()}"
    return ", ".join([where, *there])


def _there(name: str) -> bool:
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("--body", default="whole")
    parser.add_argument("--span", type=float, default=20.0, help="model time, s")
    parser.add_argument("--only", choices=list(INTEGRATORS), action="append", help="one integrator; may be repeated")
    parser.add_argument("--all", action="store_true", help="start every ladder at its loosest tolerance")
    parser.add_argument("--list", action="store_true", help="the integrators")
    parser.add_argument("--page", help="write a page of the documentation here")
    asked = parser.parse_args()
    if asked.list:
        for key, (name, _) in INTEGRATORS.items():
            print(f"{key:<10}{name}")
        return
    from cisterna.model.solver.machine import one_processor

    one_processor()
    about = [machine()]
    told = case(asked.body, asked.span)
    gap = translate(told)
    about.append(
        f"translated rate against ours: {gap:.0e} of the largest rate; {told.code.nonzeros} nonzero slopes "
        f"of {told.body.moving} moving states"
    )
    if not gap < TRANSLATED:
        raise SystemExit(f"the translation is wrong: {about[-1]}")
    about.append(f"reference: Radau at rtol 1e-10; LSODA at 1e-9 differs from it by {refer(told):.0e} of peak to peak")
    print(*about, sep="\n", flush=True)
    tried: list[Result] = []
    best: list[Result] = []

    def tell(result: Result) -> None:
        tried.append(result)
        words = result.note or " ".join(f"{e:.1e}" for e in result.errors) + f"  {result.seconds:.3g} s/min"
        print(f"{result.name:<28}{result.setting:<16}{words}", flush=True)

    for key in asked.only or INTEGRATORS:
        name, make = INTEGRATORS[key]
        try:
            loosest = 1.0 if asked.all else LOOSEST.get(key, 1.0)
            ladder = make(told, [rtol for rtol in RUNGS if rtol < 1.01 * loosest])
        except ImportError as error:
            about.append(f"{name}: left out, {error}")
            continue
        found = climb(told, name, ladder, tell)
        if found is None:
            about.append(f"{name}: no setting tried reaches {ASKED:g}")
        else:
            best.append(found)
    print(table(best), *about[3:], sep="\n")
    if asked.page:
        sizes = len(told.start.rest.state), told.body.moving
        words = page(asked.body, sizes, told.span, ASKED, REPEATS, told.built, about, best, tried)
        Path(asked.page).write_text(words, encoding="utf-8")


if __name__ == "__main__":
    main()
