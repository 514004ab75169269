"""Sessions that ship, and session files: the protocol language with `listen` and `hold`."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from cisterna.ground.errors import UnknownName
from cisterna.protocol.protocol import Protocol
from cisterna.protocol.read import load_protocol, parse_protocol
from cisterna.sessions.steps import SESSION_STEPS


def session_library() -> dict[str, str]:
    """Text of the sessions that ship, by name."""
    folder = resources.files("cisterna.sessions") / "library"
    files = sorted((f for f in folder.iterdir() if f.name.endswith(".toml")), key=lambda f: f.name)
    return {f.name.removesuffix(".toml"): f.read_text(encoding="utf-8") for f in files}


def session_protocol(name: str) -> Protocol:
    """A session's protocol by name, or from a TOML file.

    Raises
    ------
    CisternaError
        Neither a name nor a file, or a file that cannot be read: with line, word and the nearest right word.

    Examples
    --------
    >>> [s.name for s in session_protocol("short").steps][:4]
    ['seated', 'supine', 'listen', 'hold']
    """
    shipped = session_library()
    if name in shipped:
        return parse_protocol(shipped[name], f"{name}.toml", more=SESSION_STEPS)
    if not Path(name).suffix:
        raise UnknownName("session", name, list(shipped), where="neither a file nor one that ships")
    return load_protocol(name, more=SESSION_STEPS)
