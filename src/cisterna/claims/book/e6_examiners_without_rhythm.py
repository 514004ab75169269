"""E6: do published agreements of examiners need a rhythm?

Examiners with an inner rhythm, an expectation and a hand, and no rhythm in the subject (H-ENT), against the same with
a rhythm of the subject's own (H-PRM). Two studies are fitted, four are predicted (`cisterna.sessions.study.replay`).
The output is how much better the rhythm predicts; it cannot say "no rhythm needed" where a prediction is missed, and
says nothing at all where the fit has left its prior.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from cisterna.claims.bench import Bench, Case
from cisterna.claims.claim import Claim, Published, Table
from cisterna.claims.key import Key, key_of
from cisterna.model.person import Person
from cisterna.sessions.study.examiner import Senses
from cisterna.sessions.study.published import published_studies
from cisterna.sessions.study.replay import Replay

#: Bayes factors that decide, as log10.
_NO_BETTER, _BETTER = math.log10(3.0), 1.0
#: Grid and simulated studies of the main fit, and of those with one fixed value moved.
_FINE, _COARSE = (8, 64), (6, 32)
#: Just inside the two levels: what the output is held to where it may not decide.
_INSIDE = (_NO_BETTER + 0.01, _BETTER - 0.01)
#: Agreements between examiners that might have been found.
_SHARES = (0.01, 0.05, 0.2, 0.3, 0.4, 0.6, 0.8)
#: Fixed values that are moved to the ends of their range, and the field of `Senses` each scales (power).
_MOVED = {
    "study_coupling": ("coupling", 1), "study_hand_noise": ("hand_noise", 2), "palp_threshold_1hz": ("threshold", 1),
    "study_timing": ("timing", 1),
}  # fmt: skip


class ExaminersWithoutRhythm(Claim):
    """Bayes factor of H-PRM over none on the predicted studies."""

    name = "E6"
    question = "Can examiners agree as published without any rhythm in the subject?"
    claims = ("C-056",)
    output = (
        "log10 of the Bayes factor of H-PRM over no rhythm (held above 0.48 where a prediction is missed, between "
        "the levels where the fit has left its prior)"
    )
    unit = "1"
    supports = _NO_BETTER
    contradicts = _BETTER
    asks = ("H-PRM",)

    def cases(self) -> Mapping[str, Case]:
        note = (
            "the width of the limits of agreement in Sommerfeld 2004 is read as printed beside a range of 7 (6.6 "
            "cycles in 90 s from limit to limit); the table by study gives the other reading"
        )
        return {"published studies": Case(Person.typical(), note=note)}

    def keys(self, bench: Bench) -> Sequence[Key]:
        p = bench.person.parameters
        share = p["cri_icc_inter"]
        agreed = Key(
            "share", "ICC between examiners, all studies", "1", share.value, 0.01, share.high, drawn=False,
            source=share.source, note="the data themselves, so not drawn; below 0 no subject differs: told as 0.01",
        )  # fmt: skip
        return [agreed, *(key_of(p[name]) for name in _MOVED)]

    def measure(self, bench: Bench, multiples: Mapping[str, np.ndarray]) -> np.ndarray:
        size = max((np.size(m) for m in multiples.values()), default=1)
        share = np.asarray(multiples.get("share", np.ones(size)), dtype=float)
        found = np.array([self._at(bench, float(m)) for m in share])
        for name, (places, steps) in self._moves(bench).items():
            m = np.asarray(multiples.get(name, np.ones(size)), dtype=float)
            # Between three fits by straight lines, beyond the range as at its end.
            found = found + np.interp(np.log(m), places, steps)
        replay = self._replay(bench)
        if replay.missed():
            found = np.maximum(found, _INSIDE[0])
        return np.clip(found, *_INSIDE) if replay.left() else found

    def _at(self, bench: Bench, multiple: float) -> float:
        """The Bayes factor had the subjects' share been another: every ICC between examiners moves with it."""
        base = self.keys(bench)[0].default
        moved = min(base * multiple, 0.99)
        return self._replay(bench).bayes(math.atanh(moved) - math.atanh(base))

    # ---- the replay ------------------------------------------------------------------------------------
    @staticmethod
    def senses(bench: Bench) -> Senses:
        """Examiners of this world: as measured, or with the hand as taught."""

        def make() -> Senses:
            p = bench.person.parameters
            own = Senses.of(p)
            if bench.world != "as-taught":
                return own
            flat = Senses.of(p, "flat")
            return replace(flat, threshold=p["palp_taught_threshold"].value)

        return bench.keep("senses", make)

    def _replay(self, bench: Bench) -> Replay:
        grid, studies = _COARSE if bench.fast else _FINE
        return bench.keep(
            "replay", lambda: Replay.run(self.senses(bench), bench.person.parameters, studies=studies, grid=grid)
        )

    def _moves(self, bench: Bench) -> Mapping[str, tuple[np.ndarray, np.ndarray]]:
        """Fixed value -> ln of its multiples (low end, default, high end), and what each adds to the output."""

        def make() -> dict[str, tuple[np.ndarray, np.ndarray]]:
            p, own = bench.person.parameters, self.senses(bench)
            grid, studies = _COARSE
            base = Replay.run(own, p, studies=studies, grid=grid).bayes()
            found = {}
            for key in self.keys(bench)[1:]:
                field, power = _MOVED[key.id]
                ends = key.range
                assert ends is not None
                places, steps = [0.0], [0.0]
                for end in ends:
                    factor = end / key.default
                    moved = replace(own, **{field: getattr(own, field) * factor**power})
                    there = Replay.run(moved, p, studies=studies, grid=grid).bayes() - base
                    at = 0 if factor < 1.0 else len(places)
                    places.insert(at, math.log(factor))
                    steps.insert(at, there)
                found[key.id] = (np.array(places), np.array(steps))
            return found

        return bench.keep("moves", make)

    # ---- beyond the output ------------------------------------------------------------------------------
    def published(self) -> Sequence[Published]:
        return [
            Published(
                f"{study.name}: {figure.statistic} ({study.role})", figure.value, None, None, figure.unit,
                f"{study.subjects} subjects, {study.raters} raters", figure.source,
            )
            for study in published_studies()
            for figure in study.figures
        ]  # fmt: skip

    def tables(self, bench: Bench) -> Sequence[Table]:
        return self._intervals(bench), self._free(bench), self._by_study(bench), self._shares(bench), self._ends(bench)

    def _intervals(self, bench: Bench) -> Table:
        replay = self._replay(bench)
        rows = []
        for a, b in zip(replay.none.predictions(), replay.rhythm.predictions(), strict=True):
            rows.append((f"{a.study} {a.statistic}", a.role, a.published, a.low, a.high, "yes" if a.covered else "no",
                         b.low, b.high, "yes" if b.covered else "no"))  # fmt: skip
        columns = ("figure", "role", "published", "none low", "high", "covers", "H-PRM low", "high", "covers")
        return Table("published figures in the 95 % intervals", tuple((c, "") for c in columns), tuple(rows))

    def _free(self, bench: Bench) -> Table:
        rows = []
        for label, one in (("none", self._replay(bench).none), ("H-PRM", self._replay(bench).rhythm)):
            for p in one.parameters():
                rows.append((label, p.free.id, f"{p.free.scale} {p.free.low:g}..{p.free.high:g}", p.low, p.middle,
                             p.high, "yes" if p.left else "no"))  # fmt: skip
        columns = ("hypothesis", "free", "prior", "5 %", "50 %", "95 %", "left its prior")
        return Table("free parameters after the fit", tuple((c, "") for c in columns), tuple(rows))

    def _by_study(self, bench: Bench) -> Table:
        replay = self._replay(bench)
        roles = {study.name: study.role for study in published_studies()}
        rows = [(name, roles[name], value) for name, value in replay.by_study().items()]
        rows += [("all predicted", "after the fit", replay.bayes()), ("all", "from the priors", replay.bayes_all())]
        limits = next(f.value for s in published_studies() for f in s.figures if f.statistic == "limits")
        wide = replay.bayes(limits=2.0 * limits)
        rows.append(("all predicted, limits read as 6.6 to each side", "after the fit", wide))
        return Table("log10 Bayes factor of H-PRM", (("study", ""), ("role", ""), ("log10", "")), tuple(rows))

    def _shares(self, bench: Bench) -> Table:
        """What if all ICCs between examiners had been others: the published one is the default of the first key."""
        base = self.keys(bench)[0].default
        rows = [(share, self._at(bench, share / base)) for share in (base, *_SHARES)]
        columns = (("ICC between examiners", ""), ("log10 Bayes factor of H-PRM", ""))
        return Table("had the examiners agreed otherwise (first row: as published)", columns, tuple(rows))

    def _ends(self, bench: Bench) -> Table:
        rows = []
        for key in self.keys(bench)[1:]:
            places, steps = self._moves(bench)[key.id]
            values = key.default * np.exp(places)
            rows.append((key.id, float(values[0]), float(steps[0]), float(values[-1]), float(steps[-1]), key.unit))
        columns = ("fixed value", "low", "adds", "high", "adds", "unit")
        return Table("fixed values at the ends of their range", tuple((c, "") for c in columns), tuple(rows))
