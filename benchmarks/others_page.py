"""The page of `others.py`: its tables and the words around them."""

from __future__ import annotations

import datetime
from dataclasses import dataclass


@dataclass
class Result:
    """One integrator at one setting."""

    name: str
    setting: str
    errors: tuple[float, ...]
    seconds: float
    first: float
    note: str = ""

    @property
    def worst(self) -> float:
        return max(self.errors)


def table(results: list[Result]) -> str:
    """The table of the page."""
    own = min((r.seconds for r in results if r.name.startswith("Cisterna")), default=float("nan"))
    lines = [
        "| integrator | setting | error ICP / aqueduct / C2 | s per simulated minute | times ours | first call, s |",
        "|---|---|---|---|---|---|",
    ]
    for r in sorted(results, key=lambda r: r.seconds):
        told = " / ".join(f"{e:.1e}" for e in r.errors)
        lines.append(
            f"| {r.name} | {r.setting} | {told} | {r.seconds:.3g} | {r.seconds / own:.1f} | {r.first:.1f} |"
        )  # fmt: skip
    return "\n".join(lines)


def ours_by_step(tried: list[Result]) -> str:
    """Error and time of our own schemes at each step."""
    lines = ["| scheme | step | error ICP / aqueduct / C2 | s per simulated minute |", "|---|---|---|---|"]
    for r in tried:
        if r.name.startswith("Cisterna") and r.errors[0] < float("inf"):
            told = " / ".join(f"{e:.1e}" for e in r.errors)
            lines.append(f"| {r.name.split()[1]} | {r.setting.removeprefix('step ')} | {told} | {r.seconds:.3g} |")
    return "\n".join(lines)


_PAGE = """# Beside other integrators

Body `{body}`: {states} states, {moving} of which move; the others are ledgers, which the other integrators are spared.
All integrate the same equations: Cisterna's right-hand side is read from what JAX traced of it and translated, scalar
by scalar, to CasADi and to C, so rate and Jacobian of the others run compiled (those of diffrax in JAX, like ours). All
start from the same periodic resting state and run {span:g} s with heart and breath. Error is the largest difference
from the reference over its peak to peak. Each was given the setting with which it is fastest while the worst of the
three errors stays within {asked:g}.

Measured {date}: {machine}.

{table}

Times are processor times of one process on one processor, the best of {repeats}. "First call" is what the first run
took longer than the second, in wall time: compiling, for those who do. Translating and compiling the C code took
{built:.0f} s of wall time once more and is counted for nobody. "Times ours" is against the faster of our two schemes.

{about}

## Our steps

The default is ROS34PW2 at 5 ms.

{ours}

## Again

    pip install casadi diffrax
    python benchmarks/others.py --page docs/benchmarks.md

`python benchmarks/others.py --all` starts every ladder of tolerances at 1e-2 and prints each setting that was tried.
The process keeps to one processor; on a busy machine single figures move by some 10 to 30 %, their ratios less.
"""


def page(
    body: str, sizes: tuple[int, int], span: float, asked: float, repeats: int, built: float,
    about: list[str], best: list[Result], tried: list[Result],
) -> str:  # fmt: skip
    """The page of the documentation; `about` holds the machine first, then one remark a line."""
    return _PAGE.format(
        body=body, states=sizes[0], moving=sizes[1], span=span, asked=asked, repeats=repeats, built=built,
        date=datetime.date.today().isoformat(), machine=about[0], table=table(best), ours=ours_by_step(tried),
        about="\n".join(f"- {line[0].upper()}{line[1:]}." for line in about[1:]),
    )  # fmt: skip
