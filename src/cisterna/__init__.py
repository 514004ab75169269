"""Cisterna: an open computational laboratory of the craniosacral system.

The public names are found here and imported when first used: ``import cisterna`` is quick and needs no JAX.

Examples
--------
>>> import cisterna as cs
>>> cs.__version__
'0.3.0'
>>> print(cs.CisternaError("no unit for column 2", mend="add --units ABP=mmHg"))
no unit for column 2
  mend    add --units ABP=mmHg
"""

from importlib import import_module as _import_module
from typing import Any as _Any

__version__ = "0.3.0"

# Folders, from the ground up.
_FOLDERS = [
    *("ground", "body", "recordings", "physiology", "signals", "model", "conditions", "protocol"),
    *("evaluation", "worlds", "sessions", "claims", "outside"),
]
# Public name -> module that holds it.
_PUBLIC = {
    "CisternaError": "ground.errors",
    "Parameter": "ground.parameter",
    "Parameters": "ground.parameter",
    "default_parameters": "ground.parameter",
    "cite": "ground.sources",
    "Recording": "recordings.recording",
    "load": "recordings.load",
    "stream": "recordings.stream",
    "write": "recordings.write",
}

__all__ = ["__version__", *_PUBLIC]


def __getattr__(name: str) -> _Any:
    if name in _PUBLIC:
        value = getattr(_import_module(f"cisterna.{_PUBLIC[name]}"), name)
    elif name in _FOLDERS:
        value = _import_module(f"cisterna.{name}")
    else:
        from cisterna.ground.registry import nearest

        best = "" if name.startswith("_") else nearest(name, __all__)
        raise AttributeError(f"cisterna has no '{name}'" + (f"; did you mean '{best}'?" if best else ""))
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*__all__, *_FOLDERS])
