"""A reliability study: blinded examiners, marks by key press, agreement.

Two or more examiners palpate the same people, blind to each other, in a random order drawn once. Each gets a folder
with codes only; the key stays with the coordinator. Marks are written as they are made, and nothing is lost when a
sitting breaks off. Not a medical device.

    cisterna study new mystudy --examiners A,B --subjects 20
    cisterna study size --icc 0.6 --null 0.2
    cisterna study mark mystudy/A
    cisterna study mark mystudy/A --input keys.csv
    cisterna study analyse mystudy --out results
    cisterna study analyse mystudy --recording rec.hea --sync TRIGGER --against RESP
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cisterna.ground.errors import CisternaError
from cisterna.outside import terminal
from cisterna.outside.figures.numerals import fmt, number
from cisterna.outside.terminal import Cell

if TYPE_CHECKING:
    from cisterna.sessions.study.analyse import Agreement
    from cisterna.sessions.study.clock import Clock
    from cisterna.sessions.study.folder import Desk, Study
    from cisterna.sessions.study.marking import Marking
    from cisterna.signals.result import Result

command = typer.Typer()
_Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
#: Seconds between two drawings of the time that is left, and how long a taken key is shown.
_DRAW, _SHOWN = 0.1, 300_000_000


@command.command()
def new(
    folder: Annotated[str, typer.Argument(help="Folder of the study; it must not exist.", show_default=False)],
    subjects: Annotated[int, typer.Option("--subjects", help="How many people.")],
    examiners: Annotated[str, typer.Option("--examiners", help="Codes of the examiners: A,B or A,B,C.")] = "A,B",
    sites: Annotated[str, typer.Option("--sites", help="Where the hands lie.")] = "head,feet",
    repeats: Annotated[int, typer.Option("--repeats", help="Palpations of each subject by each examiner.")] = 2,
    seconds: Annotated[float, typer.Option("--seconds", help="Length of one hold, s.")] = 90.0,
    apart: Annotated[bool, typer.Option("--apart", help="One examiner after the other, never two at once.")] = False,
    block: Annotated[int, typer.Option("--block", help="Subjects in a block; 0: random lengths, best concealed.")] = 0,
    questions: Annotated[str, typer.Option("--questions", help="Asked after each hold, yes or no.")] = (
        "felt,restricted"
    ),
    title: Annotated[str, typer.Option("--title", help="Title of the study.")] = "",
    seed: Annotated[
        int | None, typer.Option("--seed", min=0, help="Of the order; left out, nobody can guess it.")
    ] = None,
    as_json: _Json = False,
) -> None:
    """Draw the order and write the folder: the key, and one folder for each examiner."""
    from cisterna.sessions.study import Plan, create, new_seed

    plan = Plan(
        _words(examiners), subjects, _words(sites), repeats, seconds, not apart, block, _words(questions),
        new_seed() if seed is None else seed, title,
    )  # fmt: skip
    study = create(Path(folder), plan)
    terminal.written.append(study.folder)
    about = {
        "folder": str(study.folder), "examiners": list(plan.examiners), "subjects": plan.subjects,
        "sites": list(plan.sites), "repeats": plan.repeats, "seconds": plan.seconds, "holds": len(study.holds),
        "rounds": study.holds[-1].order, "hours": plan.hours,
    }  # fmt: skip
    if as_json:
        terminal.emit(about)
        return
    screen = terminal.out()
    screen.title("Study", f"{plan.subjects} subjects, {len(plan.examiners)} examiners, {', '.join(plan.sites)}")
    screen.fact("holds", f"{len(study.holds)} of {plan.seconds:g} s in {about['rounds']} rounds")
    screen.fact("hands on", f"{fmt(plan.hours, 'h')} in all, without pauses")
    screen.fact("key", f"{study.folder / 'study.toml'} and allocation.csv: for the coordinator alone")
    for examiner in plan.examiners:
        screen.fact(
            f"to {examiner}", f"{study.folder / examiner}: codes and sites; nothing else is shown to {examiner}"
        )
    screen.blank()
    screen.hint(f"next: cisterna study mark {study.folder / plan.examiners[0]}")


@command.command()
def mark(
    folder: Annotated[str, typer.Argument(help="Folder of one examiner.", show_default=False)],
    presses: Annotated[str, typer.Option("--input", help="Key presses from a file with time_s,key.")] = "",
    as_json: _Json = False,
) -> None:
    """Mark hold after hold: space at each cycle, f at each sync event; breaking off loses nothing."""
    from cisterna.sessions.study import open_desk

    desk = open_desk(Path(folder))
    told = _from_file(desk, Path(presses)) if presses else _from_keys(desk)
    about = {"examiner": desk.examiner, **told, "open": len(desk.open()), "holds": len(desk.tasks)}
    if as_json:
        terminal.emit(about)
        return
    screen = terminal.out()
    screen.fact("written", told["file"])
    screen.fact("done", f"{len(desk.tasks) - about['open']} of {len(desk.tasks)} holds")


@command.command()
def analyse(
    folder: Annotated[str, typer.Argument(help="Folder of the study, with its key.", show_default=False)],
    recording: Annotated[str, typer.Option("--recording", help="A recording of the same time.")] = "",
    sync: Annotated[str, typer.Option("--sync", help="Its channel of sync pulses, or the label of events.")] = "",
    against: Annotated[
        list[str] | None,
        typer.Option("--against", help="CHANNEL or CHANNEL=breath, =beat, =slow: are the marks in step with it?"),
    ] = None,
    units: Annotated[list[str] | None, typer.Option("--units", help="Unit of a channel, e.g. ABP=mmHg.")] = None,
    out: Annotated[str, typer.Option("--out", help="Write tables, events and annotations to this folder.")] = "",
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of the random turns behind each p value.")] = 0,
    as_json: _Json = False,
) -> None:
    """Unblind and tell the agreement: ICC, limits of agreement, kappa, each with its 95 % interval."""
    from cisterna.sessions.study import open_study
    from cisterna.sessions.study.analyse import agreement

    if bool(recording) != bool(sync):
        mend = "give both: --recording FILE --sync CHANNEL"
        raise CisternaError("a recording needs sync events, and sync events a recording", mend=mend)
    if against and not recording:
        raise CisternaError("there is nothing to compare with", found="--against", mend="give --recording and --sync")
    if seed < 0:
        raise CisternaError("a seed is a whole number, zero or more", found=str(seed))
    study = open_study(Path(folder))
    marked = study.marked()
    found = agreement(study, {examiner: done for examiner, (_, done) in marked.items()})
    if not any(f.marked for f in found.holds):
        raise CisternaError("no hold was marked yet", where=folder, mend="cisterna study mark, for each examiner")
    results: list[Result] = list(found.results)
    times: dict[str, Clock] = {}
    if recording:
        sittings = [sitting for those, _ in marked.values() for sitting in those]
        more, times = _beside(found, sittings, recording, sync, against or [], units or [], seed)
        results += more
    if out:
        _export(found, results, times, Path(out))
    if as_json:
        terminal.emit({"results": [r.as_dict() for r in results], "notes": list(found.notes)})
    else:
        _show(study, found, results)


@command.command()
def size(
    icc: Annotated[float, typer.Option("--icc", help="Agreement that is expected.")] = 0.6,
    null: Annotated[float, typer.Option("--null", help="Smallest agreement that would still be of use.")] = 0.2,
    raters: Annotated[int, typer.Option("--raters", help="Examiners.")] = 2,
    width: Annotated[float, typer.Option("--width", help="Width of the 95 % interval that is wanted.")] = 0.3,
    limits: Annotated[
        float, typer.Option("--limits", help="Width of the interval of a limit of agreement, in SD.")
    ] = 0.7,
    power: Annotated[float, typer.Option("--power", help="Chance to show it.")] = 0.8,
    alpha: Annotated[float, typer.Option("--alpha", help="Level of the one-sided test.")] = 0.05,
    as_json: _Json = False,
) -> None:
    """How many subjects: power and precision of the ICC, limits of agreement, and what such a study will find."""
    from cisterna.sessions.study.size import expect, subjects_for_limits, subjects_for_power, subjects_for_width

    exact, walter = subjects_for_power(icc, null, raters, alpha, power)
    precise, wide = subjects_for_width(icc, width, raters), subjects_for_limits(limits)
    seen = expect(exact, icc, raters)
    about = {
        "icc": icc, "null": null, "raters": raters, "alpha": alpha, "power": power,
        "subjects_power": exact, "subjects_power_walter": walter, "width": width, "subjects_width": precise,
        "limits": limits, "subjects_limits": wide, "expected_low": seen.low, "expected_high": seen.high,
    }  # fmt: skip
    if as_json:
        terminal.emit(about)
        return
    screen = terminal.out()
    screen.title("Subjects", f"ICC {icc:g} expected, {raters} examiners")
    screen.table(
        ["question", ">subjects", "how"],
        [
            [f"ICC above {null:g}, power {power:g}", str(exact), f"exact F; Walter et al. 1998: {walter:.1f}"],
            [f"95 % interval {width:g} wide", str(precise), "Bonett 2002"],
            [f"limits of agreement to {limits:g} SD", str(wide), "exact, Carkeet 2015"],
        ],
    )
    screen.blank()
    screen.paragraph(
        f"With {exact} subjects 95 % of such studies find an ICC(2,1) from {seen.low:.2f} to {seen.high:.2f} "
        f"({seen.studies} simulated, no difference between examiners)."
    )


# --- marking -------------------------------------------------------------------------------------------
def _from_file(desk: Desk, file: Path) -> dict[str, Any]:
    from cisterna.sessions.study import Marking, read_presses

    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CisternaError("the key presses cannot be read", str(file), str(error)[:100]) from error
    presses = read_presses(text, str(file))
    tasks = _todo(desk)
    with desk.writer() as writer:
        terminal.written.append(writer.path)
        writer(presses[0][0] if presses else 0, "session")
        marking = Marking(tasks, desk.seconds, desk.questions, writer)
        for at, key in presses:
            marking.press(key, at)
        # A hold that was begun last ends when its time is up: the file holds all presses there are.
        if marking.state == "hold":
            marking.tick(presses[-1][0] + round(marking.left(presses[-1][0]) * 1e9) + 1)
    return {"file": str(writer.path), "presses": len(presses)}


def _from_keys(desk: Desk) -> dict[str, Any]:
    from datetime import UTC, datetime

    from cisterna.sessions.study import Marking
    from cisterna.sessions.study.keys import Keys, now

    tasks = _todo(desk)
    with Keys() as keys, desk.writer() as writer:
        terminal.written.append(writer.path)
        pressed = 0
        writer(now(), "session", value=datetime.now(UTC).isoformat(timespec="milliseconds"))
        marking = Marking(tasks, desk.seconds, desk.questions, writer)
        view = _View(len(desk.tasks) - len(tasks), len(desk.tasks))
        while marking.state != "over":
            view.draw(marking, now())
            presses = keys.next(_DRAW)
            for at, key in presses:
                did = marking.press(key, at)
                view.took(did, at)
                pressed += bool(did)
            marking.tick(now())
            if not presses:
                writer.settle()
        view.close()
    return {"file": str(writer.path), "presses": pressed}


def _todo(desk: Desk) -> list[Any]:
    tasks = desk.open()
    if not tasks:
        raise CisternaError(
            "all holds are done", where=str(desk.folder), mend="cisterna study analyse, by the coordinator"
        )
    return tasks


class _View:
    """One line that is drawn over: code, site, quarters of the hold, a sign for a key taken. Never a count or rate."""

    def __init__(self, done: int, total: int) -> None:
        self.screen, self.done, self.total = terminal.err(), done, total
        self._before, self._took, self._at = "", "", 0
        self.screen.title("Marks", "space: a cycle begins · f: sync event · q: break off")
        self.screen.hint("Enter begins a hold when the coordinator says so. Each mark is kept as it is made.")

    def took(self, did: str, at: int) -> None:
        self._took, self._at = (did, at) if did else (self._took, self._at)

    def draw(self, marking: Marking, now: int) -> None:
        screen = self.screen
        sign = {"mark": "*", "flash": "sync"}.get(self._took, "") if now - self._at < _SHOWN else ""
        number_ = f"{self.total - len(marking.tasks) + 1} of {self.total}"
        if marking.state == "hold":
            # Quarters of the hold: a clock that shows seconds, or steps of a cycle's length, would pace the marks.
            over = min(int(4 * (1 - marking.left(now) / marking.seconds)), 3)
            line = f"  {marking.task.hold}  {marking.task.site:<12} [{'#' * over}{'-' * (4 - over)}]   {sign}"
        elif marking.state == "ask":
            line = f"  {marking.task.hold}  {marking.question}?  y  n  - (open)"
        else:
            line = f"  hold {number_}: {marking.task.hold}, {marking.task.site}   Enter begins   {sign}"
        line = screen.text(line)[: screen.width - 1]
        if line != self._before and screen.tty:
            screen.stream.write(f"\r\033[K{line}")
            screen.stream.flush()
        self._before = line

    def close(self) -> None:
        if self.screen.tty:
            self.screen.stream.write("\r\033[K")
            self.screen.stream.flush()


# --- analysis ------------------------------------------------------------------------------------------
def _beside(
    found: Agreement, sittings: list[Any], recording: str, sync: str, against: list[str], units: list[str], seed: int
) -> tuple[list[Result], dict[str, Clock]]:
    from cisterna.outside.commands.load import declared
    from cisterna.recordings import load
    from cisterna.sessions.study.beside import beside, clocks, rhythm_of, sync_events

    rec = load(recording, units=declared(units))
    times = clocks(sittings, sync_events(rec, sync))
    rhythms = []
    for text in against:
        channel, _, kind = text.partition("=")
        rhythms.append(rhythm_of(rec, channel.strip(), kind.strip()))
    return beside(found.holds, times, rhythms, seed), times


def _export(found: Agreement, results: list[Result], times: dict[str, Clock], out: Path) -> None:
    from cisterna.sessions.study.export import export

    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CisternaError("the results cannot be written here", str(out), error.strerror or str(error)) from error
    terminal.written += [path for path in export(found, results, times, out, terminal.write_text)
                         if path not in terminal.written]  # fmt: skip


def _show(study: Study, found: Agreement, results: list[Result]) -> None:
    screen = terminal.out()
    screen.title("Agreement", study.plan.title or f"{study.plan.subjects} subjects, {', '.join(study.plan.examiners)}")
    rows: list[list[Cell]] = []
    for r in results:
        p = r.extra.get("p")
        words = f"p {p:.3g}" if isinstance(p, float) else ""
        if r.value != r.value:
            words = r.note
        unit = "" if r.unit == "1" else r.unit
        rows.append([r.id, r.channel, number(r.value), number(r.low), number(r.high), unit, str(r.n), words])
    screen.table(["result", "site, examiners", ">value", ">low", ">high", "unit", ">n", ""], rows)
    screen.blank()
    for note in found.notes:
        screen.paragraph(note)
    if any(path.suffix == ".json" for path in terminal.written):
        screen.fact("written", str(terminal.written[-1].parent))


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())
