"""`cisterna load`: the help knows every format, and the clock of a file is told in UTC when its zone is stated."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cisterna.outside.cli import run
from cisterna.outside.commands import load as page
from cisterna.recordings.load import formats

#: What the help calls a format, where that is not its name here.
WORDS = {"flowcurve": "flow", "icmplus": "ICM+"}


def test_the_help_names_every_format() -> None:
    told = (page.__doc__ or "").lower()
    missing = [name for name in formats() if WORDS.get(name, name).lower() not in told]
    assert not missing


def test_the_clock_of_a_file_in_utc(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "bed4.csv"
    file.write_text("t [s],ART [mmHg]\n" + "".join(f"{k / 10},{80 + k % 9}\n" for k in range(300)))
    (tmp_path / "bed4.json").write_text(json.dumps({"clock": "2021-07-01T23:30:00"}))
    assert run(["load", str(file), "--utc-offset", "2", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["start"], told["start_utc"]) == ("2021-07-01T23:30:00", "2021-07-01T21:30:00")
    assert run(["load", str(file), "--utc-offset", "2", "--quiet"]) == 0
    assert "2021-07-01T21:30:00 UTC" in capsys.readouterr().out
    assert run(["load", str(file), "--utc-offset", "15"]) != 0
