"""Flow curves over one cardiac cycle, as phase-contrast MRI gives them: flow by region against time or phase.

Three kinds of file are known, and an ordinary table of numbers is none of them:

- the text export of the PC-MRI program of Amiens (blocks ``DEBIT_mm3/sec``, ``SURFACE_mm2``, ``Axe des Temps``);
- a table whose first line names time or phase and a flow with its unit behind ``#``: ``# time [s], flow in mm^3/s``,
  or whose first column is called ``phase``;
- any table with a side-car that says ``{"kind": "flow curve"}``, with ``columns``, ``units``, and ``cycle`` (s).

Flow is kept as it stands: neither its mean nor its sign is changed, and one cycle stays one cycle.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from cisterna.ground.errors import CisternaError
from cisterna.ground.units import convert, same_dimension
from cisterna.recordings.formats._table_text import as_float, decoded, layout_of, numbers_of
from cisterna.recordings.reader import Ask, Channel, Format, assemble, printable, tidy_unit
from cisterna.recordings.recording import Recording
from cisterna.recordings.sidecar import beside, sidecar
from cisterna.recordings.timebase import is_time_name, place, seconds

KIND = "flow curve"
#: A curve of one cycle has some ten to a hundred points; a file this large (bytes) is something else.
LARGEST = 4 * 1024**2
#: Blocks of the program's export, by their heads: what they hold and in which unit.
BLOCKS = {
    "DEBIT_mm3/sec": ("flow", "mm3/s"),
    "SURFACE_mm2": ("area", "mm2"),
    "VOLUME_DPL mm3": ("displaced volume", "mm3"),
    "Axe des Temps": ("time", "ms"),
}
_PART = re.compile(r"^\s*(?P<name>.*?)\s*(?:\[(?P<a>[^\]]*)\]|\((?P<b>[^)]*)\)|\s+in\s+(?P<c>\S.*?))?\s*$")
_PHASE = ("phase", "cardiac phase", "cardiac_phase")


class FlowCurve(Format):
    """A curve of flow over one cardiac cycle: read as a short recording with the length of the cycle beside it."""

    name: ClassVar[str] = "flowcurve"
    suffixes: ClassVar[tuple[str, ...]] = (".csv", ".tsv", ".txt", ".dat")

    def sniff(self, path: Path, head: bytes) -> bool:
        """One of the three kinds above, never a table by its numbers alone."""
        if not path.name.lower().endswith(self.suffixes) or b"\x00" in head:
            return False
        if b"DEBIT_mm3/sec" in head or _said(path).get("kind") == KIND:
            return True
        return bool(_head_line(decoded(head, path)))

    def read(self, path: Path, ask: Ask) -> Recording:
        """Flow (area, displaced volume) by region; provenance `flow_curve` holds the cycle (s) and what is known."""
        data = path.read_bytes()[: LARGEST + 1]
        if len(data) > LARGEST:
            raise CisternaError(f"the flow curve is larger than {LARGEST // 1024**2} MiB", str(path))
        text = decoded(data, path)
        return _export(text, path) if "DEBIT_mm3/sec" in text else _table(text, path, ask)


def _table(text: str, path: Path, ask: Ask) -> Recording:
    """A table of time or phase and flows."""
    car, extra = sidecar(path), _said(path)
    said = car.over(ask)
    parts = _head_line(text)
    columns = tuple(said.columns) or tuple(name for name, _ in parts)
    first = text.lstrip().startswith("#")
    layout = layout_of(text, path, columns if first or said.columns else ())
    numbers, notes = numbers_of(text, layout, path)
    units = dict(zip(layout.names, layout.units, strict=True))
    if first and len(parts) == len(layout.names):
        units |= {name: unit for name, (_, unit) in zip(layout.names, parts, strict=True) if unit}
    units |= {name: unit for name, unit in car.units.items() if name in units}
    axis = car.time or next((n for n in layout.names if is_time_name(n) or n.lower() in _PHASE), layout.names[0])
    if axis not in numbers:
        raise CisternaError(f"no column '{axis}' of numbers", str(path), ", ".join(layout.names[:12]))
    values = numbers.pop(axis)
    unit = ask.units.get(axis, units.get(axis, ""))
    cycle = extra.get("cycle")
    if cycle is not None and not (isinstance(cycle, (int, float)) and 0 < cycle < 1e3):
        raise CisternaError("the cycle of the side-car is not a length in s", str(path), str(cycle)[:40])
    over_phase = axis.lower() in _PHASE or (bool(unit) and unit not in ("s", "ms") and same_dimension(unit, "1"))
    if over_phase:
        at, cycle = _phase_times(values, unit, cycle, said.rate, path)
    else:
        at = seconds(values, tidy_unit(unit), axis, path)
    curve = {"axis": "phase" if over_phase else "time", "cycle_s": cycle, "region": str(extra.get("region", ""))[:80]}
    series = {name: (column, units.get(name, "")) for name, column in numbers.items()}
    return _recording(series, at, path, curve, notes, [axis])


def _phase_times(
    values: NDArray[np.float64], unit: str, cycle: float | None, rate: float | None, path: Path
) -> tuple[NDArray[np.float64], float]:
    """Times (s) of phases, from the length of the cycle or from phases a second, one of them stated."""
    turn = {"%": 100.0, "deg": 360.0, "rad": 2 * np.pi}.get(unit, 1.0)
    part = values / turn
    steps = np.diff(part)
    if not np.isfinite(part).all() or np.any(steps <= 0) or part[-1] - part[0] > 1.0 + 1e-9:
        found = f"{part[0]:g} to {part[-1]:g} cycles"
        mend = "phases rise over one cycle: 0 to 1, %, deg or rad"
        raise CisternaError("the phases of the flow curve are not those of one cycle", str(path), found, mend)
    if cycle is None and rate is None:
        mend = (
            'say its length in a side-car {"kind": "flow curve", "cycle": 0.9}, or give rate=<phases a second> '
            "(command line: --rate)"
        )
        raise CisternaError("a flow curve over phase needs the length of the cycle", str(path), mend=mend)
    if cycle is None:
        if part.size < 2 or np.ptp(steps) > 0.02 * steps.mean():
            mend = 'say its length in a side-car {"kind": "flow curve", "cycle": 0.9}'
            raise CisternaError("the phases are uneven: a rate does not place them", str(path), mend=mend)
        cycle = 1.0 / (float(rate or np.nan) * float(steps.mean()))
    return part * cycle, cycle


def _export(text: str, path: Path) -> Recording:
    """The program's export: a head of names and numbers, then blocks of one number a line."""
    head: dict[str, str] = {}
    blocks: dict[str, list[float]] = {}
    current = ""
    for row, line in enumerate(text.splitlines(), start=1):
        if line.strip() in BLOCKS:
            current = line.strip()
            if current in blocks:
                raise CisternaError(f"the block '{current}' comes twice", f"{path}, line {row}")
            blocks[current] = []
        elif current and line.strip():
            number = as_float(line.split()[-1])
            if number is None or not line.startswith("-"):
                raise CisternaError("a line of a block is no number", f"{path}, line {row}", line.strip()[:40])
            blocks[current].append(number)
        elif not current:
            name, _, value = line.strip().partition(" ")
            head[name] = value.strip()
    counts = {len(values) for values in blocks.values()}
    if not {"DEBIT_mm3/sec", "Axe des Temps"} <= set(blocks) or len(counts) != 1 or counts <= {0, 1}:
        found = "; ".join(f"{name} {len(values)}" for name, values in blocks.items())
        raise CisternaError("the blocks of the flow curve are not whole", str(path), found, "export it again")
    # EXAMEN and SERIE name a person's examination: they are not kept.
    region = printable(head.get("NIVEAU", "")) or path.stem
    at = seconds(np.array(blocks.pop("Axe des Temps")), "ms", "Axe des Temps", path)
    bpm = as_float(head.get("BPM", ""))
    cycle = 60.0 / bpm if bpm is not None and np.isfinite(bpm) and bpm > 0 else None
    notes = []
    step = float(at[-1] - at[0]) / (at.size - 1)
    if cycle is not None and abs(at.size * step / cycle - 1.0) > 0.05:
        notes.append(f"{at.size} times of {step:.4g} s do not make a cycle of {cycle:.4g} s (BPM {bpm:g})")
    series = {f"{region} {BLOCKS[key][0]}": (np.array(v), BLOCKS[key][1]) for key, v in blocks.items()}
    return _recording(series, at, path, {"axis": "time", "cycle_s": cycle, "region": region}, notes, [])


def _recording(
    series: dict[str, tuple[NDArray[np.float64], str]],
    at: NDArray[np.float64],
    path: Path,
    curve: dict[str, Any],
    notes: list[str],
    clock: list[str],
) -> Recording:
    channels = []
    if curve["cycle_s"] is not None and at.size and at[-1] - at[0] > 1.02 * curve["cycle_s"]:
        found = f"{at[-1] - at[0]:.4g} s, cycle {curve['cycle_s']:.4g} s"
        raise CisternaError("the flow curve is longer than its cycle", str(path), found, "mend the cycle")
    for own, (values, unit) in series.items():
        grid = place(at - at[0], values)
        zero = "every value is 0" if values.size and not np.any(values) else ""
        quality = "; ".join(filter(None, (zero, grid.note)))
        time = at - at[0] if grid.rate is None else None
        channels.append(Channel(own, grid.values, unit, grid.rate, time, quality=quality))
    extra: dict[str, Any] = {"clock_offset_s": float(at[0])} if at.size and at[0] else {}
    return assemble(channels, path, notes=notes, time_columns=clock, flow_curve=curve, **extra)


def _head_line(text: str) -> list[tuple[str, str]]:
    """Names and units in the first line, when it names time or phase first and a flow after it; else empty."""
    line = next((row for row in text.splitlines() if row.strip()), "")
    comment = line.lstrip().startswith("#")
    cells = re.split(r"[,;\t]", line.strip("# \t\ufeff"))[:64]
    if len(cells) < 2:
        return []
    parts = []
    for cell in cells:
        match = _PART.match(cell[:120])
        unit = next((u for u in (match["a"], match["b"], match["c"]) if u), "") if match else ""
        parts.append((match["name"] if match else cell, tidy_unit(unit)))
    name, unit = parts[0][0].lower(), parts[0][1]
    axis = name in _PHASE or (comment and is_time_name(name) and unit in ("s", "ms"))
    return parts if axis and any(_is_flow(u) for _, u in parts[1:]) else []


def _is_flow(unit: str) -> bool:
    """Whether a unit is volume per time."""
    if "/" not in unit:
        return False
    try:
        return same_dimension(unit, "mL/s") and np.isfinite(convert(1.0, unit, "mL/s"))
    except CisternaError:
        return False


def _said(path: Path) -> dict[str, Any]:
    """What stands in the side-car, {} when there is none that can be read (the table reader tells why)."""
    file = beside(path)
    try:
        if not file.is_file() or file.stat().st_size > LARGEST:
            return {}
        said = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}
