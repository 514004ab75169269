"""run.py: the stamp, the repair of an interrupted set-up and its one-line messages. No network."""

import ast
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

RUN = Path(__file__).resolve().parents[1] / "run.py"


@pytest.fixture
def run(tmp_path, monkeypatch):
    """run.py as a module, at home in an empty folder with a lock, a pyproject and no uv on PATH."""
    spec = importlib.util.spec_from_file_location("cisterna_run", RUN)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    (tmp_path / "requirements.lock").write_text("numpy==2.4.6\n")
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    monkeypatch.setattr(module, "ROOT", str(tmp_path))
    monkeypatch.setattr(module, "VENV", str(tmp_path / ".venv"))
    monkeypatch.setattr(module, "STAMP", str(tmp_path / ".venv" / ".stamp"))
    monkeypatch.setattr(module, "LOG", str(tmp_path / ".venv" / "setup.log"))
    monkeypatch.setattr("shutil.which", lambda name: None)
    return module


@pytest.fixture
def installer(run, monkeypatch):
    """Steps and hand-overs are noted instead of done; a step makes the programs it would make."""

    class Installer:
        steps, handed, breaks_at = [], [], None

        def step(self, words, needed=True):
            self.steps.append(words)
            if self.breaks_at == len(self.steps):
                raise KeyboardInterrupt
            for name in ("python", "pip", "cisterna"):
                Path(run.tool(name)).parent.mkdir(parents=True, exist_ok=True)
                Path(run.tool(name)).touch()

        def call(self, *words):
            """Steps that one call of run.py takes."""
            before = len(self.steps)
            run.main(list(words))
            return self.steps[before:]

    note = Installer()
    monkeypatch.setattr(run, "step", note.step)
    monkeypatch.setattr(run, "hand_over", lambda words: note.handed.append(words))
    note.steps, note.handed = [], []
    return note


def test_parses_on_python_36():
    ast.parse(RUN.read_text(encoding="utf-8"), feature_version=(3, 6))
    assert "from __future__" not in RUN.read_text(encoding="utf-8")  # annotations are unknown there


def test_uses_the_standard_library_only():
    tree = ast.parse(RUN.read_text(encoding="utf-8"))
    names = [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert names and all(name.split(".")[0] in sys.stdlib_module_names for name in names)


def test_stamp_follows_lock_pyproject_python_and_place(run, tmp_path, monkeypatch):
    first = run.stamp()
    assert run.stamp() == first
    (tmp_path / "requirements.lock").write_text("numpy==2.4.7\n")
    second = run.stamp()
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    third = run.stamp()
    assert first[0] == second[0] == third[0]
    assert len({first[1], second[1], third[1]}) == 3
    shutil.copytree(tmp_path, tmp_path / "moved")
    monkeypatch.setattr(run, "ROOT", str(tmp_path / "moved"))
    fourth = run.stamp()
    monkeypatch.setattr(sys, "version", "3.99")
    assert len({first[0], fourth[0], run.stamp()[0]}) == 3
    assert fourth[1] == third[1]


def test_second_call_takes_no_step(installer, run):
    assert len(installer.call("session", "--seed", "1")) == 4
    assert installer.call("session") == []
    cisterna = run.tool("cisterna")
    assert installer.handed == [[cisterna, "session", "--seed", "1"], [cisterna, "session"]]


def test_words_after_test_go_to_pytest(installer, run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    installer.call("test", "-k", "stamp")
    (words,) = installer.handed
    assert words[:4] == [run.tool("python"), "-m", "pytest", "-q"] and words[-2:] == ["-k", "stamp"]


def test_tests_run_in_as_many_processes_as_there_are_processors(installer, run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for processors, workers in ((1, 1), (2, 2), (64, run.MOST_WORKERS)):
        monkeypatch.setattr(run.os, "cpu_count", lambda n=processors: n)
        installer.call("test")
        words = installer.handed[-1]
        assert words[words.index("-n") + 1] == str(workers) and words[-2:] == ["--dist", "loadfile"]


@pytest.mark.parametrize("broken", [1, 2, 3, 4])
def test_an_interrupted_set_up_repairs_itself(installer, run, broken):
    installer.breaks_at = broken
    with pytest.raises(KeyboardInterrupt):
        run.main(["session"])
    assert run.stamped() == [] and not installer.handed
    installer.breaks_at = None
    assert len(installer.call("session")) == 4  # from the beginning
    assert run.stamped() == run.stamp()


def test_an_interrupted_renewal_starts_afresh(installer, run, tmp_path):
    installer.call("session")
    (tmp_path / "requirements.lock").write_text("numpy==2.4.7\n")
    installer.breaks_at = len(installer.steps) + 1
    with pytest.raises(KeyboardInterrupt):
        run.main(["session"])
    installer.breaks_at = None
    assert "venv" in installer.call("session")[0]


def test_a_changed_lock_renews_in_place(installer, run, tmp_path):
    installer.call("session")
    (tmp_path / "requirements.lock").write_text("numpy==2.4.7\n")
    steps = installer.call("session")
    assert "venv" not in steps[0] and "install" in steps[0]
    assert run.stamped() == run.stamp()


@pytest.mark.parametrize("loss", ["python", "stamp"])
def test_a_damaged_environment_is_made_afresh(installer, run, loss):
    installer.call("session")
    os.remove(run.STAMP if loss == "stamp" else run.tool("python"))
    assert "venv" in installer.call("session")[0]


def test_another_python_makes_it_afresh(installer, run, monkeypatch):
    installer.call("session")
    monkeypatch.setattr(sys, "version", "3.99")
    assert "venv" in installer.call("session")[0]


def test_uv_is_used_where_it_is_unless_refused(installer, run, monkeypatch):
    monkeypatch.setattr("shutil.which", lambda name: f"/bin/{name}")
    assert [words[0] for words in installer.call("session")] == ["/bin/uv"] * 3 + [run.tool("python")]
    os.remove(run.STAMP)
    steps = installer.call("--no-uv", "session")
    assert steps and all(words[0] != "/bin/uv" for words in steps)
    assert installer.handed[-1] == [run.tool("cisterna"), "session"]


@pytest.mark.parametrize("uv", [None, "/bin/uv"])
def test_only_locked_wheels_are_fetched(installer, monkeypatch, uv):
    monkeypatch.setattr("shutil.which", lambda name: uv)
    _, locked, own, _ = installer.call("session")
    assert "--require-hashes" in locked and locked[locked.index("--only-binary") + 1] == ":all:"
    assert "--no-deps" in own and "--no-build-isolation" in own


def test_old_python_is_told_which_one_to_use(run, monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 9, 2))
    with pytest.raises(run.Stop, match=r"3\.11 or newer is needed.*install a newer.*python3 run\.py"):
        run.main(["session"])
    monkeypatch.setattr("shutil.which", lambda name: name if name == "python3.12" else None)
    with pytest.raises(run.Stop, match=r"type: python3\.12 run\.py session$"):
        run.main(["session"])


def test_missing_ensurepip_names_the_package(run, monkeypatch):
    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name != "ensurepip" and real(name))
    with pytest.raises(run.Stop, match="sudo apt install python3-venv"):
        run.main(["session"])
    assert not os.path.exists(run.VENV)


def test_intel_mac_and_32_bits_are_refused_before_any_download(run, monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    with pytest.raises(run.Stop, match="Intel Macs"):
        run.main(["session"])
    monkeypatch.setattr("platform.machine", lambda: "arm64")
    monkeypatch.setattr(sys, "maxsize", 2**31 - 1)
    with pytest.raises(run.Stop, match="64-bit"):
        run.main(["session"])


PIP_OFFLINE = (
    "WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError(...)'\n"
    "ERROR: Could not find a version that satisfies the requirement numpy==2.4.6 (from versions: none)\n"
    "ERROR: No matching distribution found for numpy==2.4.6\n"
)


@pytest.mark.parametrize(
    ("output", "message"),
    [
        (PIP_OFFLINE, "the download failed"),
        ("error: Request failed after 3 retries\n  Caused by: Failed to fetch\n", "the download failed"),
        ("ERROR: No matching distribution found for jaxlib==0.10.2\n", "no build for this machine"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.\n", "differs from"),
        ("OSError: [Errno 28] No space left on device\n", "the disk is full"),
        ("Collecting x\nERROR: something new\n\n", "set-up failed: ERROR: something new"),
        ("", "the installer said nothing"),
    ],
)
def test_a_failed_step_is_explained_in_one_line(run, output, message):
    os.mkdir(run.VENV)
    told = run.explain(output)
    assert message in told and "\n" not in told
    assert Path(run.LOG).read_text() == output


def test_a_failing_program_stops_with_its_last_line(run):
    with pytest.raises(run.Stop, match="set-up failed: broken wheel"):
        run.step([sys.executable, "-c", "import sys; print('a'); sys.exit('broken wheel')"])


def _copy(folder):
    """run.py alone in a folder, as a process would find it."""
    for name, text in (("run.py", RUN.read_text()), ("requirements.lock", ""), ("pyproject.toml", "")):
        (folder / name).write_text(text)
    return [sys.executable, str(folder / "run.py"), "--no-uv", "session"]


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root and Windows may write anywhere")
def test_unwritable_folder_is_one_line(tmp_path):
    words = _copy(tmp_path)
    tmp_path.chmod(0o555)
    done = subprocess.run(words, capture_output=True, text=True)
    tmp_path.chmod(0o755)
    assert done.returncode == 1 and "Write access" in done.stderr and "Traceback" not in done.stderr


def test_a_file_in_the_way_is_one_line(tmp_path):
    words = _copy(tmp_path)
    (tmp_path / ".venv").write_text("not a folder")
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == 1 and "cannot work in this folder" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(os.name != "posix", reason="process groups are POSIX")
def test_ctrl_c_during_set_up_is_clean(tmp_path):
    words = _copy(tmp_path)
    # A shell that started the tests in the background has them, and their children, ignore Ctrl-C.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True, start_new_session=True) as child:
        signal.signal(signal.SIGINT, before)
        assert "first set-up" in child.stderr.readline()
        os.killpg(child.pid, signal.SIGINT)
        rest = child.stderr.read()
    assert child.returncode == 130 and "the next call finishes" in rest and "Traceback" not in rest
    assert not (tmp_path / ".venv" / ".stamp").exists()


@pytest.mark.skipif(os.name != "posix", reason="exec is POSIX")
def test_the_program_takes_over_with_words_and_exit_status(run, tmp_path):
    words = _copy(tmp_path)
    Path(run.tool("cisterna")).parent.mkdir(parents=True)
    for name, text in (("python", ""), ("cisterna", "#!/bin/sh\necho got $$ $1\nexit 7\n")):
        Path(run.tool(name)).write_text(text)
        Path(run.tool(name)).chmod(0o755)
    Path(run.STAMP).write_text("\n".join(run.stamp()))
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        out, err = child.communicate()
    assert (out, err, child.returncode) == (f"got {child.pid} session\n", "", 7)
