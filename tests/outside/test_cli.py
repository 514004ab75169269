"""The command line: what it imports, how it tells errors, exit codes, JSON, plain words in a pipe."""

import json
import os
import subprocess
import sys

import pytest

from cisterna.ground.errors import CisternaError
from cisterna.outside import cli, terminal


@pytest.fixture
def cisterna(capsys):
    """Run a command line in this process: (exit code, stdout, stderr)."""

    def go(*words):
        code = cli.run(words)
        said = capsys.readouterr()
        return code, said.out, said.err

    return go


def test_help_imports_nothing_heavy():
    code = """
import sys
from cisterna.outside.cli import run
assert run(["--help"]) == 0
heavy = {"jax", "xarray", "scipy", "pint", "numpy", "rich", "matplotlib", "wfdb", "jinja2"} & set(sys.modules)
assert not heavy, heavy
commands = [name for name in sys.modules if name.startswith("cisterna.outside.commands.")]
assert not commands, commands
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for name, line in cli.commands().items():
        assert name in done.stdout and line.split()[0] in done.stdout


def test_every_command_has_help_with_an_example(cisterna):
    for name, line in cli.commands().items():
        code, out, _ = cisterna(name, "--help")
        assert code == 0, name
        assert line and f"cisterna {name}" in out.partition("Options:")[0].partition("\n")[2], name
        options = [row for row in out.partition("Options:")[2].splitlines() if row.startswith("  -")]
        # A command of parts has its options in these.
        for part in [row.split()[0] for row in out.partition("Commands:")[2].splitlines() if row.strip()]:
            options += [row for row in cisterna(name, part, "--help")[1].splitlines() if row.startswith("  -")]
        assert len(options) >= 2, name


def test_version_and_no_arguments(cisterna):
    from cisterna import __version__

    assert cisterna("--version") == (0, f"cisterna {__version__}\n", "")
    code, out, _ = cisterna()
    assert code == 0 and "Commands:" in out


@pytest.mark.parametrize(
    ("words", "best"),
    [
        (["parametres"], "'parameters'"),
        (["parameters", "--jsn"], "'--json'"),
        (["parameters", "icp_supne"], "'icp_supine'"),
        (["parameters", "--status", "assume"], "'assumed'"),
        (["experiment", "bolus5"], "'bolus4'"),
        (["steps", "bollus"], "'bolus'"),
        (["stations", "sacrumm"], "sacrum"),
    ],
)
def test_a_wrong_word_is_answered_with_the_nearest(cisterna, words, best):
    code, out, err = cisterna(*words)
    assert code == 2 and out == ""
    assert f"did you mean {best}" in err or best in err
    assert "exit 2" in err and "nothing was written" in err and "Traceback" not in err


def test_a_missing_argument_is_a_usage_error(cisterna):
    code, _, err = cisterna("load")
    assert code == 2 and "cisterna load --help" in err


def test_error_goes_to_stdout_as_json_too(cisterna):
    code, out, err = cisterna("load", "nowhere.csv", "--json")
    assert code == 2
    assert json.loads(out)["error"] == "no such file" and json.loads(out)["where"] == "nowhere.csv"
    assert err.startswith("[error] no such file\n")


def test_the_parts_of_an_error_stand_in_lines(capsys):
    terminal.written.clear()
    cli.tell(CisternaError("no unit for column 2", "abp.csv", "62 to 128", "add --units ABP=mmHg"))
    assert capsys.readouterr().err == (
        "[error] no unit for column 2\n  where   abp.csv\n  found   62 to 128\n  mend    add --units ABP=mmHg\n"
        "  nothing was written; exit 2\n"
    )


def test_an_error_after_writing_says_what_was_written(capsys, tmp_path):
    terminal.written.clear()
    terminal.write_text(tmp_path / "a.txt", "a")
    cli.tell(CisternaError("the second part failed"))
    said = capsys.readouterr().err
    assert "a.txt" in said and "nothing was written" not in said


def _raising(error):
    def load(name):
        raise error

    return load


def test_interrupt_and_fault_have_their_own_exit_codes(cisterna, monkeypatch):
    monkeypatch.delenv("CISTERNA_DEBUG", raising=False)
    monkeypatch.setattr(cli, "_load", _raising(KeyboardInterrupt()))
    code, out, err = cisterna("info")
    assert (code, out, err.count("\n")) == (130, "", 1)
    monkeypatch.setattr(cli, "_load", _raising(ZeroDivisionError("by zero")))
    code, _, err = cisterna("info")
    assert code == 1 and "ZeroDivisionError" in err and "report" in err and "Traceback" not in err
    monkeypatch.setenv("CISTERNA_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        cli.run(["info"])


def test_a_closed_pipe_is_quiet():
    command = [sys.executable, "-m", "cisterna.outside.cli", "parameters"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        assert child.stdout.readline()
        child.stdout.close()
        assert child.stderr.read() == ""


def test_in_a_pipe_there_is_ascii_only_and_no_colour():
    env = {**os.environ, "NO_COLOR": "1", "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(
        [sys.executable, "-m", "cisterna.outside.cli", "parameters", "*"], capture_output=True, env=env, check=True
    )
    assert done.stdout.isascii() and b"\033" not in done.stdout and len(done.stdout.splitlines()) > 400


# --- the commands ----------------------------------------------------------------------------------------
def test_info_json(cisterna):
    code, out, _ = cisterna("info", "--json")
    found = json.loads(out)
    assert code == 0 and found["parameters"] > 400 and 0 < found["doi_share"] < 1
    assert found["jax"] is None or found["devices"]


def test_info_without_the_model_extra(cisterna, monkeypatch):
    from cisterna.outside.commands import info

    known = info._version
    monkeypatch.setattr(info, "_version", lambda name: "" if name == "jax" else known(name))
    code, out, _ = cisterna("info")
    assert code == 0 and "not installed: the model extra" in out


def test_parameters_json_has_every_column(cisterna):
    _, out, _ = cisterna("parameters", "csf_production", "--json")
    rows = json.loads(out)["parameters"]
    row = next(row for row in rows if row["id"] == "csf_production")
    assert (row["value"], row["unit"], row["status"]) == (0.35, "mL/min", "read")
    assert {"low", "high", "source", "evidence", "range_kind", "note"} <= row.keys()


def test_assumed_parameters_are_shown_as_such(cisterna):
    _, out, _ = cisterna("parameters", "--status", "assumed")
    rows = out.splitlines()[1:-1]
    assert len(rows) > 50 and all(" assumed " in row for row in rows)
    _, out, _ = cisterna("parameters", "csf_vol_third_vent")
    assert "status" in out and "assumed" in out


def test_parameters_sources(cisterna):
    _, out, _ = cisterna("parameters", "csf_production*", "--sources")
    assert "Nilsson et al. 1992" in out and out.count("Nilsson") == 1


@pytest.mark.parametrize("kind", ["bodies", "conditions", "steps", "stations"])
def test_lists(cisterna, kind):
    code, out, _ = cisterna(kind, "--json")
    rows = json.loads(out)[kind]
    assert code == 0 and len(rows) >= 3 and all(row.get("summary") or row.get("landmark") for row in rows)
    code, words, _ = cisterna(kind)
    assert code == 0 and all((row.get("name") if kind != "stations" else row["id"]) in words for row in rows)


def test_load_tells_what_can_drive_the_model(cisterna, tmp_path):
    import numpy as np

    t = np.arange(0, 30, 0.01)
    wave = 80 + 40 * np.exp(-(((t % 0.8) - 0.2) ** 2) / 0.01)
    file = tmp_path / "bed.csv"
    rows = [f"{a:.2f},{b:.3f},7" for a, b in zip(t, wave, strict=True)]
    file.write_text("t [s],ABP [mmHg],ICP\n" + "\n".join(rows) + "\n")
    code, out, err = cisterna("load", str(file), "--json")
    found = json.loads(out)
    assert code == 0 and err == ""
    abp, icp = found["signals"]
    assert abp["drives"] and abp["gives"] == ["heart", "abp"] and abs(abp["heart_per_min"] - 75) < 1
    assert not icp["drives"] and icp["why"]
    code, out, err = cisterna("load", f"{file}:ABP")
    assert code == 0 and "drives heart and abp" in out and "ICP" not in out and "done" in err


def test_load_refuses_a_unit_without_a_channel(cisterna, tmp_path):
    code, _, err = cisterna("load", str(tmp_path / "a.csv"), "--units", "ABP=", "--units", "x")
    assert code == 2 and "--units ABP=mmHg" in err


def test_experiment_observes_and_writes(cisterna, tmp_path):
    pytest.importorskip("jax")
    words = ["experiment", "one_infusion", "--json", "--quiet", "--out", str(tmp_path / "results")]
    code, out, err = cisterna(*words)
    rows = json.loads(out)["observed"]
    assert code == 0 and err == "" and all(row["inside"] for row in rows)
    assert sorted(p.name for p in (tmp_path / "results").iterdir()) == ["one_infusion.json", "one_infusion.nc"]
    told = json.loads((tmp_path / "results" / "one_infusion.json").read_text())
    assert told["provenance"]["body"] == "one"
    code, out, err = cisterna("experiment", "one_infusion", "--set", "csf_production=0.7 mL/min")
    assert code == 0 and "HIGH" in out and "of 5 values lie inside" in out and "written" not in out and "done" in err


def test_experiment_refuses_before_it_runs(cisterna, tmp_path):
    code, _, err = cisterna("experiment", "one_infusion", "--set", "csf_production")
    assert code == 2 and "NAME=VALUE" in err
    code, _, err = cisterna("experiment", "one_infusion", "--set", "csf_prodution=1 mL/min")
    assert code == 2 and "csf_production" in err
    code, _, err = cisterna("experiment", "one_infusion", "--out", str(tmp_path / "a" / "b"))
    assert code == 2 and "no folder" in err and "nothing was written" in err


def test_experiments_are_listed(cisterna):
    _, out, _ = cisterna("experiment", "--list", "--json")
    assert {"bolus4", "rest"} <= {row["name"] for row in json.loads(out)["experiments"]}


def test_all_claims_are_listed_with_grade_and_state(cisterna):
    code, out, _ = cisterna("claims", "--json")
    rows = json.loads(out)["claims"]
    assert code == 0 and len(rows) == 74
    assert {row["state"] for row in rows} <= {"works", "later"}
    assert all(row["mode"] and row["grade"] and row["evidence"] for row in rows)
    code, words, _ = cisterna("claims")
    assert code == 0 and words.isascii() and all(row["id"] in words for row in rows)
    code, out, _ = cisterna("claims", "show", "C-055")
    assert code == 0 and "prediction" in out and "evidence" in out


CLAIM = """
from cisterna.claims.claim import Claim
from cisterna.claims.key import Key

class Mine(Claim):
    name = "X1"
    question = "Is twice one more than one?"
    output = "twice the key"
    unit = "1"
    supports = 1.0
    contradicts = 0.5

    def keys(self, bench):
        return [Key("a", "the key", "1", 1.0, 0.9, 1.1, source="assumed: a test")]

    def measure(self, bench, multiples):
        return 2.0 * multiples["a"]
"""


def test_a_claim_of_ones_own_is_run_and_judged(cisterna, tmp_path):
    pytest.importorskip("jax")
    file = tmp_path / "mine.py"
    file.write_text(CLAIM)
    words = ["claims", "run", "X1", "--fast", "--seed", "3", "--with", str(file)]
    code, out, err = cisterna(*words, "--json")
    found = json.loads(out)
    assert code == 0 and (found["verdict"], found["seed"], found["fast"]) == ("supported", 3, True)
    code, out, err = cisterna(*words, "--quiet")
    assert code == 0 and err == "" and "verdict     supported" in out and "twice the key" in out


def test_a_wrong_claim_and_a_wrong_part(cisterna):
    pytest.importorskip("jax")
    assert cisterna("claims", "show", "C-99")[0] == 2
    assert "known" in cisterna("claims", "run", "E99")[2]
    code, _, err = cisterna("claims", "rum", "E1")
    assert code == 2 and "'run'" in err


def test_without_the_model_extra_a_command_says_so(cisterna, monkeypatch):
    monkeypatch.setattr(cli, "_load", _raising(ModuleNotFoundError("No module named 'jax'", name="jax")))
    code, _, err = cisterna("table")
    assert code == 2 and "cisterna[model]" in err
