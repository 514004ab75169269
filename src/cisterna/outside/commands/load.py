"""What is in a recording file, and what of it can drive the model.

FILE is WFDB, EDF or BDF, ICM+ or other HDF5, NetCDF, SNIRF, BIDS physio, MATLAB, NumPy, a table of numbers, a
flow curve of MRI (table, or NIfTI with regions), or the folder of a Moberg archive; FILE:CHANNEL picks one
channel. Units are never guessed: say them where the file does not.

    cisterna load bed4.csv
    cisterna load night.hea:ABP --json
    cisterna load abp.csv --units ABP=mmHg --rate 125
    cisterna load cry.hea --person infant --quiet
    cisterna load test.hdf5 --utc-offset 2
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cisterna.ground.errors import CisternaError
from cisterna.outside import terminal
from cisterna.outside.figures.numerals import fmt, number
from cisterna.outside.terminal import Cell, Mark, Progress

if TYPE_CHECKING:
    from cisterna.recordings.recording import Recording


def command(
    file: Annotated[str, typer.Argument(help="The file, or FILE:CHANNEL.", show_default=False)],
    units: Annotated[
        list[str] | None, typer.Option("--units", help="Unit of a channel, e.g. ABP=mmHg; may be repeated.")
    ] = None,
    rate: Annotated[float | None, typer.Option("--rate", help="Samples a second, where the file has no times.")] = None,
    columns: Annotated[str, typer.Option("--columns", help="Names of channels of a file without any: abp,icp.")] = "",
    utc_offset: Annotated[
        float | None, typer.Option("--utc-offset", help="Hours that the clock of the file is ahead of UTC.")
    ] = None,
    person: Annotated[str, typer.Option("--person", help="Whose plausible ranges: adult, child, infant.")] = "adult",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress.")] = False,
) -> None:
    from cisterna.recordings import check, load

    with Progress("reading", quiet or as_json):
        names = [name.strip() for name in columns.split(",") if name.strip()]
        rec = load(file, units=declared(units or []), rate=rate, columns=names, utc_offset=utc_offset)
    found = check(rec, person)
    signals = []
    with Progress("checking", quiet or as_json) as step:
        for k, name in enumerate(rec.signals):
            step(k / len(rec.signals), name)
            signals.append({**_facts(rec, name), **_drives(rec, name, person)})
    about = {
        "file": rec.title,
        "format": rec.provenance.get("format"),
        "sha256": rec.provenance.get("sha256"),
        "start": rec.start or None,
        "start_utc": rec.provenance.get("start_utc"),
        "duration_s": rec.duration,
        "events": len(rec.events),
        "signals": signals,
        "findings": [asdict(finding) for finding in found],
    }
    if as_json:
        terminal.emit(about)
    else:
        _show(about)


def declared(units: list[str]) -> dict[str, str] | str:
    """The units stated: by channel, or one bare unit for the only channel.

    Examples
    --------
    >>> declared(["ABP=mmHg", "ICP=cmH2O"]), declared(["mmHg"])
    ({'ABP': 'mmHg', 'ICP': 'cmH2O'}, 'mmHg')
    """
    if len(units) == 1 and "=" not in units[0]:
        return units[0]
    pairs = {}
    for text in units:
        channel, equals, unit = text.partition("=")
        if not equals or not channel or not unit:
            raise CisternaError("a unit is stated as CHANNEL=UNIT", found=text, mend="write e.g. --units ABP=mmHg")
        pairs[channel.strip()] = unit.strip()
    return pairs


def _facts(rec: Recording, name: str) -> dict[str, Any]:
    import numpy as np

    values, attrs = rec.values(name), rec[name].attrs
    good = values[np.isfinite(values)]
    hertz = float(rec.dataset[rec.time_dim(name)].attrs.get("rate", 0.0))
    return {
        "name": name,
        "own_name": str(attrs["own_name"]),
        "unit": rec.unit(name) or None,
        "rate_hz": hertz or None,
        "samples": int(values.shape[0]),
        "mean": float(good.mean()) if good.size else None,
        "missing": 1.0 - good.size / values.size if values.size else 0.0,
        "level_ref": str(attrs["level_ref"]),
        "quality": str(attrs["quality"]),
    }


def _drives(rec: Recording, name: str, person: str) -> dict[str, Any]:
    """Whether a signal can drive the model: what it gives, or why not and what would mend it."""
    from cisterna.signals import heart_and_breath_from

    try:
        drive = heart_and_breath_from(rec, name, breath=None, person=person)
    except CisternaError as error:
        return {"drives": False, "why": ". ".join(filter(None, (error.what, error.found))), "mend": error.mend}
    gives = [part for part, text in drive.origin.items() if text.startswith("measured")]
    rates = {"heart_per_min": drive.heart_rate, "breath_per_min": drive.breath_rate}
    return {"drives": True, "gives": gives, **rates, "bridged": len(drive.bridged), "notes": list(drive.notes)}


def _show(about: dict[str, Any]) -> None:
    screen = terminal.out()
    events = f", {about['events']} events" if about["events"] else ""
    screen.title(about["file"], f"{about['format']}, {fmt(about['duration_s'], 's', 4)}{events}")
    if about["start_utc"]:
        screen.fact("began:", f"{about['start']}, {about['start_utc']} UTC", width=8)
    rows: list[list[Cell]] = []
    for s in about["signals"]:
        rows.append(
            [
                s["name"],
                s["own_name"] if s["own_name"] != s["name"] else "",
                number(s["mean"]),
                s["unit"] or "none",
                fmt(s["rate_hz"], "Hz", 4) if s["rate_hz"] else "irregular",
                fmt(100 * s["missing"], "%") if s["missing"] else "0",
                Mark("ok", "drives " + " and ".join(s["gives"])) if s["drives"] else "no",
            ]
        )
    screen.table(["signal", "own name", ">mean", "unit", ">rate", ">missing", "drives the model"], rows)
    refused = [s for s in about["signals"] if not s["drives"]]
    if refused:
        screen.blank()
    for s in refused:
        screen.fact(f"{s['name']}:", s["why"] + (f"; {s['mend']}" if s["mend"] else ""), width=len(s["name"]) + 2)
    told = " ".join(s["why"] for s in refused)
    for finding in about["findings"]:
        if finding["what"] in told:
            continue
        parts = [finding["what"], finding["found"], finding["mend"]]
        kind = "error" if finding["grave"] else "care"
        screen.verdict(Mark(kind, "refused" if finding["grave"] else "note"), "; ".join(filter(None, parts)))
