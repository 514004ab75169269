"""EDF and BDF files put together byte by byte, apart from the package's own writer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np


@dataclass
class Sig:
    """One signal: its codes over all records and what the header says of it."""

    label: str
    codes: Sequence[int] | np.ndarray
    samples: int
    unit: str = "mmHg"
    physical: tuple[str, str] = ("-100", "300")
    digital: tuple[str, str] = ("-2048", "2047")


@dataclass
class Edf:
    """A file to be: its signals and the fields of its header; `onsets` gives the time of each record."""

    signals: list[Sig]
    kind: str = ""  # "", EDF+C, EDF+D, BDF+C
    duration: str = "1"
    count: str | None = None
    onsets: Sequence[float] = ()
    notes: dict[int, list[bytes]] = field(default_factory=dict)
    width: int = 2
    date: str = "15.08.94"
    clock: str = "17.27.45"
    patient: str = "MCH-0234567 F 02-MAY-1951 Haagse_Harry"
    recording: str = "Startdate 15-AUG-1994 X X X"
    tail: bytes = b""

    def write(self, path: Path) -> Path:
        """The file."""
        records = len(self.signals[0].codes) // self.signals[0].samples
        plus = self.kind[3:4] == "+"
        room = 60
        rows = [(s.label, s.unit, *s.physical, *s.digital, str(s.samples)) for s in self.signals]
        if plus:
            name = f"{self.kind[:3]} Annotations"
            rows.append((name, "", "-1", "1", "-32768", "32767", str(room // self.width)))
        fixed = [
            ("0" if self.width == 2 else "\xffBIOSEMI", 8),
            (self.patient, 80),
            (self.recording, 80),
            (self.date, 8),
            (self.clock, 8),
            (str(256 * (len(rows) + 1)), 8),
            (self.kind or ("24BIT" if self.width == 3 else ""), 44),
            (str(records) if self.count is None else self.count, 8),
            (self.duration, 8),
            (str(len(rows)), 4),
        ]
        text = "".join(part.ljust(n) for part, n in fixed)
        for k, n in ((0, 16), (None, 80), (1, 8), (2, 8), (3, 8), (4, 8), (5, 8), (None, 80), (6, 8), (None, 32)):
            text += "".join(("" if k is None else row[k]).ljust(n) for row in rows)
        data = text.encode("latin-1")
        onsets = self.onsets or [k * float(self.duration) for k in range(records)]
        for r in range(records):
            for s in self.signals:
                for code in s.codes[r * s.samples : (r + 1) * s.samples]:
                    data += int(code).to_bytes(self.width, "little", signed=True)
            if plus:
                lists = f"{onsets[r]:+.12g}".encode() + b"\x14\x14\x00" + b"".join(self.notes.get(r, []))
                assert len(lists) <= room
                data += lists.ljust(room, b"\x00")
        path.write_bytes(data + self.tail)
        return path


def pressure(records: int = 4, samples: int = 125, **more: object) -> Sig:
    """A pulse of 1.25 Hz as codes of 0.0977 mmHg."""
    t = np.arange(records * samples) / samples
    codes = np.round((90 + 20 * np.sin(2 * np.pi * 1.25 * t) + 100) / 400 * 4095 - 2048).astype(int)
    return Sig("ABP", codes, samples, **more)  # type: ignore[arg-type]


def breath(records: int = 4, samples: int = 10) -> Sig:
    """A slow signal at its own rate, without a unit."""
    return Sig("Resp oro-nasal", np.arange(records * samples) * 7 - 100, samples, "", ("-2048", "2047"))
