"""The body `whole` under sudden changes and over an hour: what a matrix frozen for half a second must survive.

    python benchmarks/robust.py

Five shocks hit the resting body at time 0; told is the error of the default scheme and step over peak to peak, against
Radau at rtol 1e-9 on the translated right-hand side: the worst of ICP, aqueduct flow and flow at C2, in the first two
seconds and after two. Then an hour beat by beat: volume gained against volume that crossed the border, of what passed.

Needs what `others.py` needs.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

from others import WATCHED, Case, case, errors, samples, scipy_run, translate  # first: it caps threads

import numpy as np  # isort: skip

#: Model time of a shock, and from when on it counts as two seconds later, s.
SPAN, LATE = 3.0, 2.0


def shocks() -> dict[str, tuple[Callable[[Any], Any], Callable[[Any, Any], None] | None]]:
    """What each shock does to the network, and to the inputs."""

    def stiff(net: Any) -> Any:
        for name in [n for n in net.layout.stored if n.startswith("canal.")]:
            net = net.set(f"{name}.compliance", 0.1 * net.get(f"{name}.compliance"))
        return net

    def low(schedule: Any, net: Any) -> None:
        schedule.ramp("abp.shift", 60.0 - float(net.get("abp.mean")), start=0.0)

    return {
        "pressure of the vault +20 mmHg": (
            lambda n: n.set("cranium.reference", n.get("cranium.reference") + 20.0),
            None,
        ),
        "CVP to 18 mmHg (waterfall flips)": (lambda n: n.set("cvp.mean", 18.0), None),
        "ABP to 60 mmHg": (lambda n: n, low),
        "loss in the aqueduct x50": (lambda n: n.set("aqueduct.loss", 50.0 * n.get("aqueduct.loss")), None),
        "spine 10 times stiffer": (stiff, None),
    }


def shock(rest: Case, change: Any, drive: Any, step: float | None) -> tuple[float, float]:
    """Error in the first two seconds and after, over peak to peak."""
    from cisterna.model.simulate import simulate
    from cisterna.model.solver.march import March

    net, schedule = change(rest.net), rest.start.schedule.copy()
    if drive is not None:
        drive(schedule, rest.net)
    rows = [schedule.track(name).at(0.0) for name in net.layout.control_names]
    told = Case(net, rest.start, np.array([r[0] for r in rows]), np.array([r[1] for r in rows]), SPAN)
    translate(told)
    told.exact = samples(told, scipy_run(told, "Radau", 1e-9, 1e-11))
    run = simulate(net, schedule, SPAN, state=rest.start.rest.state, step=step, march=March(inner=2, outer=50))
    found = np.asarray(run.samples)[:, [net.layout.signal_names.index(name) for name in WATCHED]]
    assert np.allclose(run.times, told.times)
    gap = (np.abs(found - told.exact) / np.ptp(told.exact, axis=0)).max(axis=1)
    assert max(errors(told, found)) == gap.max()
    late = run.times >= LATE
    return float(gap[~late].max()), float(gap[late].max())


def hour(rest: Case) -> str:
    """Conservation over an hour with a bolus, at the default step."""
    from cisterna.model.simulate import simulate

    schedule = rest.start.schedule.copy()
    schedule.pulse("infusion", 4 / 3, start=60.0, duration=3.0, over=0.2)
    began = time.process_time()
    run = simulate(rest.net, schedule, 3600.0, state=rest.start.rest.state)
    spent = time.process_time() - began
    moved = dict(zip(rest.net.layout.state_names, run.state - rest.start.rest.state, strict=True))
    gained = sum(v for name, v in moved.items() if name.startswith("volume."))
    crossed = sum(v for name, v in moved.items() if name.startswith("ledger."))
    through = max(abs(v) for name, v in moved.items() if name.startswith("ledger."))
    return f"{abs(gained - crossed) / through:.1e} of {through / 1e3:.3g} L; {spent:.0f} s of processor time"


def main() -> None:
    argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0]).parse_args()
    from cisterna.model.solver.machine import one_processor

    one_processor()
    rest = case("whole", SPAN)
    print("| shock | error in the first 2 s | after 2 s |", "|---|---|---|", sep="\n")
    for name, (change, drive) in shocks().items():
        early, late = shock(rest, change, drive, None)
        print(f"| {name} | {early:.1e} | {late:.1e} |", flush=True)
    print(f"\nvolume lost in an hour: {hour(rest)}")


if __name__ == "__main__":
    main()
