"""One processor for each process of tests; places of the shared read-only material, for tests that compare with it."""

import os
from pathlib import Path

import pytest

from cisterna.model.solver.machine import one_processor, processors

if _worker := os.environ.get("PYTEST_XDIST_WORKER", ""):
    # Before NumPy and JAX start a thread for every processor they see.
    _open = processors()
    one_processor(_open[int(_worker.removeprefix("gw")) % len(_open)])

_SHARED = Path(__file__).resolve().parents[2] / "shared"


def _folder(path: Path) -> Path:
    if not path.is_dir():
        pytest.skip(f"no folder ../{path.relative_to(_SHARED.parent)} beside the repository")
    return path


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder ../shared beside the repository (design, domain, reference)."""
    return _folder(_SHARED)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder ../shared/data beside the repository (recordings, never copied into it)."""
    return _folder(_SHARED / "data")
