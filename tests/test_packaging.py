"""The lock, the project file and the wheel agree. No network."""

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import cisterna

ROOT = Path(__file__).resolve().parents[1]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
BUILD = PROJECT["build-system"]["requires"]


def _entries() -> list[list[str]]:
    """Lock entries: the pinned requirement, then its hashes."""
    entries: list[list[str]] = []
    for line in LOCK.splitlines():
        if line.startswith(" "):
            entries[-1].append(line.strip(" \\"))
        else:
            entries.append([line.strip(" \\")])
    return entries


def _pins() -> dict[str, str]:
    pins = {}
    for pin, *_ in _entries():
        name, version = re.match(r"([\w.-]+)==([^\s;]+)", pin).groups()
        pins[canonicalize_name(name)] = version
    return pins


def _wanted() -> list[str]:
    extras = PROJECT["project"]["optional-dependencies"].values()
    return [*PROJECT["project"]["dependencies"], *(line for extra in extras for line in extra), *BUILD]


def test_every_entry_is_pinned_and_hashed():
    assert len(_entries()) > 50
    for pin, *hashes in _entries():
        assert re.fullmatch(r"[a-z0-9._-]+==[^\s;@]+( ; .+)?", pin), pin
        assert hashes and all(re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", line) for line in hashes), pin


def test_lock_names_no_address():
    assert "://" not in LOCK and "index-url" not in LOCK and " @ " not in LOCK


def test_one_version_for_every_python():
    assert len(_pins()) == len(_entries())


@pytest.mark.parametrize("line", _wanted())
def test_lock_fulfils_the_project(line):
    wanted = Requirement(line)
    assert wanted.specifier.contains(_pins()[canonicalize_name(wanted.name)]), line


def test_requirements_in_holds_the_build_tools():
    lines = (ROOT / "requirements.in").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line and not line.startswith("#")] == BUILD


def test_citation_tells_the_version():
    text = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert re.search(r"^version: (.+)$", text, re.M).group(1) == cisterna.__version__


def test_wheel_carries_code_and_data(tmp_path):
    words = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        held = set(archive.namelist())
    source = ROOT / "src"
    files = [file for file in (source / "cisterna").rglob("*") if file.is_file() and file.suffix != ".pyc"]
    assert {file.relative_to(source).as_posix() for file in files} <= held
    assert "cisterna/py.typed" in held and any(name.endswith(".csv") for name in held)
