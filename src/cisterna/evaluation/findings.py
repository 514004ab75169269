"""What an evaluation says: by station, what moves, what can be felt of it, and the record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from cisterna.evaluation.hand import Hand
from cisterna.evaluation.inputs import SOURCES
from cisterna.evaluation.sources import SourceMotion
from cisterna.evaluation.sqar import Sqar
from cisterna.ground.errors import UnknownName

if TYPE_CHECKING:
    from cisterna.evaluation.change import Difference


@dataclass(frozen=True)
class Felt:
    """What of one source a hand feels: peak to peak in um, d', P("I feel it"), and whether d' reaches 1."""

    source: str
    pp: float
    d_prime: float
    p_yes: float
    felt: bool
    tag: str


@dataclass(frozen=True)
class StationFinding:
    """One station.

    Attributes
    ----------
    station : str
        Place, without side where both sides are held.
    motion : dict
        Source to peak to peak, um (mean of the sides).
    sources : tuple of Felt
        By source, what is felt.
    dominant : str
        Source of the largest d'; "" where nothing moves.
    slow_source : str
        The same among what lies in the band listened for: what a slow rhythm felt here would be.
    d_total, d_slow, d_cranial : float
        All sources; the band listened for; sources from inside the skull.
    d_total_range, d_cranial_range : pairs of float
        Under the steep and the flat law of low frequencies.
    p_felt, p_rhythm : float
        P(yes) for anything at all, and for a slow rhythm.
    cranial_times : float or None
        How many times more the skull would have to move for d' = 1; None where it does not move.
    sqar : Sqar
        The record.
    confidence : int
        Of the record.
    parts : tuple of SourceMotion
        The motion in full, for `difference`.
    """

    station: str
    motion: dict[str, float]
    sources: tuple[Felt, ...]
    dominant: str
    slow_source: str
    d_total: float
    d_slow: float
    d_cranial: float
    d_total_range: tuple[float, float]
    d_cranial_range: tuple[float, float]
    p_felt: float
    p_rhythm: float
    cranial_times: float | None
    sqar: Sqar
    confidence: int
    parts: tuple[SourceMotion, ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values, without the spectra."""
        flat = {key: value for key, value in asdict(self).items() if key not in ("sqar", "parts")}
        lists = {key: list(flat[key]) for key in ("sources", "d_total_range", "d_cranial_range")}
        return {**flat, **lists, "sqar": self.sqar.as_dict()}


@dataclass(frozen=True)
class Evaluation:
    """Findings in the order of the stations, the hand that made them, its seed, and the parameters used."""

    findings: tuple[StationFinding, ...]
    hand: Hand
    seed: int
    parameters: tuple[str, ...]

    def __getitem__(self, name: str) -> StationFinding:
        for finding in self.findings:
            if finding.station == name:
                return finding
        raise UnknownName("station in this evaluation", name, [f.station for f in self.findings])

    def table(self) -> list[dict[str, Any]]:
        """One row a station: motion in um peak to peak by source, d', P and the record."""
        rows = []
        for f in self.findings:
            rows.append(
                {
                    "station": f.station,
                    **{f"{source} um": f.motion.get(source, 0.0) for source in SOURCES},
                    "dominant": f.dominant,
                    "d'": f.d_total,
                    "d' cranial": f.d_cranial,
                    "P(felt)": f.p_felt,
                    "felt": f.sqar.felt,
                    "rate 1/min": f.sqar.rate,
                    "amplitude": f.sqar.amplitude,
                    "symmetry": f.sqar.symmetry,
                    "quality": f.sqar.quality,
                    "confidence": f.confidence,
                }
            )
        return rows

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "hand": {"name": self.hand.name, "tag": self.hand.tag, "law": self.hand.law,
                     "threshold_1hz_um": self.hand.threshold_1hz, "criterion": self.hand.criterion},
            "seed": self.seed,
            "stations": [f.as_dict() for f in self.findings],
            "parameters": list(self.parameters),
        }  # fmt: skip

    def __str__(self) -> str:
        return as_text(self.table())

    def __sub__(self, before: Evaluation) -> Difference:
        from cisterna.evaluation.change import difference

        return difference(self, before)


def largest(values: dict[str, float]) -> str:
    best = max(values, key=lambda key: values[key], default="")
    return best if best and values[best] > 0.0 else ""


def as_text(rows: Sequence[dict[str, Any]]) -> str:
    """Rows as a table in plain text; motions to two figures."""

    def cell(value: Any) -> str:
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, float):
            return f"{value:.2g}" if abs(value) < 100 else f"{value:.0f}"
        return "-" if value is None or value == "" else str(value)

    if not rows:
        return ""
    lines = [list(rows[0]), *([cell(value) for value in row.values()] for row in rows)]
    widths = [max(len(line[k]) for line in lines) for k in range(len(lines[0]))]
    return "\n".join("  ".join(part.rjust(w) for part, w in zip(line, widths, strict=True)) for line in lines)
