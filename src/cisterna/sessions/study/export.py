"""A study for other programs: CSV and JSON, and on the clock of a recording BIDS events and WFDB annotations.

`agreement.csv` and `agreement.json` hold every result, `holds.csv` one row a hold, `marks.csv` one row a mark. With a
common clock also `events.tsv` and `events.json` (BIDS 1.10, onset in s from the start of the recording) and
`marks.mks` (annotations of a WFDB record, 1 ms).
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from cisterna.ground.errors import CisternaError
from cisterna.sessions.study.analyse import Agreement, Found
from cisterna.sessions.study.clock import Clock
from cisterna.signals.result import Result

#: Samples a second of the annotations: the common clock is not better than a millisecond.
_ANNOTATIONS = 1000
_META = {
    "onset": {"Description": "time of the mark in the recording", "Units": "s"},
    "duration": {"Description": "marks have none", "Units": "s"},
    "trial_type": {"Description": "key press of an examiner who palpates"},
    "examiner": {"Description": "code of the examiner"},
    "hold": {"Description": "code of the hold"},
    "subject": {"Description": "code of the person palpated"},
    "site": {"Description": "where the hands were"},
}
#: Writes a text to a path, whole or not at all.
Write = Callable[[Path, str], object]


def export(
    found: Agreement, results: Iterable[Result], times: Mapping[str, Clock], folder: Path, write: Write
) -> list[Path]:
    """Write a study's results and marks.

    Parameters
    ----------
    found : Agreement
    results : iterable of Result
        What goes into ``agreement.*``: those of the agreement, and of `beside` where there is a recording.
    times : dict
        Clock of each sitting; empty without a recording.
    folder : Path
        Exists.
    write : function
        Writes one text file.

    Returns
    -------
    list of Path
        The files written.
    """
    results = list(results)
    timed = _timed(found.holds, times)
    texts = {
        "agreement.json": json.dumps(
            {"results": [_plain(r.as_dict()) for r in results], "notes": list(found.notes)}, indent=2, allow_nan=False
        ) + "\n",
        "agreement.csv": _csv(
            ("id", "channel", "value", "low", "high", "unit", "n", "note"),
            ((r.id, r.channel, _num(r.value), _num(r.low), _num(r.high), r.unit, r.n, r.note) for r in results),
        ),
        "holds.csv": _holds(found.holds),
        "marks.csv": _marks(found.holds, times),
    }  # fmt: skip
    if timed:
        rows = ((f"{at:.4f}", "n/a", "mark", *who) for at, who in timed)
        texts["events.tsv"] = _csv(tuple(_META), rows, "\t")
        texts["events.json"] = json.dumps(_META, indent=2) + "\n"
    paths = []
    for name, text in texts.items():
        write(folder / name, text)
        paths.append(folder / name)
    if timed:
        paths.append(_annotations(timed, folder))
    return paths


_Timed = list[tuple[float, tuple[str, str, str, str]]]


def _timed(holds: Sequence[Found], times: Mapping[str, Clock]) -> _Timed:
    rows = []
    for f in holds:
        if f.marked is not None and f.marked.session in times:
            who = (f.hold.examiner, f.hold.hold, f.hold.subject, f.hold.site)
            rows += [(float(at), who) for at in times[f.marked.session](f.marked.times)]
    return sorted(rows)


def _holds(holds: Sequence[Found]) -> str:
    questions = sorted({q for f in holds if f.marked for q in f.marked.answers})
    heads = ("order", "block", "subject", "repeat", "site", "examiner", "hold", "made", "marks", "rate_per_min",
             "unevenness", *questions)  # fmt: skip

    def rows() -> Iterable[tuple[Any, ...]]:
        for f in holds:
            h, m = f.hold, f.marked
            answers = [] if m is None else [m.answers.get(q) for q in questions]
            words = ["" if a is None else "yes" if a else "no" for a in (answers or [None] * len(questions))]
            yield (h.order, h.block, h.subject, h.repeat, h.site, h.examiner, h.hold, "no" if m is None else "yes",
                   0 if m is None else m.times.size, _num(f.rate), _num(f.unevenness), *words)  # fmt: skip

    return _csv(heads, rows())


def _marks(holds: Sequence[Found], times: Mapping[str, Clock]) -> str:
    def rows() -> Iterable[tuple[Any, ...]]:
        for f in holds:
            if f.marked is None:
                continue
            clock = times.get(f.marked.session)
            there = clock(f.marked.times) if clock else np.full(f.marked.times.shape, np.nan)
            for at, recorded in zip(f.marked.times - f.marked.begin, there, strict=True):
                yield (f.hold.subject, f.hold.repeat, f.hold.site, f.hold.examiner, f.hold.hold, f"{at:.4f}",
                       f"{recorded:.4f}" if np.isfinite(recorded) else "")  # fmt: skip

    heads = ("subject", "repeat", "site", "examiner", "hold", "hold_s", "recording_s")
    return _csv(heads, rows())


def _annotations(timed: _Timed, folder: Path) -> Path:
    import wfdb

    kept = [(at, who) for at, who in timed if at >= 0.0]
    try:
        wfdb.wrann(
            "marks", "mks", np.round([_ANNOTATIONS * at for at, _ in kept]).astype(np.int64), ['"'] * len(kept),
            aux_note=[" ".join(who) for _, who in kept], fs=_ANNOTATIONS, write_dir=str(folder),
        )  # fmt: skip
    except (OSError, ValueError) as error:
        raise CisternaError("the annotations cannot be written", str(folder), str(error)[:100]) from error
    return folder / "marks.mks"


def _csv(heads: Sequence[str], rows: Iterable[Sequence[Any]], separator: str = ",") -> str:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=separator, lineterminator="\n")
    writer.writerow(heads)
    writer.writerows(rows)
    return text.getvalue()


def _num(value: float) -> str:
    return f"{value:.6g}" if np.isfinite(value) else ""


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        k: None if isinstance(v, float) and not np.isfinite(v) else v.item() if hasattr(v, "item") else v
        for k, v in row.items()
    }
