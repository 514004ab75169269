"""The table of 74 claims: unchanged, with an honest state, and commands that show what works."""

import csv
import json
import re
from importlib import resources

import pytest

from cisterna.claims.claim import book, claim
from cisterna.claims.table import MODES, STATES, claim_row, claims_table
from cisterna.ground.errors import CisternaError
from cisterna.outside.cli import run

WORKS = [row for row in claims_table() if row.state == "works"]


def test_it_is_the_shared_table_unchanged(shared):
    own = (resources.files("cisterna.claims") / "claims.csv").read_bytes()
    assert own == (shared / "domain" / "claims.csv").read_bytes()


def test_every_row_has_mode_grade_evidence_and_state():
    rows = claims_table()
    assert [row.id for row in rows] == [f"C-{n:03d}" for n in range(1, 75)]
    assert {m: sum(row.mode == m for row in rows) for m in MODES} == {"computed": 36, "recorded": 29, "reference": 9}
    assert {row.grade for row in rows} == {"established", "plausible", "contested", "hypothesis", "contradicted"}
    assert all(row.evidence and row.reason and row.state in STATES for row in rows)
    assert all(bool(row.command) == (row.state == "works") for row in rows)


def test_unsupported_reads_hypothesis():
    text = (resources.files("cisterna.claims") / "claims.csv").read_text(encoding="utf-8")
    for row in csv.DictReader(text.splitlines()):
        if row["evidence_grade"] == "unsupported":
            assert claim_row(row["id"]).grade == "hypothesis"


def test_a_wrong_id_is_answered_with_the_nearest():
    assert claim_row("c-055").id == "C-055"
    with pytest.raises(CisternaError) as caught:
        claim_row("C-75")
    assert caught.value.mend


def test_rows_that_an_experiment_answers_work():
    for cls in book().values():
        assert all(claim_row(name).state == "works" for name in cls.claims)


@pytest.mark.parametrize("row", WORKS, ids=[row.id for row in WORKS])
def test_each_command_exists(row):
    words = row.command.split("cisterna ", 1)[1].split()
    if words[:2] == ["claims", "run"]:
        assert claim(words[2]).name in book()
    elif words[:2] == ["claims", "show"]:
        assert words[2] == row.id and row.mode == "reference"
    elif words[0] == "experiment":
        assert (resources.files("cisterna.protocol") / "library" / f"{words[1]}.toml").is_file()
    else:
        assert words[0] in ("session", "screen")


SCREENED = [row for row in WORKS if "cisterna screen" in row.command]


@pytest.mark.parametrize("row", SCREENED, ids=[row.id for row in SCREENED])
def test_each_screening_command_gives_the_verdict_its_reason_states(row, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    client = re.search(r"'(\{.*\})'", row.command).group(1)
    (tmp_path / "client.json").write_text(client)
    words = row.command.split("cisterna ", 1)[1].split()
    code = run([*words, "--json"])
    found = json.loads(capsys.readouterr().out)
    assert code == 0 and found["verdict"].replace("_", " ") in row.reason
    assert ("--letter" in words) == (tmp_path / "letter.txt").is_file()
