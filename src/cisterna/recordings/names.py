"""What a file calls a signal, what we call it, and which one is meant: the alias table `names.csv`."""

from __future__ import annotations

import csv
import fnmatch
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

from cisterna.ground.errors import CisternaError
from cisterna.ground.registry import nearest
from cisterna.recordings.reader import plain_name
from cisterna.recordings.recording import Recording


@dataclass(frozen=True)
class SignalKind:
    """A canonical signal: its kind (pressure, pulse, ecg, breath, co2, velocity, trend), usual unit and level."""

    canonical: str
    kind: str
    unit: str
    level_ref: str
    aliases: tuple[str, ...]
    meaning: str


@lru_cache(maxsize=1)
def table() -> dict[str, SignalKind]:
    """The canonical signals by name."""
    text = resources.files("cisterna.recordings").joinpath("names.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    return {
        row["canonical"]: SignalKind(**{**row, "aliases": tuple(row["aliases"].split("|"))})  # type: ignore[arg-type]
        for row in rows
    }


def canonical(own: str, format_name: str = "") -> str:
    """The canonical name of a file's own name, "" when the table does not know it.

    A one-letter name such as ``II`` means an ECG lead in a WFDB record only.

    Examples
    --------
    >>> canonical("PLETH"), canonical("MCAv"), canonical("II", "wfdb"), canonical("II")
    ('ppg', 'velocity_mca', 'ecg', '')
    """
    plain = plain_name(own).lower()
    for exact in (True, False):
        for row in table().values():
            for alias in row.aliases:
                prefix, _, pattern = alias.rpartition(":")
                if prefix and prefix != format_name:
                    continue
                if plain == pattern or (not exact and fnmatch.fnmatchcase(plain, pattern)):
                    return row.canonical
    return ""


def kind_of(name: str) -> SignalKind | None:
    """The table's row of a signal by its name here; ``ecg_ii`` belongs to ``ecg``.

    Examples
    --------
    >>> kind_of("ecg_ii").kind, kind_of("bcg")
    ('ecg', None)
    """
    base = name.split("(")[0]
    while base:
        if base in table():
            return table()[base]
        base = base.rpartition("_")[0]
    return None


def canonical_names(rec: Recording, format_name: str = "") -> dict[str, str]:
    """New names for the signals of a file: canonical where the table knows one.

    When several signals are of one kind (three ECG leads) none of them is silently taken as *the* one: each gets
    its own name behind the canonical one (``ecg_ii``, ``ecg_iii``).
    """
    guess = {name: canonical(str(rec[name].attrs["own_name"]), format_name) for name in rec.signals}
    guess = {name: found for name, found in guess.items() if found}
    counts = [*guess.values()]
    new: dict[str, str] = {}
    taken = {name for name in rec.signals if name not in guess}
    for name, found in guess.items():
        several = counts.count(found) > 1 or found in taken
        longer = name.lower() if name.lower().startswith(f"{found}_") else f"{found}_{name.lower()}"
        wanted = longer if several else found
        while wanted in taken:
            wanted += "_"
        taken.add(wanted)
        new[name] = wanted
    return new


def labels(rec: Recording, format_name: str) -> dict[str, str]:
    """What to call each signal in a file: its own name when reading that gives ours again, else our name.

    Examples
    --------
    >>> rec = Recording().with_signal("abp", [80.0], rate=1.0, unit="mmHg", own_name="ART")
    >>> labels(rec.with_signal("icp", [9.0], rate=1.0, unit="mmHg", own_name="P1"), "edf")
    {'abp': 'ART', 'icp': 'icp'}
    """
    own = {name: str(rec[name].attrs["own_name"]) for name in rec.signals}
    guess = {name: canonical(text, format_name) for name, text in own.items()}
    counts = [*guess.values()]
    found = {}
    for name, text in own.items():
        plain, base = plain_name(text), guess[name]
        longer = plain.lower() if plain.lower().startswith(f"{base}_") else f"{base}_{plain.lower()}"
        again = plain if not base else base if counts.count(base) == 1 else longer
        found[name] = text if again == name and [*own.values()].count(text) == 1 else name
    return found


def pick(rec: Recording, wanted: str, where: str = "") -> str:
    """The one signal meant by a text: our name, the file's own name, or a kind of which there is one.

    Raises
    ------
    CisternaError
        None fits (with the nearest) or several do (with the list).
    """
    if wanted in rec:
        return wanted
    own = {name: str(rec[name].attrs["own_name"]) for name in rec.signals}
    low = wanted.lower()
    exact = [name for name in rec.signals if own[name] == wanted]
    loose = [name for name in rec.signals if low in (own[name].lower(), name.lower())]
    of_kind = [name for name in rec.signals if name.startswith(f"{low}_") and low in table()]
    for found in (exact, loose, of_kind):
        if len(found) == 1:
            return found[0]
        if found:
            several = "; ".join(describe(rec, name) for name in found)
            mend = f"name one, e.g. {found[0]}"
            raise CisternaError(f"'{wanted}' fits several channels", where=where, found=several, mend=mend)
    names: Mapping[str, str] = {**{own[n]: n for n in own}, **{n: n for n in own}}
    best = nearest(wanted, names)
    listed = "; ".join(describe(rec, name) for name in rec.signals[:12]) + (" ..." if len(rec.signals) > 12 else "")
    mend = f"did you mean '{best}'?" if best else f"choose one of: {', '.join(rec.signals[:12])}"
    raise CisternaError(f"no channel '{wanted}'", where=where, found=listed, mend=mend)


def describe(rec: Recording, name: str) -> str:
    """A signal in a few words: ``abp (ABP, mmHg)``."""
    return f"{name} ({rec[name].attrs['own_name']}, {rec.unit(name) or 'no unit'})"
