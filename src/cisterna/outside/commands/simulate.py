"""One body for some seconds: pressure and flow from cranium to sacrum, with a report.

A person's body runs from its resting state in a posture. A measured arterial pressure or a measured net cranial
inflow (arterial minus venous flow over a heartbeat, by MRI) may drive it. Writes simulation.html (the report) and
simulation.nc (the recording) to --out. Ctrl-C keeps what is done.

    cisterna simulate
    cisterna simulate --posture seated --person 62 --for 2min
    cisterna simulate --abp ecg_abp.hea:ABP --set "csf_production=0.5 mL/min"
    cisterna simulate --inflow inflow.csv --out results
    cisterna simulate --body axis --posture "-15 deg" --json
"""

from __future__ import annotations

import datetime
import math
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cisterna.ground.errors import CisternaError
from cisterna.outside import terminal
from cisterna.outside.commands._options import one_client, require_file, seconds
from cisterna.outside.terminal import Progress

if TYPE_CHECKING:
    from cisterna.outside.simulation import Simulation, SimulationPlan


def command(
    person: Annotated[
        str, typer.Option("--person", metavar="AGE|FILE.json", help="Years, or a client's answers, as for screen.")
    ] = "",
    body: Annotated[str, typer.Option("--body", help="A body by name. [the largest that ships]")] = "",
    posture: Annotated[
        str, typer.Option("--posture", metavar="NAME|DEG", help="supine, seated, upright, or an angle, head up.")
    ] = "supine",
    condition: Annotated[
        list[str] | None, typer.Option("--condition", help="A condition by name; may be repeated.")
    ] = None,
    values: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="Change a value; may be repeated.")
    ] = None,
    abp: Annotated[
        str, typer.Option("--abp", metavar="FILE[:CHANNEL]", help="A measured arterial pressure drives the body.")
    ] = "",
    inflow: Annotated[
        str, typer.Option("--inflow", metavar="FILE[:CHANNEL]", help="A measured net cranial inflow drives the body.")
    ] = "",
    units: Annotated[
        list[str] | None, typer.Option("--units", metavar="[CHANNEL=]UNIT", help="Unit of a channel; may be repeated.")
    ] = None,
    rate: Annotated[
        float | None, typer.Option("--rate", help="Samples a second, for a recording that states none.")
    ] = None,
    length: Annotated[str, typer.Option("--for", metavar="TIME", help='Model time, e.g. "60s". [60 s]')] = "",
    experiments: Annotated[
        bool, typer.Option("--table", help="Also the experiments of `cisterna table` on this person.")
    ] = False,
    out: Annotated[str, typer.Option("--out", metavar="DIR", help="Folder for report and recording.")] = "out",
    as_json: Annotated[bool, typer.Option("--json", help='Print {"observed": [...], "provenance": {...}}.')] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress.")] = False,
) -> None:
    began = time.monotonic()
    from cisterna.model.solver.machine import enable_cache, one_processor

    one_processor()  # before NumPy starts a thread for every processor it sees
    from cisterna.outside.folders import folder_of

    enable_cache()
    plan = _plan(person, body, posture, condition or [], values or [], abp, inflow, units or [], rate, length)
    folder = folder_of(out)
    from cisterna.outside.commands._values import tell
    from cisterna.outside.simulation import run_simulation
    from cisterna.outside.simulation_numbers import observed

    with Progress("simulation", quiet or as_json) as progress:
        done = run_simulation(plan, progress)
    # Before anything is made of it: a run that took minutes is not lost by what comes after.
    recording = done.recording().save(folder / "simulation.nc")
    terminal.written.append(recording)
    for line in done.lifeless():
        tell(line)
    rows = observed(done)
    more = _experiments(done, quiet or as_json) if experiments and not done.interrupted else []
    with Progress("report", quiet or as_json):
        page = _write_page(done, rows, more, folder, time.monotonic() - began)
    if as_json:
        terminal.emit({"observed": rows, **({"table": more} if more else {}), "provenance": done.provenance()})
    else:
        _show(done, rows, more)
        screen = terminal.out()
        for path in (page, recording):
            screen.fact("written", str(path))
        screen.hint(f"{time.monotonic() - began:.1f} s")
    if done.interrupted:
        raise KeyboardInterrupt


def _plan(
    who: str, body: str, posture: str, names: Sequence[str], values: Sequence[str], abp: str, inflow: str,
    units: Sequence[str], rate: float | None, length: str,
) -> SimulationPlan:  # fmt: skip
    from cisterna.conditions import condition
    from cisterna.ground.parameter import default_parameters
    from cisterna.model.posture import Posture
    from cisterna.outside.commands._pairs import pairs
    from cisterna.outside.commands._values import require_read, warn, with_given
    from cisterna.outside.simulation import SimulationPlan, person_of

    require_file((abp, inflow), units, rate, "--abp or --inflow")
    stand = Posture.named(posture)
    changes = [condition(name) for name in names]
    given = pairs(values, "--set")
    made = with_given(person_of(_age(who), body), values).with_(*changes)
    duration = seconds(length) if length else default_parameters().value("simulate_time")
    plan = SimulationPlan(
        person=made, posture=stand, duration=duration, abp=abp, inflow=inflow,
        units=pairs(units, "--units", bare=True), rate=rate,
    )  # fmt: skip
    require_read(made.with_(stand), given)
    warn(made, given)
    return plan


def _age(who: str) -> float:
    """Years, from a number or from a client's answers; 35 without either."""
    if not who:
        return 35.0
    try:
        return float(who)
    except ValueError:
        pass
    if not Path(who).suffix and not Path(who).exists():
        raise CisternaError("--person is neither an age nor a file", found=who, mend="give years, or FILE.json")
    told = one_client(who, "simulation").get("age_years")
    if not isinstance(told, (int, float)) or isinstance(told, bool) or not math.isfinite(told):
        raise CisternaError("the client's age is not told", where=who, mend='add "age_years", or give --person AGE')
    return float(told)


def _experiments(done: Simulation, quiet: bool) -> list[dict[str, Any]]:
    """The observations of the experiments of `cisterna table` on this person, lying and undriven at their start."""
    from cisterna.outside.simulation_numbers import experiments_of
    from cisterna.protocol.execute import at_rest, run
    from cisterna.protocol.read import load_protocol

    plain = done.drive is None and done.inflow is None and done.lying
    # Lying and undriven, the run itself is the experiment at rest.
    names = experiments_of(done.person.body)[1 if plain and done.adult else 0 :]
    resting = done.body if plain else at_rest(done.plan.person)
    rows: list[dict[str, Any]] = []
    with Progress("experiments", quiet) as progress:
        for k, name in enumerate(names):

            def moved(t: float, end: float, _: Any, k: int = k, name: str = name) -> None:
                progress((k + t / end) / len(names), name)

            rows += run(load_protocol(name), moved, body=resting).observed
    return rows


def _write_page(
    done: Simulation, rows: Sequence[Mapping[str, Any]], more: Sequence[Mapping[str, Any]], folder: Path, seconds: float
) -> Path:
    """Write simulation.html, whole or not at all."""
    from cisterna.outside.simulation_report import simulation_page

    date = datetime.date.today().strftime("%d %b %Y")
    text = simulation_page(done, rows, table_rows=more, seconds=seconds, date=date)
    return terminal.write_text(folder / "simulation.html", text)


def _show(done: Simulation, rows: Sequence[Mapping[str, Any]], more: Sequence[Mapping[str, Any]]) -> None:
    from cisterna.model.person import TYPICAL_AGE
    from cisterna.outside.commands._observed import show_observed

    screen = terminal.out()
    told = done.provenance()
    about = [f"{done.person.age:g} y", f"body {done.person.body}", *told["conditions"], done.plan.posture.name,
             f"{done.end:.0f} s"]  # fmt: skip
    screen.title("Simulation", " · ".join(about))
    if done.adult and done.person.age != TYPICAL_AGE:
        screen.fact("age", done.person.age_said())
    for row in told["changed"]:
        # Rows an age brings along are nobody's change.
        label = "scaled for age" if row["status"] == "computed" else "changed"
        outside = f" (outside {row['outside']})" if "outside" in row else ""
        screen.fact(label, f"{row['id']} {row['value']:g} {row['unit']}{outside}", width=max(12, len(label) + 2))
    for line in done.driven_by():
        screen.fact("driven by", line)
    screen.blank()
    show_observed(screen, rows)
    if more:
        screen.blank()
        screen.line("experiments of cisterna table on this person")
        show_observed(screen, more)
