"""Drop-in folders: a new part is one new file, found by scanning; and the nearest right name."""

from __future__ import annotations

import difflib
import importlib
import importlib.util
import inspect
import pkgutil
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import TypeVar

from cisterna.ground.errors import CisternaError

T = TypeVar("T")


def nearest(word: str, names: Iterable[str]) -> str:
    """The name most like `word`, or "" when none is close.

    Examples
    --------
    >>> nearest("icp_supne", ["icp_supine", "icp_upright"])
    'icp_supine'
    """
    pool = list(names)
    folded = {name.lower(): name for name in pool}
    if word.lower() in folded:
        return folded[word.lower()]
    close = difflib.get_close_matches(word.lower(), folded, n=1, cutoff=0.6)
    if close:
        return folded[close[0]]
    inside = [name for name in pool if word and word.lower() in name.lower()]
    return min(inside, key=len) if inside else ""


def classes_of(module: ModuleType, base: type[T]) -> dict[str, type[T]]:
    """The concrete subclasses of `base` that `module` itself defines, by their `name` attribute."""
    found: dict[str, type[T]] = {}
    for _, cls in inspect.getmembers(module, inspect.isclass):
        own = cls.__module__ == module.__name__
        if own and issubclass(cls, base) and cls is not base and not inspect.isabstract(cls):
            name = cls.__dict__.get("name", cls.__name__)
            found[name if isinstance(name, str) else cls.__name__] = cls
    return found


def scan(package: str, base: type[T]) -> dict[str, type[T]]:
    """All drop-in classes below a package, by name.

    Parameters
    ----------
    package : str
        Dotted name of the folder, e.g. ``"cisterna.conditions"``.
    base : type
        Abstract class the drop-ins implement.

    Raises
    ------
    CisternaError
        Two files claim the same name.
    """
    folder = importlib.import_module(package)
    found: dict[str, type[T]] = {}
    for info in pkgutil.iter_modules(folder.__path__):
        if info.name.startswith("_"):
            continue
        for name, cls in classes_of(importlib.import_module(f"{package}.{info.name}"), base).items():
            if name in found:
                raise CisternaError(f"two drop-ins are called '{name}'", where=package, mend="rename one of them")
            found[name] = cls
    return found


def load_file(path: str | Path, base: type[T]) -> dict[str, type[T]]:
    """Drop-in classes of a user's own file (``--with file.py``), by name."""
    path = Path(path)
    spec = importlib.util.spec_from_file_location(f"cisterna_user_{path.stem}", path)
    if not path.is_file() or spec is None or spec.loader is None:
        raise CisternaError("cannot read the extension file", where=str(path), mend="give a Python file")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return classes_of(module, base)
