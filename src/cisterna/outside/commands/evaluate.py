"""A recording on one page: quality, beats, pulse, indices, slow rhythm, infusion test, each with its interval.

RECORDING is a file of any known format, measured or simulated; it may be larger than memory. Channels are found by
name, units are never guessed: say what the file does not. Writes evaluation.html, evaluation.json and tables to
--out.

This is not medical advice.

    cisterna evaluate night.hea
    cisterna evaluate bed4.csv --channels icp=P1,abp=ART --units P1=mmHg --units ART=mmHg --rate 100
    cisterna evaluate test.h5 --infusion-rate "1.5 mL/min" --infusion 300-1500
    cisterna evaluate night.edf --window 10min --json
    cisterna evaluate out/session.nc --world as-taught
"""

from __future__ import annotations

import datetime
import math
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cisterna.ground.errors import CisternaError
from cisterna.outside import terminal
from cisterna.outside.terminal import Cell, Mark, Progress

if TYPE_CHECKING:
    from cisterna.signals.evaluate import RecordingEvaluation, Wanted

_VERDICT = {"rhythm": "supported", "no rhythm": "contradicted", "undecided": "undecided"}
_PERSONS = ("adult", "child", "infant")
#: Numbers shown in the terminal; all are in the files.
_SHOWN = 12
#: Share of the bar for reading, and the hours at which half of that is shown.
_READ, _HALFWAY = 0.7, 4.0
#: Bytes of the largest file that is fingerprinted: a second of work.
_LARGEST_HASHED = 1024**3


def command(
    recording: Annotated[str, typer.Argument(help="The file, or FILE:CHANNEL.", show_default=False)],
    channels: Annotated[
        list[str] | None,
        typer.Option("--channels", metavar="NAME=OWN,...", help="What the file's channels are, e.g. icp=ICP,abp=ART."),
    ] = None,
    units: Annotated[
        list[str] | None, typer.Option("--units", metavar="[CHANNEL=]UNIT", help="Unit of a channel; may be repeated.")
    ] = None,
    rate: Annotated[float | None, typer.Option("--rate", help="Samples a second, where the file has no times.")] = None,
    columns: Annotated[str, typer.Option("--columns", help="Names of channels of a file without any: abp,icp.")] = "",
    window: Annotated[str, typer.Option("--window", help="Window of correlation indices. [5min]")] = "",
    infusion_rate: Annotated[
        str, typer.Option("--infusion-rate", help='Rate of the pump, e.g. "1.5 mL/min"; never guessed.')
    ] = "",
    infusion: Annotated[
        str, typer.Option("--infusion", metavar="START-STOP", help="When the pump ran: 300-1500 (s) or 5min-25min.")
    ] = "",
    person: Annotated[str, typer.Option("--person", help="Whose plausible ranges: adult, child, infant.")] = "adult",
    utc_offset: Annotated[
        float | None, typer.Option("--utc-offset", help="Hours a file's local clock is ahead of UTC.")
    ] = None,
    world: Annotated[str, typer.Option("--world", help="Which world of a simulated session. [the first]")] = "",
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of everything that is resampled.")] = 0,
    out: Annotated[str, typer.Option("--out", metavar="DIR", help="Folder for report and tables.")] = "out",
    as_json: Annotated[bool, typer.Option("--json", help="Print the evaluation as JSON.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress.")] = False,
) -> None:
    from cisterna.outside.commands.load import declared
    from cisterna.outside.evaluation_file import ready, write

    began = time.monotonic()
    wanted = _wanted(window, infusion_rate, infusion, person, seed)
    picked, stated = _channels(channels or []), declared([u for text in units or [] for u in text.split(",")])
    folder = ready(out)
    names = [name.strip() for name in columns.split(",") if name.strip()]
    evaluation = _evaluated(
        recording, wanted, quiet or as_json, channels=picked, units=stated, rate=rate, columns=names,
        utc_offset=utc_offset, world=world,
    )  # fmt: skip
    with Progress("report", quiet or as_json):
        seconds = time.monotonic() - began
        paths = write(evaluation, folder, seconds=seconds, date=datetime.date.today().strftime("%d %b %Y"))
    if as_json:
        terminal.emit(evaluation.as_dict())
        return
    _show(evaluation)
    _close(paths, time.monotonic() - began)


def _evaluated(recording: str, wanted: Wanted, quiet: bool, **options: Any) -> RecordingEvaluation:
    """Reading, then analysing, on one bar."""
    from cisterna.signals.evaluate import evaluate_file

    with Progress("evaluation", quiet) as step:
        # How long a recording is is known at its end only: the bar slows down, the words tell the time reached.
        def told(seconds: float) -> None:
            hours = max(seconds, 0.0) / 3600
            step(_READ * hours / (hours + _HALFWAY), f"reading, {60 * hours:.0f} min taken in")

        found = evaluate_file(
            recording, wanted, told=told, progress=lambda share, now: step(_READ + (1 - _READ) * share, now), **options
        )
        step(0.99, "fingerprint of the file")
        return replace(found, provenance={**found.provenance, **_fingerprint(recording)})


def _fingerprint(recording: str) -> dict[str, str]:
    """SHA-256 of the file, as `load` keeps it; of a very large one none, it would take longer than the evaluation."""
    import hashlib

    from cisterna.recordings.load import split_channel

    file, _ = split_channel(recording)
    if file.stat().st_size > _LARGEST_HASHED:
        return {}
    with file.open("rb") as stream:
        return {"sha256": hashlib.file_digest(stream, "sha256").hexdigest()}


def _wanted(window: str, infusion_rate: str, infusion: str, person: str, seed: int) -> Wanted:
    from cisterna.ground.errors import UnknownName
    from cisterna.ground.units import quantity
    from cisterna.signals.evaluate import Wanted

    if person not in _PERSONS:
        raise UnknownName("person", person, list(_PERSONS))
    width = quantity(window, "s", "--window") if window else None
    if width is not None and not (math.isfinite(width) and width > 0):
        raise CisternaError("the window must be longer than nothing", found=window, mend='write e.g. --window "5min"')
    if infusion_rate:
        try:
            quantity(infusion_rate, "mL/min", "--infusion-rate")
        except CisternaError as error:
            raise CisternaError(error.what, "--infusion-rate", error.found, error.mend) from None
    return Wanted(width, infusion_rate, _times(infusion), person, seed)


def _times(text: str) -> tuple[float, float] | None:
    """Start and stop of a pump in s.

    Examples
    --------
    >>> _times("300-1500"), _times("5min-25min"), _times("")
    ((300.0, 1500.0), (300.0, 1500.0), None)
    """
    from cisterna.ground.units import quantity

    if not text:
        return None
    start, dash, stop = text.partition("-")
    mend = "write e.g. --infusion 300-1500 (s) or --infusion 5min-25min"
    if not dash or not start.strip() or not stop.strip():
        raise CisternaError("the time of an infusion is START-STOP", found=text, mend=mend)
    a, b = (_second(t.strip(), quantity) for t in (start, stop))
    if not (math.isfinite(a) and math.isfinite(b) and 0 <= a < b):
        raise CisternaError("an infusion starts before it stops", found=text, mend=mend)
    return a, b


def _second(text: str, quantity: Any) -> float:
    try:
        return float(text)
    except ValueError:
        return float(quantity(text, "s", "--infusion"))


def _channels(words: list[str]) -> dict[str, str] | list[str] | None:
    """``icp=ICP,abp=ART`` as a mapping, bare names as a list.

    Examples
    --------
    >>> _channels(["icp=ICP,abp=ART"]), _channels(["ICP", "ABP"]), _channels([])
    ({'icp': 'ICP', 'abp': 'ART'}, ['ICP', 'ABP'], None)
    """
    parts = [part.strip() for text in words for part in text.split(",") if part.strip()]
    if not parts:
        return None
    named = [part for part in parts if "=" in part]
    if not named:
        return parts
    if len(named) < len(parts):
        found = ", ".join(part for part in parts if "=" not in part)
        raise CisternaError("some channels are named, others not", found=found, mend="write e.g. icp=ICP,abp=ART")
    out = {}
    for part in named:
        name, _, own = (text.strip() for text in part.partition("="))
        if not name or not own:
            raise CisternaError("a channel is named as NAME=OWN", found=part, mend="write e.g. icp=ICP,abp=ART")
        out[name] = own
    return out


# ---- terminal -------------------------------------------------------------------------------------------
def _show(evaluation: RecordingEvaluation) -> None:
    from cisterna.outside.evaluation_tables import origin_text, span_text
    from cisterna.outside.evaluation_words import finding, finding_words

    e, screen = evaluation, terminal.out()
    screen.title("Evaluation", f"{e.title or 'recording'} · {span_text(e.duration)} · {origin_text(e)}")
    screen.paragraph(finding(e))
    screen.blank()
    _show_channels(e)
    for f in e.findings:
        what, rest = finding_words(f)
        mark = Mark("error", "cannot be believed") if f.grave else Mark("care", "note")
        screen.verdict(mark, f"{what} {rest}")
    screen.blank()
    _show_numbers(e)
    screen.blank()
    for name, test in e.rhythm.items():
        screen.verdict(Mark(_VERDICT[test.verdict], f"slow rhythm in {name}: {test.verdict}"), test.why)
    if not e.rhythm:
        screen.fact("rhythm", "no signal in which a slow rhythm is sought")
    if e.infusion is None:
        screen.fact("infusion", e.infusion_why)
    else:
        for remark in e.infusion.remarks:
            screen.fact("infusion", remark)


def _show_channels(e: RecordingEvaluation) -> None:
    from cisterna.outside.figures.numerals import fmt

    rows: list[list[Cell]] = []
    for channel, quality in zip(e.as_dict()["channels"], e.as_dict()["quality"], strict=False):
        worst = max(quality["reasons"], key=quality["reasons"].get, default="")
        beats = len(e.channels[channel["name"]].beats) or len(e.channels[channel["name"]].breaths)
        rows.append(
            [channel["name"], channel["own_name"] if channel["own_name"] != channel["name"] else "",
             channel["unit"] or "none", fmt(channel["rate_hz"], "Hz", 4), fmt(100 * quality["share"], "%", 3),
             f"{beats}" if beats else "", f"{worst} {fmt(100 * quality['reasons'][worst], '%', 2)}" if worst else ""]
        )  # fmt: skip
    if rows:
        terminal.out().table(["signal", "own name", "unit", ">rate", ">usable", ">beats", "most of the rest"], rows)
    for name, why in e.left_out.items():
        terminal.out().fact(name, f"left out: {why}")


def _show_numbers(e: RecordingEvaluation) -> None:
    from cisterna.outside.evaluation_words import key_rows

    rows: list[list[Cell]] = [
        [words, number, span or "none", unit, f"{n}"] for words, number, unit, span, n in key_rows(e, _SHOWN)
    ]
    if rows:
        terminal.out().table(["number", ">value", "95 % interval", "unit", ">n"], rows)
    else:
        terminal.out().line("No number could be told.")


def _close(paths: list[Path], seconds: float) -> None:
    from cisterna.outside.evaluation_words import DISCLAIMER

    screen = terminal.out()
    screen.blank()
    for path in paths:
        screen.fact("written", str(path))
    screen.hint(f"{seconds:.1f} s")
    screen.line(DISCLAIMER)
