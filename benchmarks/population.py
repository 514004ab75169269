"""Persons drawn over published ranges: how many the body refuses, how many it loses, what the rest give.

    python benchmarks/population.py              1000 persons of the body `axis`, 30 s each
    python benchmarks/population.py --body whole --step 5
    python benchmarks/population.py 200 --kinds population,uncertainty --seed 2

Each person takes, for every parameter that the body reads and whose range is of a kind asked for, a value
from a Latin hypercube over low..high, uniform and independent of the others: wider than any real population,
whose values go together. All begin from the resting state of the typical person, so their first seconds are an
adjustment; nothing is left out of the counts.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from typing import Any

import numpy as np

from cisterna.ground.errors import CisternaError
from cisterna.model.person import Person
from cisterna.model.simulate import simulate, stack
from cisterna.model.solver.machine import enable_cache
from cisterna.model.solver.march import March
from cisterna.model.start import begin, resting_schedule

#: Persons that run side by side.
LANES = 64
STEP = 0.01
#: Time at the end over which pressure is averaged, s.
TAIL = 10.0


def ranges(kinds: list[str], body: str = "axis") -> dict[str, Any]:
    """Parameters the body reads, of these kinds of range."""
    person = Person.typical(body=body)
    person.blueprint()
    rows = {key: person.parameters.peek(key) for key in person.parameters.used}
    return {key: row for key, row in rows.items() if row.range_kind in kinds and row.low < row.high}


def draws(rows: dict[str, Any], count: int, seed: int) -> list[dict[str, str]]:
    """Values with units for each person."""
    generator = np.random.default_rng(seed)
    places = {key: (generator.permutation(count) + generator.uniform(size=count)) / count for key in rows}
    return [
        {key: f"{row.low + (row.high - row.low) * places[key][k]:.9g} {row.unit}" for key, row in rows.items()}
        for k in range(count)
    ]


def build(values: dict[str, str], body: str = "axis") -> tuple[Any, Any]:
    """Network and resting inputs of one person."""
    person = Person.typical(body=body).with_values(values)
    plan, net = person.blueprint(), person.network()
    return net, resting_schedule(plan, net)


def batch(
    members: list[tuple[Any, Any]], state: np.ndarray, seconds: float, step: float = STEP
) -> list[dict[str, float] | str]:
    """What each member gives, or why it was lost."""
    full = members + members[-1:] * (LANES - len(members))  # one compiled program for all batches
    march = March(inner=2, outer=50)
    try:
        run = simulate(
            stack([net for net, _ in full]), [s for _, s in full], seconds, state=state, step=step, march=march
        )
    except CisternaError:
        # One lost lane stops the whole batch: its members are run one by one.
        return [alone(member, state, seconds, march, step) for member in members]
    return [summary(run, seconds, lane) for lane in range(len(members))]


def alone(
    member: tuple[Any, Any], state: np.ndarray, seconds: float, march: March, step: float = STEP
) -> dict[str, float] | str:
    """One person by itself."""
    net, schedule = member
    try:
        return summary(simulate(net, schedule, seconds, state=state, step=step, march=march), seconds)
    except CisternaError as error:
        return error.what


def summary(run: Any, seconds: float, lane: int | None = None) -> dict[str, float]:
    """Mean and swing of ICP and mean flow at C2 at the end of a run."""
    tail = run.times > seconds - TAIL
    icp, flow = run.signal("icp", lane)[tail], run.signal("flow_csf.C2", lane)[tail]
    return {"icp": float(icp.mean()), "swing": float(np.ptp(icp)), "c2": float(np.abs(flow).mean())}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("count", type=int, nargs="?", default=1000)
    parser.add_argument("--body", default="axis")
    parser.add_argument("--seconds", type=float, default=30.0, help="model time of each person")
    parser.add_argument("--step", type=float, default=1e3 * STEP, help="ms")
    parser.add_argument("--kinds", default="population", help="ranges drawn from: population,uncertainty,tuning")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    enable_cache()
    began = time.perf_counter()
    rows = ranges(asked.kinds.split(","), asked.body)
    typical = Person.typical(body=asked.body)
    plan, net = typical.blueprint(), typical.network()
    state = begin(plan, net).rest.state
    refused: Counter[str] = Counter()
    lost: Counter[str] = Counter()
    kept: list[dict[str, float]] = []
    waiting: list[tuple[Any, Any]] = []

    def flush() -> None:
        for found in batch(waiting, state, asked.seconds, asked.step / 1e3) if waiting else []:
            if isinstance(found, str):
                lost[found] += 1
            else:
                kept.append(found)
        waiting.clear()

    for values in draws(rows, asked.count, asked.seed):
        try:
            waiting.append(build(values, asked.body))
        except CisternaError as error:
            refused[error.what] += 1
        if len(waiting) == LANES:
            flush()
    flush()
    about = {
        "persons": asked.count,
        "body": asked.body,
        "drawn": sorted(rows),
        "refused": dict(refused),
        "lost": dict(lost),
        "kept": len(kept),
        "quantiles": {
            name: [float(q) for q in np.quantile([one[name] for one in kept], [0.05, 0.5, 0.95])] if kept else []
            for name in ("icp", "swing", "c2")
        },
        "seconds": round(time.perf_counter() - began, 1),
    }
    if asked.json:
        print(json.dumps(about, indent=2))
    else:
        show(about)


def show(about: dict[str, Any]) -> None:
    """The counts in words."""
    drawn = about["drawn"]
    print(f"{about['persons']} persons of the body {about['body']}, {len(drawn)} parameters drawn: {', '.join(drawn)}")
    for what in ("refused", "lost"):
        print(f"{what:<10}{sum(about[what].values()):>6}")
        for reason, count in sorted(about[what].items(), key=lambda item: -item[1]):
            print(f"          {count:>6}  {reason}")
    print(f"{'kept':<10}{about['kept']:>6}  at the end of the run, not at rest: slow volumes need half an hour")
    names = {"icp": "mean ICP, mmHg", "swing": "ICP peak to peak, mmHg", "c2": "mean |flow| at C2, mL/s"}
    for name, (low, middle, high) in ((n, q) for n, q in about["quantiles"].items() if q):
        print(f"{names[name]:<26} median {middle:.3g}, 5 to 95 %: {low:.3g} to {high:.3g}")
    print(f"{about['seconds']} s")


if __name__ == "__main__":
    main()
