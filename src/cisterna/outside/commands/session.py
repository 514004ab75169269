"""A whole session: screening, lying down, seven stations, holds, again; both worlds side by side.

A person is screened, sits, lies down, is listened to at seven stations, is touched, is listened to again, in
45 to 60 minutes of model time. Writes session.html (the report) and session.nc (the recording) to --out.

This is not medical advice and clears nobody.

    cisterna session
    cisterna session --age 62 --condition hydrocephalus --doctor "may be touched lightly, Dr A, 3 May"
    cisterna session --force "20 gf" --world established --out results
    cisterna session --recording ecg_abp.hea:ABP
    cisterna session --protocol mine.toml --json
"""

from __future__ import annotations

import datetime
import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cisterna.outside import terminal
from cisterna.outside.terminal import Cell, Mark, Progress

if TYPE_CHECKING:
    from cisterna.sessions.outcome import SessionResult
    from cisterna.sessions.session import SessionPlan

_VERDICT = {"stop": "stop", "physician_first": "physician", "care": "care", "no_listed_contraindication": "none_listed"}


def command(
    person: Annotated[
        str, typer.Option("--person", metavar="FILE.json", help="A client's answers, as for screen.")
    ] = "",
    age: Annotated[float | None, typer.Option("--age", help="Years. [35, or that of the client]")] = None,
    body: Annotated[str, typer.Option("--body", help="whole, or the coarser and faster axis.")] = "whole",
    condition: Annotated[
        list[str] | None, typer.Option("--condition", help="A condition by name; may be repeated.")
    ] = None,
    values: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="Change a value; may be repeated.")
    ] = None,
    protocol: Annotated[str, typer.Option("--protocol", help="A session that ships, or a TOML file.")] = "short",
    force: Annotated[str, typer.Option("--force", help='Force of every hand, e.g. "5 gf".')] = "",
    world: Annotated[str, typer.Option("--world", help="both, established or as-taught.")] = "both",
    rhythm: Annotated[
        str, typer.Option("--rhythm", help="What makes the rhythm as taught: pressurestat or prm.")
    ] = "pressurestat",
    recording: Annotated[
        str, typer.Option("--recording", metavar="FILE[:CHANNEL]", help="A measured signal drives heart and breath.")
    ] = "",
    units: Annotated[
        list[str] | None, typer.Option("--units", metavar="[CHANNEL=]UNIT", help="Unit of a channel; may be repeated.")
    ] = None,
    rate: Annotated[
        float | None, typer.Option("--rate", help="Samples a second, for a recording that states none.")
    ] = None,
    doctor: Annotated[str, typer.Option("--doctor", help="What a physician answered; recorded.")] = "",
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of the answers of the hand.")] = 0,
    out: Annotated[str, typer.Option("--out", metavar="DIR", help="Folder for report and recording.")] = "out",
    as_json: Annotated[bool, typer.Option("--json", help="Print the results as JSON.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress.")] = False,
) -> None:
    began = time.monotonic()
    # Before anything loads NumPy: its linear algebra starts a thread for every processor it sees.
    from cisterna.model.solver.machine import enable_cache, one_processor

    one_processor()
    if world == "both":
        from cisterna.sessions.apart import start_ahead

        start_ahead()
    from cisterna.outside.folders import folder_of
    from cisterna.outside.session_file import answer, write
    from cisterna.outside.simulation_checks import blamed
    from cisterna.sessions.screening import DISCLAIMER

    plan = _plan(
        person,
        age,
        body,
        condition or [],
        values or [],
        protocol,
        force,
        world,
        rhythm,
        recording,
        units or [],
        rate,
        doctor,
        seed,
    )
    folder = folder_of(out)
    from cisterna.sessions.session import run_session

    enable_cache()
    with Progress("session", quiet or as_json) as progress:

        def told(what: str, share: float, icp: float | None) -> None:
            progress(share, what if icp is None else f"{what} · ICP {icp:.1f} mmHg")

        with blamed(plan.person, mended=False):
            result = run_session(plan, told)
    with Progress("report", quiet or as_json):
        seconds = time.monotonic() - began
        paths = write(result, folder, seconds=seconds, date=datetime.date.today().strftime("%d %b %Y"))
    if as_json:
        terminal.emit(answer(result))
        return
    _show(result)
    screen = terminal.out()
    for path in paths:
        screen.fact("written", str(path))
    screen.hint(f"{time.monotonic() - began:.1f} s")
    screen.line(DISCLAIMER)


def _plan(
    file: str, age: float | None, body: str, names: list[str], values: list[str], protocol: str, force: str, world: str,
    rhythm: str, recording: str, units: list[str], rate: float | None, doctor: str, seed: int,
) -> SessionPlan:  # fmt: skip
    from cisterna.conditions import condition
    from cisterna.model.person import Person
    from cisterna.outside.commands._options import one_client, require_file
    from cisterna.outside.commands._pairs import pairs
    from cisterna.outside.commands._values import of_other_bodies, require_read, warn, with_given
    from cisterna.sessions.session import SessionPlan
    from cisterna.worlds.world import RHYTHMS, WORLDS
    from cisterna.worlds.world import world as known_world

    require_file((recording,), units, rate, "--recording")
    client: dict[str, Any] = {}
    if file:
        client = one_client(file, "session")
    told = client.get("age_years")
    years = age if age is not None else float(told) if isinstance(told, (int, float)) else 35.0
    if rhythm not in RHYTHMS:
        from cisterna.ground.errors import UnknownName

        raise UnknownName("rhythm", rhythm, list(RHYTHMS))
    worlds = tuple(WORLDS) if world == "both" else (known_world(world).name,)
    given = pairs(values, "--set")
    made = with_given(Person.typical(age=years, body=body), values)
    plan = SessionPlan(
        person=made, conditions=tuple(condition(n) for n in names), protocol=protocol, force=force, worlds=worlds,
        rhythm=rhythm, recording=recording, units=pairs(units, "--units", bare=True), rate=rate, client=client,
        doctor=doctor, seed=seed, sex=str(client.get("sex", "f")),
    )  # fmt: skip
    plan.protocol_steps()  # a wrong protocol or force is told before anything is searched
    require_read(made, of_other_bodies(made, given), later=())
    warn(made, given)
    return plan


def _show(result: SessionResult) -> None:
    screen = terminal.out()
    first = result.first
    minutes = first.run.timeline.end / 60
    screen.title(
        "Session", f"{first.person.age:g} y · {result.protocol.title} · {minutes:.0f} min · seed {result.plan.seed}"
    )
    s = result.screening
    sentence = s.sentence().split(".")[0]
    screen.verdict(Mark(_VERDICT[s.verdict], sentence))
    if result.drive is not None:
        for line in result.drive.report():
            screen.fact("recording", line)
    screen.blank()
    for name, outcome in result.worlds.items():
        on = ", ".join(outcome.hypotheses)
        screen.line(Mark("hypothesis", f"{name}: {on}") if on else f"{name}: textbook physiology")
        rows = []
        for cause in outcome.causes:
            span = "" if cause.low is None or cause.high is None else f"{cause.low:.2g} to {cause.high:.2g}"
            rows.append(
                [cause.label, f"{cause.value:+.3g}" if cause.kind == "change" else f"{cause.value:.3g}", "mmHg", span]
            )
        screen.table(["What moved ICP", ">value", "unit", "range"], rows)
        screen.blank()
    found: list[list[Cell]] = []
    for finding in first.before.findings:
        moved = finding.motion.get(finding.dominant, 0.0)
        rate = "-" if finding.sqar.rate is None else f"{finding.sqar.rate:.1f}"
        felt: Cell = Mark("inside", "noted") if finding.sqar.felt else "felt nothing"
        found.append([finding.station, finding.dominant, f"{moved:.3g}", "µm", felt, rate, f"{finding.d_cranial:.1g}"])
    screen.table(["Station", "largest", ">motion", "unit", "slow rhythm", ">1/min", ">d' skull"], found)
    screen.blank()
