"""The documentation is executed: every page runs in an empty folder and prints what it says it prints."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import re
import shlex
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

DOCS = Path(__file__).resolve().parents[1] / "docs"
PAGES = sorted(page.name for page in DOCS.glob("*.md"))
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)


def blocks(page: str) -> list[tuple[str, str]]:
    """Fenced blocks as (language, text), in order."""
    return [(found[1], found[2]) for found in _BLOCK.finditer(page)]


def run_console(text: str) -> None:
    """Lines `cisterna ...` through the command line's own entry."""
    from cisterna.outside.cli import run

    for line in text.splitlines():
        words = shlex.split(line, comments=True)
        if words:
            assert words[0] == "cisterna", f"only cisterna is run here: {line}"
            assert run(words[1:]) == 0, line


def run_page(name: str) -> list[tuple[str, str]]:
    """Run a page in the current folder; what each block with a printed answer says, and what it printed."""
    space: dict[str, Any] = {"__name__": "page"}
    printed, answers = "", []
    for language, text in blocks((DOCS / name).read_text(encoding="utf-8")):
        if language == "python":
            out = io.StringIO()
            with contextlib.redirect_stdout(out):
                exec(compile(text, name, "exec"), space)
            printed = out.getvalue()
        elif language == "console":
            run_console(text)
        elif language == "text":
            answers.append((text, printed))
    return answers


_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


def assert_alike(said: str, printed: str) -> None:
    """The same words; numbers to a fiftieth, for other machines round and draw differently."""
    assert _NUMBER.sub("#", said).split() == _NUMBER.sub("#", printed).split()
    numbers = [[float(n) for n in _NUMBER.findall(text)] for text in (printed, said)]
    assert numbers[0] == pytest.approx(numbers[1], rel=0.02, abs=0.02)


@pytest.mark.parametrize("name", PAGES)
def test_page_runs_and_prints_what_it_says(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for said, printed in run_page(name):
        assert_alike(said, printed)


def test_a_page_without_code_is_no_tutorial() -> None:
    for name in ("from-a-file-to-prx.md", "an-infusion-test.md", "is-there-a-rhythm.md"):
        languages = [language for language, _ in blocks((DOCS / name).read_text(encoding="utf-8"))]
        assert {"python", "console", "text"} <= set(languages), name


@pytest.mark.parametrize("name", PAGES)
def test_links_between_pages_lead_somewhere(name: str) -> None:
    for to in re.findall(r"\]\(([^)#]+)\)", (DOCS / name).read_text(encoding="utf-8")):
        assert to.startswith("https://") or (DOCS / to).is_file(), f"{name}: {to}"


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_generate", DOCS / "generate.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_generated_pages_are_those_of_the_program(generate: ModuleType) -> None:
    told = "run python docs/generate.py"
    assert (DOCS / "signals.md").read_text(encoding="utf-8") == generate.signals_page(), told
    page = (DOCS / "formats.md").read_text(encoding="utf-8")
    assert generate.with_table(page) == page, told


def test_every_number_the_program_can_give_is_documented() -> None:
    """Ids are written as `Result("id", ...)`, as keys of tables, or made by `result("id", ...)`: all of them."""
    from cisterna.signals.evaluate import entries

    package = DOCS.parent / "src" / "cisterna" / "signals"
    call = re.compile(r"\b[rR]esult\(\s*f?\"([a-z][a-z0-9_]+)\"")
    found = {(m[1], f.name) for f in package.rglob("*.py") for m in call.finditer(f.read_text(encoding="utf-8"))}
    # Answers about a test or a rule itself and about examiners: functions of `signals`, not of a recording.
    other = {
        "agreement_bias", "agreement_lower", "agreement_upper", "palpated_rate", "ratio_agreement", "mark_locking",
        "rhythm_false_positive", "rhythm_recovery", "pulse_class_agreement",
    }  # fmt: skip
    missing = {(id, file) for id, file in found if id not in entries() and id not in other}
    assert len(found) > 30 and not missing, missing


def test_numbers_of_flow_and_of_two_sides_are_documented() -> None:
    import numpy as np

    from cisterna.signals import flow_curve, flow_delay, flow_results
    from cisterna.signals.evaluate import entries
    from cisterna.signals.rhythm import rhythm

    wave = np.sin(2 * np.pi * np.arange(32) / 32)
    curve = flow_curve(wave, cycle=1.0)
    noise = np.random.default_rng(0).standard_normal((2, 1200))
    told = [*flow_results(curve, "flow_csf"), flow_delay(curve, curve)]
    told += rhythm(noise[0], 2.0, other_site=noise[1], breath=noise[0] + noise[1], surrogates=19).results
    assert {r.id for r in told} <= set(entries())
