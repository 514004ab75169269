"""Annotations beside a WFDB record (MIT format): marks of beats and notes.

Words of 16 bits, little-endian: six bits say what, ten say how much later than the one before (signal(5) and
annot(5) of the WFDB manuals, Moody). Decoded here because the `wfdb` package loops for ever on damaged files.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import numpy as np

from cisterna.ground.errors import CisternaError
from cisterna.recordings.guard import readable_file
from cisterna.recordings.reader import printable

#: Codes that are no annotation: a long interval, three fields of the annotation before, its text.
_SKIP, _NUM, _SUB, _CHAN, _AUX = 59, 60, 61, 62, 63
_MOST_BYTES, _FARTHEST = 64 * 1024**2, 2**40
_RESOLUTION = re.compile(r"^## time resolution: ([0-9.eE+]+)")
_LASTING = re.compile(r"^(?P<label>.*) \((?P<seconds>\d+(?:\.\d+)?) s\)$", re.DOTALL)


def read_marks(path: Path, frame_rate: float) -> list[tuple[float, float, str]]:
    """Events from the `.atr` beside a header, [] without one: the note, or the code of a beat without a note.

    A note that ends in ``(0.5 s)`` lasts so long.

    Raises
    ------
    CisternaError
        The file is cut short, too large or goes back in time before the record.
    """
    file = path.with_suffix(".atr")
    if not file.is_file():
        return []
    size = readable_file(file, whole=False).stat().st_size
    if size > _MOST_BYTES:
        raise CisternaError("the annotation file is too large to be one", str(file), f"{size / 2**20:.0f} MiB")
    events, rate = [], frame_rate
    for sample, code, note in _decoded(file.read_bytes(), str(file)):
        text = note.rstrip(b"\x00").decode("utf-8", "replace")
        stated = _RESOLUTION.match(text)
        if stated:
            rate = _rate(stated[1], str(file))
        if text.startswith("## "):
            continue  # the file speaks of itself
        lasting = _LASTING.match(text)
        label, seconds = (lasting["label"], float(lasting["seconds"])) if lasting else (text, 0.0)
        events.append((sample / rate, seconds, printable(label or _symbols().get(code, f"code {code}"))))
    return events


def _decoded(data: bytes, where: str) -> Iterator[tuple[int, int, bytes]]:
    """Sample, code and text of each annotation."""
    words = np.frombuffer(data[: len(data) // 2 * 2], "<u2").tolist()
    at, sample, last, code, note = 0, 0, 0, 0, b""
    while at < len(words):
        what, amount = words[at] >> 10, words[at] & 0x3FF
        at += 1
        if what == 0 and amount == 0:
            break
        if what == _SKIP:
            if at + 2 > len(words):
                at = len(words)
                continue
            jump = words[at] << 16 | words[at + 1]
            sample += jump - (1 << 32 if jump >> 31 else 0)
            at += 2
        elif what == _AUX:
            note = data[2 * at : 2 * at + amount]
            at += (amount + 1) // 2
        elif what not in (_NUM, _SUB, _CHAN):
            if code:
                yield _checked(last, where), code, note
            sample += amount
            last, code, note = sample, what, b""
    else:
        raise CisternaError("the annotation file is cut short", where, "no end mark", "copy it again from its source")
    if code:
        yield _checked(last, where), code, note


def _checked(sample: int, where: str) -> int:
    if not 0 <= sample < _FARTHEST:
        raise CisternaError("an annotation lies outside any record", where, f"sample {sample}")
    return sample


def _rate(text: str, where: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = 0.0
    if not 0 < rate <= 1e9:
        raise CisternaError("impossible time resolution of the annotations", where, text[:40])
    return rate


@lru_cache(maxsize=1)
def _symbols() -> dict[int, str]:
    """The sign of each code, as the WFDB programs print it."""
    from wfdb.io.annotation import ann_label_table

    return dict(zip(ann_label_table["label_store"].tolist(), ann_label_table["symbol"].tolist(), strict=True))
