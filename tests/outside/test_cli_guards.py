"""Mistakes on the command line that must be told before anything runs, with what was found and how to mend it."""

import pytest

from cisterna.ground.errors import CisternaError
from cisterna.model.person import Person
from cisterna.outside.cli import run
from cisterna.outside.commands.experiment import target
from cisterna.outside.folders import folder_of
from cisterna.sessions.session import MOST_FORCE, SessionPlan


def told(capsys, *words):
    code = run([*map(str, words)])
    said = capsys.readouterr()
    return code, " ".join(said.err.split())


AXIS = ("simulate", "--body", "axis")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        # values
        ((*AXIS, "--set", "hr_rest=0 1/min", "--for", "3s"), ["no body has this hr_rest", "55 to 85 1/min"]),
        ((*AXIS, "--set", "rr_rest=0 1/min"), ["no body has this rr_rest"]),
        ((*AXIS, "--set", "hr_rest=-10 1/min"), ["never negative"]),
        ((*AXIS, "--set", "map_supine=-50 mmHg"), ["no body has this map_supine"]),
        ((*AXIS, "--set", "hr_rest=inf"), ["--set hr_rest", 'write e.g. --set "hr_rest=66 1/min"']),
        ((*AXIS, "--set", "csf_production = 0,5 mL/min"), ["decimal comma", "--set csf_production", "'0.5 mL/min'"]),
        ((*AXIS, "--set", "csf_production=1 mL/min,hr_rest=70 1/min"), ["several pairs", '--set "hr_rest=70 1/min"']),
        ((*AXIS, "--set", "csf_production=0.5", "--set", "csf_production=0.3"), ["given twice", "0.5, then 0.3"]),
        ((*AXIS, "--set", "aqueduct.resistance=-3 mmHg s/mL"), ["no parameter", "did you mean"]),
        (("simulate", "--set", "aqueduct.resistance=-3 mmHg s/mL"), ["no body has this aqueduct.resistance"]),
        (("simulate", "--set", "aq_area=3 mm2"), ["body 'whole' does not use aq_area", "whole_aqueduct"]),
        (("simulate", "--set", "circ_rv_outflow=0.04 mmHg s/mL"), ["'whole' does not use circ_rv_outflow"]),
        ((*AXIS, "--set", "csf_outflow_resistance=9 mmHg/(mL/min)"), ["no parameter 'csf_outflow_resistance'"]),
        (("session", "--set", "circ_rv_outflow=0.04 mmHg s/mL"), ["does not use circ_rv_outflow"]),
        (("session", "--set", "hr_rest=0 1/min"), ["no body has this hr_rest"]),
        (("experiment", "bolus4", "--set", "hr_rest=0 1/min"), ["no body has this hr_rest"]),
        # times
        ((*AXIS, "--for", "abc"), ["--for needs a time with its unit", "found abc", "--for 60s"]),
        ((*AXIS, "--for", "nan"), ["found nan", "--for 60s"]),
        ((*AXIS, "--for", "inf"), ["found inf", "--for 60s"]),
        ((*AXIS, "--for", "1e999 s"), ["--for 60s"]),
        ((*AXIS, "--for", "1,5 min"), ["decimal point: '1.5 min'"]),
        ((*AXIS, "--set", "hr_rest=5 1/min", "--for", "10s"), ["slower than the breath", "breath 14 1/min"]),
        ((*AXIS, "--set", "hr_rest=5 1/min", "--for", "40s"), ["slower than the breath"]),
        ((*AXIS, "--set", "hr_rest=20 1/min", "--for", "8s"), ["too short", "--for 9s"]),
        # posture
        ((*AXIS, "--posture", "30 mmHg"), ["wrong kind of unit", "where posture", "30 mmHg", "supine, seated"]),
        ((*AXIS, "--posture", "30 dge"), ["unknown unit 'dge'", "where posture"]),
        # files
        ((*AXIS, "--rate", "100"), ["--rate without a file", "--abp or --inflow"]),
        ((*AXIS, "--units", "mmHg"), ["--units without a file"]),
        (("session", "--rate", "100"), ["--rate without a file", "--recording"]),
        ((*AXIS, "--abp", "a.csv", "--units", "=m3/s"), ["--units", "--units abp=mmHg"]),
        ((*AXIS, "--abp", "a.csv", "--units", "mmHg", "--units", "kPa"), ["the unit is given twice"]),
        (("simulate", "--body", "whole-closed", "--inflow", "a.csv"), ["its heart beats by itself", "--body whole"]),
        (("simulate", "--body", "one", "--inflow", "a.csv"), ["it has no heartbeat", "--body whole"]),
        ((*AXIS, "--out", ""), ["no folder is named"]),
        (("simulate", "--abp"), ["requires an argument", "where cisterna simulate"]),
        # sessions
        (("session", "--seed", "-1"), ["--seed", "where cisterna session"]),
        (("session", "--force", "50 kgf"), ["no technique uses such a force", "weight of 50 kg", "up to 10 gf"]),
        (("session", "--body", "one"), ["no session can be held on the body 'one'", "no posture", "--body whole"]),
        (("session", "--body", "whole-closed"), ["no session can be held", "no heartbeat that a clock gives"]),
        (("experiment", "bolus4", "--seed", "-1"), ["--seed"]),
    ],
)
def test_it_is_told_with_exit_code_2(words, said, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, err = told(capsys, *words)
    assert code == 2 and "fault of the program" not in err and "nothing was written" in err
    for part in said:
        assert part in err, (part, err)


def test_two_clients_and_an_empty_table_say_how_to_mend(tmp_path, capsys):
    clients = tmp_path / "two.json"
    clients.write_text('[{"id": "a", "age_years": 40}, {"id": "b", "age_years": 50}]')
    for command in ("simulate", "session"):
        code, err = told(capsys, command, "--person", clients, "--out", tmp_path / "out")
        assert code == 2 and "2 clients" in err and "holds one client" in err
    empty = tmp_path / "empty.csv"
    empty.write_text("# nothing\n")
    code, err = told(capsys, *AXIS, "--abp", empty, "--out", tmp_path / "out")
    assert code == 2 and "holds no rows" in err and "mend" in err


def test_a_folder_is_tried_before_the_run(tmp_path, monkeypatch):
    import tempfile

    def refused(**_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(tempfile, "TemporaryFile", refused)
    with pytest.raises(CisternaError, match="cannot be written to") as caught:
        folder_of(str(tmp_path))
    assert caught.value.found == "Permission denied"
    with pytest.raises(CisternaError, match="cannot be written to"):
        target(str(tmp_path))


def test_a_folder_that_can_be_written_stays_empty(tmp_path):
    assert folder_of(str(tmp_path / "new")).is_dir() and not list((tmp_path / "new").iterdir())


def test_a_session_is_refused_by_its_plan():
    person = Person.typical(body="axis")
    with pytest.raises(CisternaError, match="seed is 0 or more"):
        SessionPlan(person, seed=-1)
    with pytest.raises(CisternaError, match="no technique uses such a force"):
        SessionPlan(person, force="11 N").protocol_steps()
    assert SessionPlan(person, force=f"{MOST_FORCE:g} gf").protocol_steps().steps


def test_a_time_column_without_a_unit_is_mended_in_both_ways(tmp_path, capsys):
    file = tmp_path / "abp.csv"
    file.write_text("t,abp\n0,80\n1,90\n")
    code, err = told(capsys, *AXIS, "--abp", file, "--out", tmp_path / "out")
    assert code == 2 and "units={'t': 's'} (command line: --units t=s), or give rate=<Hz> (--rate HZ)" in err


def test_a_table_without_names_says_how_to_name_them(tmp_path, capsys):
    """Headless times and flows: the side-car that the message shows makes them readable."""
    import numpy as np

    from cisterna.recordings.load import load

    file = tmp_path / "inlet.dat"
    at = np.arange(20) / 20
    file.write_text("\n".join(f"{t:.3f} {2e-6 * np.sin(2 * np.pi * t):.4e}" for t in at))
    code, err = told(capsys, *AXIS, "--inflow", file, "--out", tmp_path / "out")
    assert code == 2 and 'side-car inlet.json: {"columns": ["t", ...], "units": {"t": "s", ...}}' in err
    file.with_suffix(".json").write_text('{"columns": ["t", "flow"], "units": {"t": "s", "flow": "m3/s"}}')
    assert np.ptp(load(file).values("flow", "mL/s")) == pytest.approx(4.0, rel=0.01)


def test_values_in_a_protocol_file_are_held_to_the_same(tmp_path, capsys):
    file = tmp_path / "mine.toml"
    text = '[person]\nbody = "one"\n[person.set]\n{}\n[[step]]\ndo = "rest"\nfor = "20 s"\n'
    file.write_text(text.format('csf_production = "-1 mL/min"'))
    code, err = told(capsys, "experiment", file)
    assert code == 2 and "no body has this csf_production" in err and "[person.set] csf_production" in err
    file.write_text(text.format('csf_prodction = "0.3 mL/min"'))
    code, err = told(capsys, "experiment", file, "--set", "hr_rest=70 1/min")
    assert code == 2 and "line 4" in err and "did you mean 'csf_production'" in err
