"""The house rules: imports go down, the base needs no JAX, no address and no loose end stands in a file."""

import ast
import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "cisterna"

# From the ground up. A file imports from its own folder and from folders before it; folders on one line are
# one floor. `parameters` holds data only and stands below all.
FLOORS = (
    ("parameters",),
    ("ground",),
    ("body", "recordings"),
    ("physiology", "signals"),
    ("model",),
    ("conditions", "protocol"),
    ("evaluation", "worlds"),
    ("sessions",),
    ("claims",),
    ("outside",),
)
ORDER = [folder for floor in FLOORS for folder in floor]
# What works with the base dependencies alone.
WITHOUT_JAX = (
    "ground", "body", "recordings", "signals", "sessions.screening", "sessions.study", "outside.cli",
    "outside.commands.evaluate", "outside.evaluation_report", "outside.evaluation_file",
)  # fmt: skip


def _imports(file: Path, package: str) -> list[tuple[int, str]]:
    """Dotted names a file imports, inside functions too; a string that is one (for `scan`) counts."""
    found = []
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) + 1 - node.level] if node.level else []
            base = ".".join([*above, *filter(None, [node.module])])
            found += [(node.lineno, f"{base}.{alias.name}") for alias in node.names]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            if re.fullmatch(rf"cisterna\.({'|'.join(ORDER)})(\.\w+)*", node.value):
                found.append((node.lineno, node.value))
    return [(line, name) for line, name in found if name.split(".")[0] == "cisterna"]


def violations(root: Path) -> list[str]:
    """Every import of the package at `root` that goes up, past the floors or to an unknown folder."""
    wrong = []
    for file in sorted(root.rglob("*.py")):
        parts = file.relative_to(root).parts
        if len(parts) == 1:  # cisterna/__init__.py shows names of every floor
            continue
        place = "/".join(parts)
        if parts[0] not in ORDER:
            wrong.append(f"{place}: folder '{parts[0]}' has no floor in tests/test_house.py")
            continue
        for line, name in _imports(file, ".".join(["cisterna", *parts[:-1]])):
            to = [*name.split("."), ""][1]
            if to == "__version__" or to in ORDER[: ORDER.index(parts[0]) + 1]:
                continue
            wrong.append(f"{place}:{line}: '{parts[0]}' must not import '{name}'")
    return wrong


def test_imports_go_down():
    assert violations(PACKAGE) == []


@pytest.mark.parametrize(
    ("place", "line", "right"),
    [
        ("model/a.py", "from cisterna.ground.errors import CisternaError", True),
        ("model/a.py", "from cisterna import __version__, ground", True),
        ("recordings/a.py", "import cisterna.body.levels", True),
        ("body/a.py", "import cisterna.recordings", False),
        ("ground/a.py", "def f():\n    from cisterna.outside.cli import main", False),
        ("body/a.py", "from cisterna import Recording", False),
        ("body/a.py", "import cisterna", False),
        ("physiology/csf/a.py", "from ..walls import Wall", True),
        ("physiology/csf/a.py", "from ...claims import Claim", False),
        ("model/a.py", "scan('cisterna.conditions', object)", False),
        ("model/a.py", "'''See cisterna.claims for more.'''", True),
        ("attic/a.py", "", False),
    ],
)
def test_the_floor_rule_sees_what_it_must(tmp_path, place, line, right):
    (tmp_path / place).parent.mkdir(parents=True)
    (tmp_path / place).write_text(line)
    assert (violations(tmp_path) == []) is right


def _run(code: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True)


def test_base_imports_without_jax():
    done = _run(f"""
        import importlib, importlib.util, pkgutil, sys

        class NoJax:
            def find_spec(self, name, path=None, target=None):
                if name.split(".")[0] in ("jax", "jaxlib", "equinox", "diffrax"):
                    raise ModuleNotFoundError(f"No module named '{{name}}'", name=name)

        sys.meta_path.insert(0, NoJax())
        try:
            import jax
        except ImportError:
            pass
        else:
            raise SystemExit("the blocker blocks nothing")

        def below(name):
            module = importlib.import_module(name)
            print(name)
            for info in pkgutil.iter_modules(getattr(module, "__path__", [])):
                if info.name != "__main__":
                    below(f"{{name}}.{{info.name}}")

        import cisterna
        for part in {WITHOUT_JAX!r}:
            try:
                there = importlib.util.find_spec("cisterna." + part)
            except ModuleNotFoundError as error:
                if not error.name.startswith("cisterna"):
                    raise
                there = None
            if there:
                below("cisterna." + part)
    """)
    assert done.returncode == 0, done.stderr
    assert "cisterna.ground.units" in done.stdout


def test_import_cisterna_is_light_and_its_names_are_there():
    done = _run(f"""
        import sys, cisterna
        heavy = {{"numpy", "scipy", "xarray", "pint", "jax", "wfdb", "typer", "jinja2"}} & set(sys.modules)
        assert not heavy, heavy
        assert ["parameters", *cisterna._FOLDERS] == {ORDER!r}
        for name in cisterna.__all__:
            assert getattr(cisterna, name) is getattr(cisterna, name), name
        try:
            cisterna.Recordin
        except AttributeError as error:
            assert "did you mean 'Recording'" in str(error), error
        else:
            raise SystemExit("a wrong name was found")
    """)
    assert done.returncode == 0, done.stderr


def _files() -> list[Path]:
    """What the repository holds: tracked files and new ones that are not ignored."""
    words = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        done = subprocess.run(words, cwd=ROOT, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout: the files of the repository cannot be told from others")
    return [ROOT / name for name in sorted(set(os.fsdecode(done.stdout).split("\0"))) if name]


# Built from pieces, so that this file does not find itself.
UNWANTED = {
    "a package registry": r"(py" + r"pi\.org|python" + r"hosted|npm" + r"js\.|deb" + r"ian\.org)",
    "a path of one machine": r"(?<![\w.)\]}~*-])/(wo" + r"rk|ro" + r"ot|tm" + r"p|ho" + r"me|Use" + r"rs)/",
    "a loose end": r"\b(TO" + r"DO|FIX" + r"ME)\b",
}


@pytest.mark.parametrize("what", UNWANTED)
def test_no_file_names(what):
    found = []
    for file in _files():
        try:
            text = file.read_text(encoding="utf-8")
        except (UnicodeDecodeError, FileNotFoundError, IsADirectoryError):
            continue
        for number, line in enumerate(text.splitlines(), 1):
            if re.search(UNWANTED[what], line):
                found.append(f"{file.relative_to(ROOT)}:{number}: {line.strip()[:80]}")
    assert found == []


@pytest.mark.parametrize(
    ("what", "text"),
    [
        ("a package registry", "see https://py" + "pi.org/simple"),
        ("a path of one machine", "open('/tm" + "p/a')"),
        ("a path of one machine", "cd /wo" + "rk/main"),
        ("a loose end", "# TO" + "DO: later"),
    ],
)
def test_the_search_finds_what_it_must(what, text):
    assert re.search(UNWANTED[what], text)


def test_no_search_strikes_an_innocent_text():
    for text in ("https://doi.org/10.1000/wo" + "rk/1", "out/tm" + "p/x", "a method to do", "mm/ro" + "ot/s"):
        assert not any(re.search(pattern, text) for pattern in UNWANTED.values()), text
