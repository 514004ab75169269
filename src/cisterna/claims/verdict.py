"""The answer to a claim: both worlds side by side, flips, required values, provenance; for people and machines."""

from __future__ import annotations

import dataclasses
import math
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cisterna.claims.claim import Check, Published, Table
from cisterna.claims.judge import FAR, Reading
from cisterna.claims.need import Joint, Need
from cisterna.ground.parameter import Parameter

WIDTH = 80
#: Largest number printed without an exponent.
_PLAIN = 1e6


@dataclass(frozen=True)
class Flip:
    """The reading after one switch is turned over in a world."""

    world: str
    switch: str
    turned: str
    reading: Reading


@dataclass(frozen=True)
class CaseVerdict:
    """One case: readings by world, required values, tables.

    The verdict of a case is that of the established world.
    """

    name: str
    note: str
    worlds: Mapping[str, Reading]
    needs: Sequence[Need]
    joint: Joint
    tables: Mapping[str, Sequence[Table]]

    @property
    def verdict(self) -> str:
        return self.worlds["established"].verdict


@dataclass(frozen=True)
class Verdict:
    """The answer to a claim.

    Attributes
    ----------
    name, question, output, unit, claims
        Of the claim.
    grades : dict
        Claims-table row -> grade of the evidence.
    asked_with : str
        What the question puts on in the established body, in words; empty if nothing.
    supports, contradicts : float
        The levels.
    cases : tuple of CaseVerdict
        The first is the one the verdict is about.
    flips : tuple of Flip
    unmoved : tuple of str
        Switches that do not act on this output.
    checks : tuple of Check
    published : tuple of Published
    parameters : dict
        World -> parameters that ran.
    sources : tuple of str
    notes : tuple of str
    seed, draws : int
    fast : bool
        Main case only, fewer draws.
    """

    name: str
    question: str
    output: str
    unit: str
    claims: tuple[str, ...]
    grades: Mapping[str, str]
    asked_with: str
    supports: float
    contradicts: float
    cases: tuple[CaseVerdict, ...]
    flips: tuple[Flip, ...]
    unmoved: tuple[str, ...]
    checks: tuple[Check, ...]
    published: tuple[Published, ...]
    parameters: Mapping[str, Mapping[str, Parameter]]
    sources: tuple[str, ...]
    notes: tuple[str, ...]
    seed: int
    draws: int
    fast: bool

    @property
    def verdict(self) -> str:
        """supported, contradicted or undecided."""
        return self.cases[0].verdict

    @property
    def value(self) -> float:
        """Output in the established world, main case, parameters at their defaults."""
        return self.cases[0].worlds["established"].value

    def as_dict(self) -> dict[str, Any]:
        """Everything as plain types, for JSON; a number that does not exist is None."""
        plain: dict[str, Any] = _plain(self)
        for case, own in zip(plain["cases"], self.cases, strict=True):
            case["verdict"] = own.verdict
            for need in case["needs"]:
                need["scan"] = {"multiple": need["scan"][0], "output": need["scan"][1]}
        plain["verdict"] = self.verdict
        return plain

    def picture(self, case: int = 0) -> dict[str, Any]:
        """Data of the required-value picture: one row a parameter, and the output against its multiple.

        Each row has ``low``, ``high`` (the published bar; None without one), ``assumed`` (hatched),
        ``default`` (dot), ``required`` and ``multiple`` (diamond; None where no value reaches the level),
        ``taught`` (hollow triangle), ``unit``, ``label``, and the ``scan``.
        """
        rows = [
            {
                "id": need.key.id, "label": need.key.name, "unit": need.key.unit, "low": need.key.low,
                "high": need.key.high, "assumed": need.key.assumed, "default": need.key.default,
                "required": need.value, "multiple": need.multiple, "inside": need.inside, "taught": need.taught,
                "scan": {"multiple": _plain(need.scan[0]), "output": _plain(need.scan[1])},
            }
            for need in self.cases[case].needs
        ]  # fmt: skip
        levels = {"supports": self.supports, "contradicts": self.contradicts}
        return {"claim": self.name, "output": self.output, "unit": self.unit, **levels, "rows": rows}

    def text(self) -> str:
        """Lines for a terminal, at most 80 columns."""
        main = self.cases[0]
        beyond = ">=" if self.supports >= self.contradicts else "<="
        below = "<=" if beyond == ">=" else ">="
        lines = [
            *_wrap(f"{self.name}  {self.question}"),
            *_wrap("claims      " + ", ".join(f"{c} ({g})" for c, g in self.grades.items()), 12),
            *_wrap(f"output      {self.output}" + ("" if self.unit == "1" else f", {self.unit}"), 12),
            f"levels      supports {beyond} {self.supports:g}   contradicts {below} {self.contradicts:g}",
            "",
            f"verdict     {self.verdict.upper()}",
            *_wrap(f"            {main.worlds['established'].why}", 12),
            "",
            *self._worlds(main),
            *self._flips(),
            "",
            *self._needs(main),
        ]
        lines += self._cases() + self._beside()
        for note in self.notes:
            lines += _wrap(f"note        {note}", 12)
        lines += ["", f"seed {self.seed}, {self.draws} draws" + (", main case only (fast)" if self.fast else "")]
        return "\n".join(line.rstrip() for line in lines)

    def _worlds(self, case: CaseVerdict) -> list[str]:
        names = list(case.worlds)
        readings = list(case.worlds.values())
        lines = [f"{case.name[:24]:<24}" + "".join(f"{name:>18}" for name in names)]
        if self.asked_with:
            lines[0:0] = _wrap(f"asked with  {self.asked_with}", 12)
        lines.append(f"{'  value':<24}" + "".join(f"{_number(r.value):>18}" for r in readings))
        bands = [f"{_number(r.low)}..{_number(r.high)}" for r in readings]
        lines.append(f"{'  90 % of the draws':<24}" + "".join(f"{band:>18}" for band in bands))
        lines.append(f"{'  verdict':<24}" + "".join(f"{r.verdict:>18}" for r in readings))
        return lines

    def _flips(self) -> list[str]:
        lines = []
        for flip in self.flips:
            words = f"  {flip.world}, {flip.switch} {flip.turned}"
            lines.append(f"{words:<46}{_number(flip.reading.value):>18}  {flip.reading.verdict}")
        if lines:
            lines.insert(0, "one switch turned over")
        if self.unmoved:
            lines += _wrap(f"  does not act on this output: {', '.join(self.unmoved)}", 4)
        return lines

    def _needs(self, case: CaseVerdict) -> list[str]:
        lines = [f"what it would take{'needed':>26}{'multiple':>12}{'published range':>24}"]
        for need in case.needs:
            key = need.key
            if need.value is None:
                needed, multiple = "no value", f"-> {_number(need.ceiling)}"
            else:
                unit = "" if key.unit == "1" else f" {key.unit}"
                needed, multiple = f"{_number(need.value)}{unit}", f"x {_number(need.multiple)}"
            band = "none" if key.low is None or key.high is None else f"{_number(key.low)}..{_number(key.high)}"
            mark = " a" if key.assumed and band != "none" else ""
            lines.append(f"  {key.name[:27]:<27}{needed:>15}{multiple:>12}{band + mark:>24}")
            if need.inside:
                lines.append("    lies inside the range: measuring it would decide")
        distance = case.joint.distance
        words = "no combination reaches it" if distance is None else f"D {distance:.1f} ({FAR:g} is far)"
        lines.append(f"  all together: {words}")
        parts = [f"{name} x {_number(m)}" for name, m in case.joint.multiples.items()]
        lines += _wrap("    " + ", ".join(parts), 4) if parts else []
        lines.append("  a = assumed, widened threefold before judging; -> nearest output of any value")
        return lines

    def _cases(self) -> list[str]:
        lines = []
        for case in self.cases[1:]:
            parts = "   ".join(f"{w} {_number(r.value)}" for w, r in case.worlds.items())
            lines += _wrap(f"  {case.name}: {parts}", 4)
            lines += _wrap(f"    {case.verdict}: {case.worlds['established'].why}", 6)
        return ["", "other cases", *lines] if lines else []

    def _beside(self) -> list[str]:
        lines = [""] if self.published or self.checks else []
        for row in self.published:
            value = "" if row.value is None else f"{_number(row.value)} "
            band = "" if row.low is None or row.high is None else f"({_number(row.low)}..{_number(row.high)}) "
            lines += _wrap(f"measured    {row.quantity}: {value}{band}{row.unit}, {row.population} [{row.source}]", 12)
        for check in self.checks:
            (a, first), (b, second) = check.first, check.second
            words = f"check       {check.quantity}: {a} {_number(first)}, {b} {_number(second)} {check.unit}"
            lines += _wrap(words, 12)
        taught = self.parameters["as-taught"]
        marked = [
            f"{key} = {row.value:g} {row.unit}".removesuffix(" 1")
            for key, row in taught.items()
            if row.status == "required"
        ]
        lines += _wrap("required    by the claim, not measured: " + (", ".join(marked) or "none"), 12)
        return lines


def _number(value: float | None) -> str:
    if value is None or not math.isfinite(value):
        return "-"
    short = f"{value:.3g}"
    return f"{float(short):.0f}" if "e" in short and 1.0 <= abs(value) < _PLAIN else short


def _wrap(text: str, indent: int = 4) -> list[str]:
    head = len(text) - len(text.lstrip())
    return textwrap.wrap(
        text.strip(), WIDTH, initial_indent=" " * head, subsequent_indent=" " * indent,
        break_long_words=True, break_on_hyphens=False, drop_whitespace=True, fix_sentence_endings=False,
    )  # fmt: skip


def _plain(thing: Any) -> Any:
    """Dataclasses, mappings, arrays and numbers as plain types."""
    if dataclasses.is_dataclass(thing) and not isinstance(thing, type):
        return {f.name: _plain(getattr(thing, f.name)) for f in dataclasses.fields(thing)}
    if isinstance(thing, Mapping):
        return {str(key): _plain(value) for key, value in thing.items()}
    if hasattr(thing, "tolist"):
        return _plain(thing.tolist())
    if isinstance(thing, (list, tuple)):
        return [_plain(part) for part in thing]
    if isinstance(thing, float):
        return thing if math.isfinite(thing) else None
    return thing
