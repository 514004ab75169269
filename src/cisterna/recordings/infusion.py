"""Infusion tests that a bedside program has kept in its file: phases, rate, needle, and what it computed itself.

The results are that program's fit, not the truth: they are shown beside ours. Values outside the plausible range
(`parameters/icmplus.csv`) are flagged and never dropped.

Before they are compared: in exports of format 1.3 the reported plateau of a one-needle test is the mean pressure of
the phase less rate times needle resistance, and the reported duration is longer than the marked phase, by 65 / 60.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple
from xml.etree import ElementTree

from cisterna.ground.errors import CisternaError
from cisterna.ground.parameter import default_parameters
from cisterna.ground.units import convert, same_dimension
from cisterna.recordings.hours import clock_seconds
from cisterna.recordings.reader import plain_name, printable, tidy_unit

if TYPE_CHECKING:
    from cisterna.recordings.recording import Recording

TOOL = "CSF Infusion Test"
#: Entry of the provenance that holds the tests as plain values.
ENTRY = "infusion_tests"
_LARGEST_XML = 8 * 1024**2
#: The program's names without unit, lower case, by ours. It has renamed some of them between its versions.
ALIASES = {
    "icp baseline": "icp_baseline",
    "icp plateau": "icp_plateau",
    "amp baseline": "amp_baseline",
    "amp plateau": "amp_plateau",
    "rcsf": "rout",
    "rout": "rout",
    "elastance": "elastance",
    "elasticity": "elastance",
    "pvi": "pvi",
    "pss": "pss",
    "csf production rate": "csf_production",
    "csf production": "csf_production",
    "volume infused": "volume_infused",
    "infusion duration": "infusion_duration",
    "shunt resist.": "shunt_resistance",
    "shunt resistance": "shunt_resistance",
    "shunt critical icp": "shunt_critical_icp",
    "needle resist.": "needle_resistance",
    "needle resistance": "needle_resistance",
    "normalised error": "normalised_error",
}
_UNITS = {"mmHg*min/ml": "mmHg min/mL", "1/ml": "1/mL", "ml/min": "mL/min", "ml": "mL"}


class Phase(NamedTuple):
    """A stretch of the test as it was marked: name, start and stop (s on the clock of the recording)."""

    name: str
    start: float
    stop: float

    @property
    def sound(self) -> bool:
        """Whether it ends after it begins."""
        return self.stop > self.start


class Reported(NamedTuple):
    """A number the program reported: value, unit ("" when it states none) and its own name."""

    value: float
    unit: str
    own: str


@dataclass(frozen=True)
class InfusionTest:
    """One infusion test as it stands in the file.

    Attributes
    ----------
    phases : tuple of Phase
        As marked by the examiner: Baseline, Infusion, Transition, Plateau, Overdrainage; they may overlap, a
        name may come several times.
    rate : Reported or None
        Infusion rate; None when the file states none.
    one_needle : bool or None
        Whether pressure was read through the needle that infuses; None when the file does not say.
    shunted : bool
        Whether the program reports a shunt.
    settings : mapping
        Every setting of the test by its own name, as text.
    results : mapping
        The program's own results by plain name: ``rout``, ``elastance``, ``pvi``, ``pss``, ``csf_production``,
        ``icp_baseline``, ``icp_plateau`` ... ; names we do not know are kept in plain letters.
    flags : tuple of str
        What is odd about it: phases that end before they begin or overlap, values outside the plausible range.
    """

    phases: tuple[Phase, ...] = ()
    rate: Reported | None = None
    one_needle: bool | None = None
    shunted: bool = False
    settings: Mapping[str, str] = field(default_factory=dict)
    results: Mapping[str, Reported] = field(default_factory=dict)
    flags: tuple[str, ...] = ()

    def phase(self, name: str) -> Phase | None:
        """The first phase of a name (any case) that ends after it begins; None without one.

        Examples
        --------
        >>> InfusionTest((Phase("Plateau", 900.0, 1200.0),)).phase("plateau").stop
        1200.0
        """
        return next((p for p in self.phases if p.name.lower() == name.lower() and p.sound), None)

    def as_dict(self) -> dict[str, Any]:
        """The test as plain JSON values."""
        return asdict(self)


def infusion_tests(rec: Recording) -> list[InfusionTest]:
    """The infusion tests that the file of a recording holds, in its order; none when it holds none.

    Examples
    --------
    >>> from cisterna.recordings import Recording
    >>> infusion_tests(Recording())
    []
    """
    return [_from_dict(entry) for entry in rec.provenance.get(ENTRY, [])]


def parse_tests(text: bytes | str, zero: float) -> list[InfusionTest]:
    """The infusion tests in the XML of the program.

    Parameters
    ----------
    text : bytes or str
        The XML.
    zero : float
        Time 0 of the recording on the clock of the XML, s since 1970.

    Raises
    ------
    CisternaError
        The text is not XML, or larger than such a text can be.
    """
    root = read_xml(text)
    return [_test(analysis, zero) for analysis in _analyses(root)]


def read_xml(text: bytes | str) -> ElementTree.Element:
    """The root of an XML text; refuses entities, which can grow without bound.

    Raises
    ------
    CisternaError
        Not XML, too large, or with a document type of its own.
    """
    data = text.encode("utf-8", "replace") if isinstance(text, str) else text
    if len(data) > _LARGEST_XML:
        raise CisternaError("the XML text is too large", found=f"{len(data)} bytes")
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise CisternaError("the XML text defines entities of its own", mend="such a text is not read")
    data = data.strip(b"\x00 \r\n\t")
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        data = data.decode("latin-1").encode("utf-8")
    try:
        return ElementTree.fromstring(data)
    except (ElementTree.ParseError, ValueError) as error:
        raise CisternaError("the XML text cannot be read", found=str(error)[:80]) from error


def _analyses(root: ElementTree.Element) -> Iterator[ElementTree.Element]:
    """The analyses of the infusion tool: by its class, its name or its place; without a list of tools by content."""
    tools = root.findall(".//Tool")
    analyses = root.findall(".//SingleAnalysis")
    classes = {tool.get("ClassID") for tool in tools if tool.get("Name") == TOOL} - {None}
    for k, analysis in enumerate(analyses):
        own = analysis.get("ClassID")
        if own is not None and any(tool.get("ClassID") for tool in tools):
            if own in classes:
                yield analysis
        elif analysis.get("Name") or analysis.get("ToolName"):
            if TOOL in (analysis.get("Name"), analysis.get("ToolName")):
                yield analysis
        elif tools and len(tools) == len(analyses):
            if tools[k].get("Name") == TOOL:
                yield analysis
        elif any(_bare(p.get("Name", "")) == "infusion rate" for p in analysis.findall("./Parameters/Parameter")):
            yield analysis


def _test(analysis: ElementTree.Element, zero: float) -> InfusionTest:
    phases, flags = [], []
    for selection in analysis.findall("./Selections/Selection"):
        name = printable(selection.get("Name", "")) or "phase"
        for period in selection.findall("./TimePeriod"):
            start, stop = (clock_seconds(period.get(key, "")) for key in ("StartTime", "EndTime"))
            if start is None or stop is None:
                flags.append(f"the times of {name} cannot be read")
                continue
            phases.append(Phase(name, round(start - zero, 6), round(stop - zero, 6)))
    settings = {
        printable(p.get("Name", "")): printable(p.get("Value", ""))
        for p in analysis.findall("./Parameters/Parameter")
        if p.get("Name")
    }
    results: dict[str, Reported] = {}
    for parameter in analysis.findall("./Results/Parameter"):
        own = printable(parameter.get("Name", ""))
        value = _number(parameter.get("Value", ""))
        key = ALIASES.get(_bare(own), plain_name(_bare(own)).lower())
        if value is None:
            flags.append(f"{key} is not a number")
        else:
            results[key] = Reported(value, _unit(own), own)
    rate = None
    one_needle = None
    for own, text in settings.items():
        if _bare(own) == "infusion rate" and (value := _number(text)) is not None:
            rate = Reported(value, _unit(own), own)
        if _bare(own).startswith("one needle"):
            one_needle = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}.get(
                text.strip().lower()
            )
    shunted = any(key.startswith("shunt") for key in results)
    flags += [*_phase_flags(phases), *_value_flags(results)]
    return InfusionTest(tuple(phases), rate, one_needle, shunted, settings, results, tuple(flags))


def _phase_flags(phases: Sequence[Phase]) -> Iterator[str]:
    """Phases that end before they begin; phases of the order baseline, infusion that overlap."""
    for phase in phases:
        if not phase.sound:
            yield f"{phase.name} ends before it begins"
    baseline = [p for p in phases if p.name.lower() == "baseline" and p.sound]
    infusion = [p for p in phases if p.name.lower() == "infusion" and p.sound]
    for before in baseline:
        for during in infusion:
            if before.start < during.stop and during.start < before.stop:
                yield "Baseline and Infusion overlap"


def _value_flags(results: Mapping[str, Reported]) -> Iterator[str]:
    """Results outside the range that is believed, without a unit, or above the baseline they cannot exceed."""
    rows = default_parameters()
    for key in ("elastance", "pss", "csf_production"):
        if key not in results:
            continue
        value, unit, _ = results[key]
        row = rows[f"icmplus_{key}"]
        if not unit or not _same(unit, row.unit):
            yield f"{key} states no unit of its kind"
            continue
        high = row.high
        if key == "pss" and "icp_baseline" in results:
            high = results["icp_baseline"].value
        if not row.low <= convert(value, unit, row.unit) <= high:
            yield f"{key} {value:g} {unit} is outside {row.low:g} to {high:g} {row.unit}"


def _same(unit: str, other: str) -> bool:
    try:
        return same_dimension(unit, other)
    except CisternaError:
        return False


def _bare(own: str) -> str:
    """A name without its unit, lower case."""
    return re.sub(r"\s*\[[^\]]*\]\s*$", "", own).strip().lower()


def _unit(own: str) -> str:
    """The unit in brackets at the end of a name."""
    found = re.search(r"\[([^\]]*)\]\s*$", own)
    text = found[1].strip() if found else ""
    return _UNITS.get(text, tidy_unit(text))


def _number(text: str) -> float | None:
    try:
        value = float(text.strip().replace(",", "."))
    except ValueError:
        return None
    return value if abs(value) < 1e12 else None


def _from_dict(entry: Mapping[str, Any]) -> InfusionTest:
    return InfusionTest(
        tuple(Phase(*p) for p in entry["phases"]),
        Reported(*entry["rate"]) if entry["rate"] else None,
        entry["one_needle"],
        entry["shunted"],
        entry["settings"],
        {key: Reported(*value) for key, value in entry["results"].items()},
        tuple(entry["flags"]),
    )
