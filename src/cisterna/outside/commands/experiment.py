"""Run an experiment: a protocol from a TOML file, or one that ships, and what it observes.

Prints each observed value with its published range. --set changes a value of the body by parameter id or dotted
name, with its unit. --out DIR writes the recording (NetCDF) and the observed values (JSON).

    cisterna experiment --list
    cisterna experiment bolus4
    cisterna experiment infusion --set "csf_production=0.5 mL/min" --json
    cisterna experiment mine.toml --with steps.py --out results
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cisterna.ground.errors import CisternaError
from cisterna.outside import terminal
from cisterna.outside.commands._listing import show
from cisterna.outside.commands._observed import show_observed
from cisterna.outside.commands._pairs import pairs
from cisterna.outside.folders import require_writable
from cisterna.outside.terminal import Progress

if TYPE_CHECKING:
    from cisterna.protocol import Protocol, Result


def command(
    name: Annotated[str, typer.Argument(help="A TOML file, or the name of one that ships.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help='Print {"observed": [...]}.')] = False,
    values: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="Change a value; may be repeated.")
    ] = None,
    out: Annotated[str, typer.Option("--out", metavar="DIR", help="Write recording and values to this folder.")] = "",
    extensions: Annotated[
        list[str] | None, typer.Option("--with", metavar="FILE.py", help="Steps of your own; may be repeated.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="For steps that draw; the model itself does not.")] = 0,
    listed: Annotated[bool, typer.Option("--list", help="The experiments that ship.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress.")] = False,
) -> None:
    from cisterna.protocol.read import library, load_protocol

    if listed or not name:
        rows = [{"name": key, "summary": title} for key, title in library().items()]
        show("experiments", rows, as_json)
        if not listed and not as_json:
            terminal.out().hint("run one: cisterna experiment NAME")
        return
    protocol = with_values(load_protocol(name, extensions or ()), values or [])
    folder = target(out)
    result = _run(protocol, seed, quiet)
    if folder:
        _write(result, folder, Path(name).stem)
    if as_json:
        terminal.emit({"observed": result.observed})
    else:
        _show(protocol, result)


def with_values(protocol: Protocol, words: list[str]) -> Protocol:
    """The protocol with values set on its person, all of them such as a body can have."""
    from cisterna.outside.commands._values import of_other_bodies, require_possible, require_read, warn, with_given

    given, subject = pairs(words, "--set"), protocol.person
    changed = replace(protocol, person=replace(subject, set={**subject.set, **given}))
    try:
        in_file = replace(subject, conditions=()).person()
    except CisternaError:
        return changed  # what is wrong in the file is told when it is made ready, with its line
    require_possible(in_file, subject.set, "[person.set]")
    if given:
        made = with_given(in_file, words)
        require_read(made, of_other_bodies(made, given), later=())
        warn(made, given)
    return changed


def target(out: str) -> Path | None:
    """The folder to write to, asked for before the run so that no run is lost; nothing is made yet."""
    if not out:
        return None
    folder = Path(out)
    if folder.exists() and not folder.is_dir():
        raise CisternaError("this is a file, not a folder", where=out, mend="give another name to --out")
    if not folder.resolve().parent.is_dir():
        raise CisternaError("no folder to put it in", where=str(folder.resolve().parent), mend="make it first")
    require_writable(folder if folder.is_dir() else folder.resolve().parent)
    return folder


def _run(protocol: Protocol, seed: int, quiet: bool) -> Result:
    from cisterna.model.solver.machine import enable_cache, one_processor

    one_processor()  # before NumPy starts a thread for every processor it sees
    from cisterna.outside.simulation_checks import blamed
    from cisterna.protocol.execute import at_rest, run
    from cisterna.protocol.ready import make_ready

    enable_cache()
    # Every word is checked before the search for the resting state, which takes seconds.
    ready = make_ready(protocol)
    with Progress("resting state", quiet), blamed(ready.person):
        body = at_rest(ready.person, ready.plan)
    with Progress("experiment", quiet) as step:
        return run(protocol, step.model_time, seed, body=body)


def _write(result: Result, folder: Path, stem: str) -> None:
    folder.mkdir(exist_ok=True)
    terminal.written.append(result.recording.save(folder / f"{stem}.nc"))
    told: dict[str, Any] = {"observed": result.observed, "provenance": result.provenance}
    terminal.write_text(folder / f"{stem}.json", json.dumps(terminal.plain_data(told), indent=2) + "\n")


def _show(protocol: Protocol, result: Result) -> None:
    screen = terminal.out()
    person = result.person
    screen.title("Experiment", f"{protocol.title} · body {person.body}, {person.age:g} y")
    for row in result.provenance["changed"]:
        if row["status"] == "set":
            screen.fact("set", f"{row['id']} {row['value']:g} {row['unit']}")
    for switch in result.provenance["hypotheses"]:
        screen.fact("hypothesis", terminal.Mark("hypothesis", switch))
    screen.blank()
    if result.observed:
        show_observed(screen, result.observed)
    else:
        screen.line("nothing is observed: add [[observe]] to the file")
    for path in terminal.written:
        screen.fact("written", str(path))
