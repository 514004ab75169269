"""Write what the documentation takes from the program; no arguments.

signals.md and the table in formats.md; and, from a run of the reference table, whole.md with its tally, which
CHANGELOG.md tells as well.
"""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
BEGIN, END = "<!-- formats: written by generate.py -->", "<!-- end -->"
_HEAD = """# Numbers and their definitions

Every `id` that `cisterna evaluate --json` and `cisterna.signals` can answer with. A result holds `value`, `low` and
`high` (95 % interval; null where none can be given), `n`, `unit`, and a `note` with definition, window and, where
there is no value, the reason. "Ours" marks a definition without a paper of its own.

In Python: `cisterna.signals.explain("prx")` for an index, `cisterna.signals.evaluate.entry("rout")` for any.

This page is written by `python docs/generate.py` from the program itself.
"""


def signals_page() -> str:
    """The reference of all numbers."""
    from cisterna.signals.evaluate.reference import page

    return f"{_HEAD}\n{page().rstrip()}\n"


def formats_table() -> str:
    """Formats and what can be done with each."""
    from cisterna.recordings.load import formats
    from cisterna.recordings.reader import Format

    lines = ["| format | endings | read | larger than memory | written |", "|---|---|---|---|---|"]
    for name, form in formats().items():
        kind = type(form)
        endings = " ".join(f"`{s}`" for s in form.suffixes) or "by its first bytes"
        streams, writes = (
            "yes" if own is not base else "no"
            for own, base in ((kind.stream, Format.stream), (kind.write, Format.write))
        )
        lines.append(f"| {name} | {endings} | yes | {streams} | {writes} |")
    return "\n".join(lines)


def with_table(page: str) -> str:
    """formats.md with its table brought up to date."""
    head, rest = page.split(BEGIN)
    return f"{head}{BEGIN}\n{formats_table()}\n{END}{rest.split(END)[1]}"


def write_run() -> None:
    """Run the reference table of the body `whole` and bring every page that tells of it up to date."""
    from cisterna.model.solver.machine import enable_cache, one_processor

    one_processor()
    from cisterna.protocol.execute import reference_table

    enable_cache()
    sys.path.insert(0, str(HERE))
    from whole_page import with_figure, with_run

    rows = reference_table("whole")
    page = HERE / "whole.md"
    page.write_text(with_run(page.read_text(encoding="utf-8"), rows), encoding="utf-8")
    log = HERE.parent / "CHANGELOG.md"
    log.write_text(with_figure(log.read_text(encoding="utf-8"), rows), encoding="utf-8")


if __name__ == "__main__":
    (HERE / "signals.md").write_text(signals_page(), encoding="utf-8")
    formats = HERE / "formats.md"
    formats.write_text(with_table(formats.read_text(encoding="utf-8")), encoding="utf-8")
    write_run()
