"""An evaluation on disk: the report, the numbers as JSON and as tables."""

from __future__ import annotations

import json
import os
from pathlib import Path

from cisterna.ground.errors import CisternaError
from cisterna.outside import evaluation_tables as tables
from cisterna.outside.evaluation_report import evaluation_page
from cisterna.outside.terminal import plain_data, write_text
from cisterna.signals.evaluate import RecordingEvaluation


def ready(out: str) -> Path:
    """The folder to write to, checked before anything runs; it is made when there is something to write.

    Raises
    ------
    CisternaError
        It is a file, or cannot be written to.
    """
    path = Path(out)
    there = next(p for p in (path, *path.absolute().parents) if p.exists())
    if not there.is_dir():
        raise CisternaError("the folder cannot be made", str(path), f"{there} is a file", "choose another --out")
    if not os.access(there, os.W_OK | os.X_OK):
        raise CisternaError("the folder cannot be written to", str(path), mend="choose another --out")
    return path


def write(evaluation: RecordingEvaluation, folder: Path, *, seconds: float, date: str) -> list[Path]:
    """Write evaluation.html, evaluation.json, results.csv, series.csv and faults.csv, each whole or not at all.

    Every text is made before the first is written: a mistake on the way leaves nothing behind.
    """
    texts = {
        "evaluation.html": evaluation_page(evaluation, seconds=seconds, date=date),
        "evaluation.json": json.dumps(plain_data(evaluation.as_dict()), indent=2, allow_nan=False) + "\n",
        "results.csv": tables.results_csv(evaluation),
        "series.csv": tables.series_csv(evaluation),
        "faults.csv": tables.faults_csv(evaluation),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        found = error.strerror or str(error)
        raise CisternaError("the folder cannot be made", str(folder), found, "choose another --out") from error
    return [write_text(folder / name, text) for name, text in texts.items()]
