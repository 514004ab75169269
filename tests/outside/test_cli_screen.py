"""`cisterna screen`: JSON for one and many, the interview, the letter, the words that must always stand."""

import io
import json

import pytest

from cisterna.outside import cli
from cisterna.sessions.screening import DISCLAIMER

SHUNT = {"id": "A7", "age_years": 45, "sex": "m", "answers": {"shunt": "working", "headache": "none"}}
QUIET = {"id": "B", "age_years": 30, "answers": {"headache": "none"}}


@pytest.fixture
def cisterna(capsys, monkeypatch):
    def go(*words, typed=""):
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        code = cli.run(["screen", *words])
        said = capsys.readouterr()
        return code, said.out, said.err

    return go


@pytest.fixture
def one(tmp_path):
    file = tmp_path / "client.json"
    file.write_text(json.dumps(SHUNT))
    return str(file)


def test_one_client_is_one_object(cisterna, one):
    code, out, _ = cisterna(one, "--json")
    found = json.loads(out)
    assert code == 0 and list(found) == ["id", "verdict", "urgency", "reasons"]
    assert (found["id"], found["verdict"], found["urgency"]) == ("A7", "physician_first", "routine")


@pytest.mark.parametrize("ending", [".jsonl", ".json"])
def test_many_clients_are_one_object_a_line(cisterna, tmp_path, ending):
    file = tmp_path / f"clients{ending}"
    clients = [SHUNT, QUIET]
    file.write_text(json.dumps(clients) if ending == ".json" else "\n".join(map(json.dumps, clients)))
    code, out, _ = cisterna(str(file), "--json")
    assert code == 0 and [json.loads(line)["id"] for line in out.splitlines()] == ["A7", "B"]


def test_words_end_with_the_statement_and_never_clear(cisterna, tmp_path):
    file = tmp_path / "quiet.json"
    file.write_text(json.dumps(QUIET))
    code, out, _ = cisterna(str(file))
    assert code == 0 and out.rstrip().endswith(DISCLAIMER) and out.isascii()
    assert "no listed contraindication reported" in out and "[ok]" not in out and "proceed" not in out


def test_letter(cisterna, one, tmp_path):
    code, out, _ = cisterna(one, "--letter", str(tmp_path / "letter.txt"))
    text = (tmp_path / "letter.txt").read_text()
    assert code == 0 and "letter.txt" in out and "shunt" in text and DISCLAIMER in text
    code, _, err = cisterna(one, "--letter", str(tmp_path / "no" / "letter.txt"))
    assert code == 2 and "nothing was written" in err


def test_a_letter_is_about_one_client(cisterna, tmp_path):
    file = tmp_path / "clients.json"
    file.write_text(json.dumps([SHUNT, QUIET]))
    code, _, err = cisterna(str(file), "--letter", str(tmp_path / "letter.txt"))
    assert code == 2 and "one client" in err and not (tmp_path / "letter.txt").exists()


def test_a_bad_line_stops_all_before_anything_is_printed(cisterna, tmp_path):
    file = tmp_path / "clients.jsonl"
    file.write_text(json.dumps(QUIET) + "\n{\n")
    code, out, err = cisterna(str(file))
    assert code == 2 and out == "" and "line 2" in err


def test_half_an_interview_gives_no_verdict(cisterna):
    code, out, err = cisterna(typed="40\nm\nself\n")
    assert code == 2 and out == "" and "no verdict" in err


def test_an_emergency_ends_the_interview(cisterna):
    answers = {"headache": "new", "How did it begin": "thunderclap"}
    typed = "50\nf\nself\n" + "\n".join(answers.values()) + "\n"
    code, out, err = cisterna("--json", typed=typed)
    found = json.loads(out)
    assert code == 0 and (found["verdict"], found["urgency"]) == ("stop", "emergency")
    assert "How did it begin" in err


def test_questions_left_open_in_the_interview_mean_physician_first(cisterna):
    code, out, _ = cisterna("--json", typed="40\nm\nself\n" + "\n" * 400)
    found = json.loads(out)
    assert code == 0 and found["verdict"] == "physician_first" and any("not answered" in r for r in found["reasons"])
