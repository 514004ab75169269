"""From marks on disk to agreement: the ICC of the rates that were put in, blindness undone rightly, steps in time."""

import numpy as np
import pytest
from study_made import made

from cisterna.ground.errors import CisternaError
from cisterna.recordings.recording import Recording
from cisterna.sessions.study import Plan, rising_edges
from cisterna.sessions.study.analyse import agreement, rate_of
from cisterna.sessions.study.beside import beside, clocks, rhythm_of, sync_events
from cisterna.sessions.study.many import icc_agreement, kappa_yes_no, limits_width
from cisterna.signals.rhythm.agreement import icc, limits_of_agreement
from cisterna.signals.rhythm.kappa import crossed, kappa


def by_id(results, name, channel):
    (one,) = [r for r in results if r.id == name and r.channel == channel]
    return one


def test_rates_put_in_come_out_with_their_agreement(tmp_path):
    plan = Plan(("A", "B"), 12, seconds=90.0, repeats=2, seed=5)
    rng = np.random.default_rng(1)
    table = {(e, s, f"S{k + 1:02d}", r): 9.0 + rng.normal(0, 1.5) + 0.8 * (e == "B")
             for e in "AB" for s in plan.sites for k in range(12) for r in (1, 2)}  # fmt: skip
    study = made(tmp_path / "s", plan, lambda h: table[h.examiner, h.site, h.subject, h.repeat])
    found = agreement(study)
    subjects = [f"S{k + 1:02d}" for k in range(12)]

    def rates(examiner, site, repeat):
        return np.array([table[examiner, site, s, repeat] for s in subjects])

    direct = icc(np.column_stack([rates("A", "head", 1), rates("B", "head", 1)]), "2,1")
    mine = by_id(found.results, "inter_icc", "head:A:B")
    assert (mine.value, mine.low, mine.high, mine.n) == pytest.approx((direct.value, direct.low, direct.high, 12))
    own = icc(np.column_stack([rates("B", "feet", 1), rates("B", "feet", 2)]), "2,1")
    assert by_id(found.results, "intra_icc", "feet:B").value == pytest.approx(own.value)
    limits = limits_of_agreement(rates("A", "feet", 1), rates("B", "feet", 1))
    for name in ("bias", "lower", "upper"):
        assert by_id(found.results, f"inter_{name}", "feet:A:B").value == pytest.approx(getattr(limits, name).value)
    assert by_id(found.results, "rate", "head:A").value == pytest.approx(rates("A", "head", 1).mean())
    # At once: A at one site while B is at the other.
    assert by_id(found.results, "sites_icc", "head:feet").n == 12


def test_kappa_of_answers_and_what_was_left_open(tmp_path):
    plan = Plan(("A", "B"), 10, seconds=60.0, repeats=1, questions=("restricted",), seed=2)
    said = {"A": "yynnyynn--", "B": "yynnyynynn"}
    place = {f"S{k + 1:02d}": k for k in range(10)}
    study = made(tmp_path / "s", plan, lambda h: 9.0, answer=lambda h, q: said[h.examiner][place[h.subject]])
    mine = by_id(agreement(study).results, "kappa_restricted", "head:A:B")
    words = {"y": "yes", "n": "no", "-": None}
    counts, _ = crossed(*([words[c] for c in said[e]] for e in "AB"), ["no", "yes"])
    assert mine.n == 8 and mine.value == pytest.approx(kappa(counts).value)


def test_a_hold_without_marks_is_left_out_and_told(tmp_path):
    plan = Plan(("A", "B"), 6, seconds=60.0, repeats=1, seed=2)
    rng = np.random.default_rng(0)
    study = made(tmp_path / "s", plan, lambda h: 1.0 if h.subject == "S3" else 8.0 + rng.normal())
    found = agreement(study)
    assert by_id(found.results, "inter_icc", "head:A:B").n == 5
    assert "20 of these" in found.notes[0] and "left out" in found.notes[1]


def test_nothing_that_varies_gives_a_reason_and_no_number(tmp_path):
    study = made(tmp_path / "s", Plan(("A", "B"), 4, seconds=60.0, seed=2), lambda h: 7.5)
    one = by_id(agreement(study).results, "kappa_felt", "head:A:B")
    assert np.isnan(one.value) and one.note


def test_rate_of_marks_does_not_step_with_the_length_of_the_hold():
    for rate in (4.0, 6.9, 8.3):
        marks = np.arange(1.3, 60.0, 60.0 / rate)
        assert rate_of(marks)[0] == pytest.approx(rate)
    assert np.isnan(rate_of([1.0, 9.0])[0])


def test_many_studies_at_once_are_the_single_ones():
    rng = np.random.default_rng(4)
    tables = rng.normal(size=(5, 11, 3)) + rng.normal(size=(5, 11, 1)) + rng.normal(size=(5, 1, 3))
    assert icc_agreement(tables) == pytest.approx([icc(t, "2,1").value for t in tables])
    widths = [(lambda f: f.upper.value - f.lower.value)(limits_of_agreement(t[:, 0], t[:, 1])) for t in tables]
    assert limits_width(tables[..., 0], tables[..., 1]) == pytest.approx(widths)
    a, b = rng.uniform(size=(2, 6, 21)) < 0.6
    single = [kappa(crossed(list(map(bool, x)), list(map(bool, y)), [False, True])[0]).value
              for x, y in zip(a, b, strict=True)]  # fmt: skip
    assert kappa_yes_no(a, b) == pytest.approx(single)


# --- beside a recording -----------------------------------------------------------------------------------
RATE, OFFSET, DRIFT = 50.0, 33.25, 80e-6
FLASHES = np.array([0.5, 100.0, 203.0, 312.0, 430.0, 601.0, 790.0])


def recorded(seconds=1000.0, breath=0.21, wander=0.02, seed=3):
    """A breathing belt of uneven rhythm and a sync channel, on a clock that is late and runs fast."""
    rng = np.random.default_rng(seed)
    lengths = (1.0 + wander * 10 * rng.normal(size=2 * int(seconds * breath)).clip(-2, 2)) / breath
    starts = np.concatenate([[0.0], np.cumsum(lengths)])
    t = np.arange(0, seconds, 1 / RATE)
    phase = np.interp(t, starts, np.arange(starts.size))
    there = (t - OFFSET) / (1 + DRIFT)
    sync = 5.0 * np.any((there[:, None] >= FLASHES) & (there[:, None] < FLASHES + 0.1), axis=1)
    rec = Recording().with_signal("resp", -np.cos(2 * np.pi * phase), rate=RATE, unit="1")
    return rec.with_signal("sync", sync, rate=RATE, unit="V"), (starts - OFFSET) / (1 + DRIFT)


def test_marks_in_step_with_a_breath_are_found_and_others_are_not(tmp_path):
    rec, breaths = recorded()
    rng = np.random.default_rng(8)
    plan = Plan(("A", "B"), 4, seconds=90.0, repeats=1, questions=(), seed=3)
    study = made(tmp_path / "s", plan, lambda h: 6.0 + rng.normal(0, 0.5), flashes=FLASHES)
    found = agreement(study)
    # A marks every second breath, a tenth of a second after it begins; B marks as it likes.
    holds = []
    for f in found.holds:
        m = f.marked
        inside = breaths[(breaths > m.begin) & (breaths < m.begin + m.seconds)][::2] + 0.1
        times = inside if f.hold.examiner == "A" else m.times
        holds.append(type(f)(f.hold, type(m)(**{**vars(m), "times": times}), rate_of(times)[0], 0.0))
    sittings = [sitting for those, _ in study.marked().values() for sitting in those]
    times = clocks(sittings, sync_events(rec, "sync"))
    rhythm = rhythm_of(rec, "resp", "breath")
    results = beside(holds, times, [rhythm], seed=1)
    error = by_id(results, "sync_error", "marks").value
    locked, free = (by_id(results, "in_step", f"{e}:resp:breath") for e in "AB")
    print(f"sync error {error:.1f} ms; in step {locked.value:.2f} (p {locked.extra['p']}), "
          f"free {free.value:.2f} (p {free.extra['p']})")  # fmt: skip
    assert error < 20.0
    true = OFFSET + (1 + DRIFT) * np.array([5.0, 900.0])
    assert np.abs(times["all"]([5.0, 900.0]) - true).max() < 0.020
    assert locked.value > 0.9 and locked.extra["p"] <= 0.002
    assert free.value < 0.4 and free.extra["p"] > 0.05
    ratio = by_id(results, "rate_ratio", "A:resp:breath")
    assert ratio.value == pytest.approx(0.5, abs=0.02)
    assert rising_edges(rec.values("sync"), RATE).size == FLASHES.size


def test_two_steady_markers_are_no_finding_and_a_shared_rhythm_is(tmp_path):
    """False positives of the turned marks stay at their level; two examiners who mark one event are found."""
    rng = np.random.default_rng(2)
    plan = Plan(("A", "B"), 3, seconds=90.0, repeats=1, questions=(), seed=3)
    clock_of = {}
    small = []
    for trial in range(40):
        study = made(tmp_path / f"s{trial}", plan, lambda h: 8.0 + rng.normal(0, 0.3),
                     phase=lambda h, begin: begin + rng.uniform(0, 7))  # fmt: skip
        found = agreement(study)
        clock_of = clock_of or {"all": _identity()}
        small.append(by_id(beside(found.holds, clock_of, [], seed=trial), "in_step", "A:B").extra["p"] <= 0.05)
    rates = {}
    starts = {}

    def first(h, begin):
        return starts.setdefault(h.order, begin + rng.uniform(0, 7)) + rng.normal(0, 0.3)

    study = made(tmp_path / "shared", plan, lambda h: rates.setdefault(h.order, 8.0 + rng.normal(0, 0.3)), phase=first)
    shared = by_id(beside(agreement(study).holds, clock_of, [], seed=0), "in_step", "A:B")
    print(f"false positives {sum(small)} of 40; shared {shared.value:.2f}, p {shared.extra['p']}")
    assert sum(small) <= 6  # binomial(40, 0.05): 97.5 % at 5
    assert shared.extra["p"] <= 0.01


def _identity():
    from cisterna.sessions.study import align

    return align([0.0, 3.0, 500.0, 2000.0], [0.0, 3.0, 500.0, 2000.0])


def test_a_poor_clock_tells_rates_but_no_timing(tmp_path):
    from cisterna.sessions.study import align

    plan = Plan(("A", "B"), 3, seconds=60.0, repeats=1, questions=(), seed=3)
    study = made(tmp_path / "s", plan, lambda h: 8.0)
    poor = align([0.0, 3.0, 500.0, 900.0], [0.0, 3.05, 499.95, 900.04])
    results = beside(agreement(study).holds, {"all": poor}, [], seed=0)
    assert by_id(results, "sync_error", "marks").value > 20.0
    one = by_id(results, "in_step", "A:B")
    assert np.isnan(one.value) and "20 ms" in one.note


@pytest.mark.parametrize("source", ["nothing", "resp"])
def test_a_recording_without_the_sync_events_is_refused(tmp_path, source):
    rec, _ = recorded(600.0)
    study = made(tmp_path / "s", Plan(("A", "B"), 2, seconds=60.0, repeats=1, questions=(), seed=3), lambda h: 8.0,
                 flashes=FLASHES[:4])  # fmt: skip
    sittings = [sitting for those, _ in study.marked().values() for sitting in those]
    with pytest.raises(CisternaError):
        clocks(sittings, sync_events(rec, source))
