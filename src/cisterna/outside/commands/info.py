"""Versions, devices, number of parameters, cache folder.

    cisterna info
    cisterna info --json
"""

from __future__ import annotations

import platform
from importlib import metadata
from typing import Annotated, Any

import typer

from cisterna import __version__
from cisterna.ground.parameter import default_parameters
from cisterna.ground.sources import doi_share
from cisterna.outside import terminal

NO_MODEL = "not installed: the model extra"


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def facts() -> dict[str, Any]:
    """What `info` shows, by name."""
    parameters = default_parameters()
    rows = list(parameters.values())
    jax_version, devices, cache = _version("jax"), [], ""
    if jax_version:
        import jax

        from cisterna.model.solver.machine import enable_cache

        devices = [str(device) for device in jax.devices()]
        cache = str(enable_cache())
    return {
        "cisterna": __version__,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "numpy": _version("numpy"),
        "jax": jax_version or None,
        "devices": devices,
        "parameters": len(rows),
        "parameters_assumed": sum(row.assumed for row in rows),
        "doi_share": round(doi_share(parameters), 4),
        "cache": cache or None,
    }


def command(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    found = facts()
    if as_json:
        terminal.emit(found)
        return
    screen = terminal.out()
    for name in ("cisterna", "python", "system", "numpy"):
        screen.fact(name, str(found[name]))
    screen.fact("jax", found["jax"] or NO_MODEL)
    screen.fact("devices", ", ".join(found["devices"]) or "none: recordings, signals and screening only")
    share = f"{100 * found['doi_share']:.0f} % of their sources name a DOI"
    screen.fact("parameters", f"{found['parameters']}, {share}, {found['parameters_assumed']} are assumed")
    screen.fact("cache", found["cache"] or "none")
