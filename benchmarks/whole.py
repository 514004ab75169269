"""Everything measured on the body `whole` in one run: speed, error, gradient, leaps, persons, shocks, others.

    python benchmarks/whole.py                         prints all tables; half an hour or so
    python benchmarks/whole.py --page docs/benchmarks.md

Runs the other scripts one after the other, each in a process of its own, so that none disturbs the next. The last one
needs `pip install casadi diffrax` and a C compiler.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
#: Title, script and its words.
STEPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Speed, error, gradient, an hour, persons side by side", ("whole_speed.py",)),
    ("Shocks, and volume over an hour", ("robust.py",)),
    (
        "A thousand persons over published ranges",
        ("population.py", "1000", "--body", "whole", "--seconds", "10", "--step", "5"),
    ),
    ("Beside other integrators", ("others.py",)),
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("--page", help="also write the table of the other integrators to this page")
    page = parser.parse_args().page
    worst = 0
    for title, (script, *words) in STEPS:
        print(f"\n== {title}\n", flush=True)
        if script == "others.py" and page:
            words += ["--page", page]
        worst = max(worst, subprocess.run([sys.executable, str(HERE / script), *words], check=False).returncode)
    return worst


if __name__ == "__main__":
    sys.exit(main())
