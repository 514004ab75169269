"""Protocols from TOML files: read, checked to the last word, answered with line and nearest right word."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from cisterna.ground.errors import CisternaError, UnknownName
from cisterna.protocol.lines import Lines
from cisterna.protocol.protocol import Observation, Protocol, Subject
from cisterna.protocol.ready import Places, make_ready
from cisterna.protocol.step import Step, make, steps, unknown_key

#: Largest file, bytes.
LARGEST = 2**20
_TOP = ("title", "note", "resolution", "person", "step", "observe")
_PERSON = ("body", "age", "conditions", "set")
_SEEN = {
    "id": str, "signal": str, "place": str, "measure": str, "window": list, "baseline": list, "against": str,
    "against_place": str, "fraction": float, "range": str, "low": float, "high": float, "unit": str, "source": str,
    "role": str,
}  # fmt: skip
_KINDS = {str: "a text in quotes", float: "a number", list: "a text, or a list of two texts", bool: "true or false"}


def library() -> dict[str, str]:
    """Names of the protocols that ship, with their titles.

    Examples
    --------
    >>> library()["bolus4"]
    'Bolus of 4 mL, supine adult'
    """
    folder = resources.files("cisterna.protocol") / "library"
    files = sorted((f for f in folder.iterdir() if f.name.endswith(".toml")), key=lambda f: f.name)
    return {f.name.removesuffix(".toml"): tomllib.loads(f.read_text(encoding="utf-8")).get("title", "") for f in files}


def load_protocol(
    path: str | Path, extensions: Sequence[str | Path] = (), more: Mapping[str, type[Step]] | None = None
) -> Protocol:
    """A protocol from a file, or by the name of one that ships.

    Parameters
    ----------
    path : str or Path
        A TOML file, or a name of `library`.
    extensions : sequence of paths
        Python files with step classes (and measures) of one's own.
    more : Mapping, optional
        Further step classes by name, as a session brings its own.

    Raises
    ------
    CisternaError
        With file, line, word and the nearest right word.

    Examples
    --------
    >>> load_protocol("bolus4").steps[1].name
    'bolus'
    """
    name, text = _text(path)
    return parse_protocol(text, name, extensions, more)


def parse_protocol(
    text: str,
    name: str = "protocol",
    extensions: Sequence[str | Path] = (),
    more: Mapping[str, type[Step]] | None = None,
) -> Protocol:
    """A protocol from TOML text; see `load_protocol`."""
    known = {**steps(), **load_steps(extensions), **(more or {})}
    lines = Lines(name, text)
    protocol = from_table(_toml(text, name), lines, known)
    make_ready(protocol, places=FilePlaces(lines))
    return protocol


def load_steps(files: Sequence[str | Path]) -> dict[str, type[Step]]:
    """Step classes of Python files of one's own; measures in them register by themselves.

    Raises
    ------
    CisternaError
        A file that cannot be read or run, or the name of a step that ships.
    """
    from cisterna.ground.registry import load_file

    found: dict[str, type[Step]] = {}
    for file in files:
        try:
            classes = load_file(file, Step)
        except CisternaError:
            raise
        except Exception as error:
            found_there = f"{type(error).__name__}: {error}"
            raise CisternaError("the extension file does not run", where=str(file), found=found_there) from error
        for name in classes:
            if name in steps() or name in found:
                raise CisternaError(f"there is already a step '{name}'", where=str(file), mend="give it another name")
        found.update(classes)
    return found


def _text(path: str | Path) -> tuple[str, str]:
    file = Path(path)
    shipped = library()
    if str(path) in shipped:
        text = (resources.files("cisterna.protocol") / "library" / f"{path}.toml").read_text(encoding="utf-8")
        return f"{path}.toml", text
    if not file.is_file():
        if file.suffix != ".toml" and not file.exists():
            raise UnknownName("protocol", str(path), list(shipped), where="neither a file nor one that ships")
        mend = "give a TOML file, or the name of one that ships"
        raise CisternaError("no such protocol file", where=str(path), mend=mend)
    try:
        if file.stat().st_size > LARGEST:
            found, mend = f"{file.stat().st_size / 2**20:.1f} MiB", "1 MiB at most"
            raise CisternaError("the file is too large for a protocol", where=str(path), found=found, mend=mend)
        return file.name, file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        found, mend = f"byte {error.start}", "save it as UTF-8"
        raise CisternaError("the file is not UTF-8 text", where=str(path), found=found, mend=mend) from None
    except OSError as error:
        raise CisternaError("the file cannot be read", where=str(path), found=error.strerror or str(error)) from None


def _toml(text: str, name: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = str(error)
        place = re.search(r"\(at line (\d+), column (\d+)\)", message)
        number = int(place[1]) if place else text.count("\n") + 1
        lines = text.splitlines()
        found = lines[number - 1].strip()[:80] if 0 < number <= len(lines) else "the end of the file"
        what = re.sub(r"\s*\(at .*\)$", "", message)
        what = f"this is not TOML: {what[:1].lower()}{what[1:]}"
        mend = 'texts and quantities stand in quotes: volume = "4 mL"'
        raise CisternaError(what, where=f"{name}, line {number}", found=found, mend=mend) from None
    except (RecursionError, ValueError) as error:
        raise CisternaError("this is not a protocol", where=name, found=str(error)[:80]) from None


@contextmanager
def _at(lines: Lines, table: str, index: int = 0, key: str = "") -> Iterator[None]:
    """Put file and line before the place of an error raised inside, unless it knows its line already."""
    try:
        yield
    except CisternaError as error:
        if not error.where.startswith(lines.name):
            error.where = ", ".join(filter(None, [lines.where(table, index, key), error.where]))
        raise


def from_table(data: Mapping[str, Any], lines: Lines, known: Mapping[str, type[Step]]) -> Protocol:
    """A protocol from the tables of a file, every word checked."""
    for key in data:
        if key not in _TOP:
            with _at(lines, "", 0, key):
                raise unknown_key("a protocol", key, _TOP)
    made = tuple(_step(k, entry, lines, known) for k, entry in enumerate(_tables(data, "step", lines)))
    seen = tuple(_observation(k, entry, lines) for k, entry in enumerate(_tables(data, "observe", lines)))
    ids = [one.id for one in seen]
    for k, one in enumerate(ids):
        if one in ids[:k]:
            raise CisternaError(f"two observations are called '{one}'", where=lines.where("observe", k, "id"))
    for key in ("title", "note"):
        with _at(lines, "", 0, key):
            _typed(data.get(key, ""), str, key)
    subject = _subject(data.get("person", {}), lines)
    with _at(lines, "", 0, "resolution"):
        return Protocol(data.get("title", ""), subject, made, seen, data.get("resolution"), data.get("note", ""))


def _tables(data: Mapping[str, Any], key: str, lines: Lines) -> list[Mapping[str, Any]]:
    entries = data.get(key, [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        mend = f"write [[{key}]] before each, with two brackets"
        raise CisternaError(f"'{key}' must be a list of tables", where=lines.where(key), mend=mend)
    return entries


def _typed(value: Any, kind: type, key: str) -> Any:
    """A value of a kind; whole numbers count as numbers."""
    right = isinstance(value, (int, float)) if kind is float else isinstance(value, kind)
    if kind is not bool and isinstance(value, bool) or not right:
        raise CisternaError(f"{key} must be {_KINDS[kind]}", found=repr(value)[:80])
    return value


def _subject(table: Any, lines: Lines) -> Subject:
    if not isinstance(table, dict):
        raise CisternaError("'person' must be a table", where=lines.where("person"), mend="write [person] on a line")
    for key in table:
        if key not in _PERSON:
            with _at(lines, "person", 0, key):
                raise unknown_key("a person", key, _PERSON)
    with _at(lines, "person", 0, "age"):
        age = _typed(table.get("age", 35.0), float, "age")
    with _at(lines, "person", 0, "body"):
        body = _typed(table.get("body", "axis"), str, "body")
    with _at(lines, "person", 0, "conditions"):
        conditions = table.get("conditions", [])
        if not isinstance(conditions, list) or not all(isinstance(c, (str, dict)) for c in conditions):
            raise CisternaError("conditions must be a list of names", found=repr(conditions)[:80], mend='["..."]')
    with _at(lines, "person", 0, "set"):
        values = table.get("set", {})
        if not isinstance(values, dict):
            raise CisternaError("'set' must be a table of values", mend='write [person.set] and name = "value unit"')
    return Subject(body, float(age), tuple(conditions), dict(_flat(values, lines)))


def _flat(values: Mapping[str, Any], lines: Lines, above: str = "") -> Iterator[tuple[str, Any]]:
    """Values by full name: ``lacunae.stiffness = ...`` without quotes arrives as nested tables."""
    for key, value in values.items():
        name = f"{above}.{key}" if above else key
        if isinstance(value, dict):
            yield from _flat(value, lines, name)
        elif isinstance(value, (str, int, float)) and not isinstance(value, bool):
            yield name, value
        else:
            where = lines.where("person.set", 0, name)
            raise CisternaError(f"{name} must be a number with a unit", where=where, found=repr(value)[:80])


def _step(k: int, table: Mapping[str, Any], lines: Lines, known: Mapping[str, type[Step]]) -> Step:
    kind = table.get("do")
    if not isinstance(kind, str):
        mend = f"add do = one of {', '.join(known)}"
        raise CisternaError("a step says what to do", where=lines.where("step", k, "do"), mend=mend)
    given = {key: value for key, value in table.items() if key != "do"}
    try:
        return make(kind, given, known)
    except CisternaError as error:
        key = _word_in(error.what, given) if kind in known else "do"
        error.where = ", ".join(filter(None, [lines.where("step", k, key), f"step '{kind}'", error.where]))
        raise


def _word_in(message: str, given: Mapping[str, Any]) -> str:
    """The key a message is about: its first word that is one; "" when there is none."""
    return next((word for word in re.findall(r"[A-Za-z_]+", message) if word in given), "")


def _observation(k: int, table: Mapping[str, Any], lines: Lines) -> Observation:
    given: dict[str, Any] = {}
    for key, value in table.items():
        with _at(lines, "observe", k, key):
            if key not in _SEEN:
                raise unknown_key("an observation", key, list(_SEEN))
            if _SEEN[key] is list:
                given[key] = _window(value, key)
            else:
                _typed(value, _SEEN[key], key)
                given[key] = float(value) if _SEEN[key] is float else value
    with _at(lines, "observe", k):
        for key, example in (("id", "icp_rest"), ("signal", "icp"), ("window", "rest")):
            if not given.get(key):
                raise CisternaError(f"an observation needs '{key}'", mend=f'add {key} = "{example}"')
        try:
            return Observation(**given)
        except CisternaError as error:
            error.where = lines.where("observe", k, _word_in(error.what, given))
            raise


def _window(value: Any, key: str) -> tuple[str, ...]:
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not texts or not all(isinstance(text, str) for text in texts) or len(texts) > 2:
        mend = 'e.g. ["bolus end", "+1 breath"]'
        raise CisternaError(f"{key} must be {_KINDS[list]}", found=repr(value)[:80], mend=mend)
    return tuple(texts)


@dataclass(frozen=True)
class FilePlaces(Places):
    """Places of a protocol in its file."""

    lines: Lines

    def person(self, key: str, protocol: Protocol) -> str:
        if key.startswith("set "):
            return self.lines.where("person.set", 0, key.removeprefix("set "))
        return self.lines.where("person", 0, key)

    def step(self, k: int, key: str, protocol: Protocol) -> str:
        if not protocol.steps:
            return self.lines.where("step")
        return f"{self.lines.where('step', k, key)}, step '{protocol.steps[k].name}'"

    def observation(self, k: int, key: str, protocol: Protocol) -> str:
        return self.lines.where("observe", k, key)
