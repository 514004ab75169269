"""The order of a study: complete, balanced in blocks, repeatable, and telling an examiner nothing."""

from collections import Counter
from itertools import groupby

import pytest

from cisterna.ground.errors import CisternaError
from cisterna.sessions.study import Plan, allocate, create, open_desk, open_study, read_plan
from cisterna.sessions.study.allocation import as_csv, digest, from_csv

PLANS = [
    Plan(("A", "B"), 12, seed=1),
    Plan(("A", "B"), 9, repeats=3, block=4, seed=2),
    Plan(("A", "B", "C"), 8, seed=3),
    Plan(("A", "B"), 7, sites=("head", "feet", "sacrum"), repeats=1, seed=4),
    Plan(("A", "B", "C"), 6, together=False, seed=5),
]


@pytest.mark.parametrize("plan", PLANS)
def test_every_examiner_palpates_every_site_of_everyone_once_a_repeat(plan):
    holds = allocate(plan)
    seen = Counter((h.examiner, h.subject, h.site, h.repeat) for h in holds)
    assert set(seen.values()) == {1}
    assert len(seen) == len(plan.examiners) * plan.subjects * len(plan.sites) * plan.repeats
    assert len({h.hold for h in holds}) == len(holds)
    for _, together in groupby(holds, key=lambda h: h.order):
        group = list(together)
        assert len({h.subject for h in group}) == len({(h.sitting, h.repeat) for h in group}) == 1
        assert len({h.site for h in group}) == len({h.examiner for h in group}) == len(group)
        assert plan.together or len(group) == 1


def test_start_at_head_or_feet_is_balanced_within_each_block():
    plan = Plan(("A", "B"), 40, block=4, seed=11)
    first = {}
    for h in allocate(plan):
        if h.examiner == "A":
            first.setdefault((h.block, h.repeat, h.subject), h.site)
    for (block, repeat), group in groupby(sorted(first.items()), key=lambda item: item[0][:2]):
        counts = Counter(site for _, site in group)
        assert counts["head"] == counts["feet"] == 2, (block, repeat)


def test_repeats_come_in_a_new_order_and_nobody_twice_running():
    holds = allocate(Plan(("A", "B"), 60, block=6, seed=21))
    orders = {}
    for h in holds:
        row = orders.setdefault((h.block, h.repeat), [])
        if h.subject not in row:
            row.append(h.subject)
    assert sum(orders[b, 1] != orders[b, 2] for b in range(1, 11)) == 10
    sittings = [next(g).subject for _, g in groupby(holds, key=lambda h: h.sitting)]
    assert all(a != b for a, b in zip(sittings[:-1], sittings[1:], strict=True))


def test_a_seed_gives_one_order_and_another_seed_another():
    one, two = Plan(("A", "B"), 20, seed=7), Plan(("A", "B"), 20, seed=8)
    assert allocate(one) == allocate(one)
    assert [h.subject for h in allocate(one)] != [h.subject for h in allocate(two)]
    # Over many seeds the first place is a fair coin: 200 throws, five standard deviations.
    heads = sum(allocate(Plan(("A", "B"), 2, repeats=1, seed=s))[0].site == "head" for s in range(200))
    assert abs(heads - 100) < 36


def test_codes_tell_neither_subject_nor_repeat_nor_examiner():
    """A code drawn from a stream of its own stays the same when the order is another."""
    holds = allocate(Plan(("A", "B"), 30, seed=9))
    by_code = sorted(holds, key=lambda h: h.hold)
    # Sorted by code the repeats are shuffled: the longest run of one repeat stays short.
    runs = [len(list(group)) for _, group in groupby(by_code, key=lambda h: h.repeat)]
    assert max(runs) < 20 and len(runs) > 60


def test_an_examiners_folder_is_enough_and_holds_no_key(tmp_path):
    study = create(tmp_path / "s", Plan(("A", "B"), 6, seed=99, title="pilot"))
    text = "".join(p.read_text() for p in (tmp_path / "s" / "A").rglob("*") if p.is_file())
    assert not any(h.subject in text for h in study.holds)
    assert "99" not in text and "repeat" not in text
    assert not any(h.hold in text for h in study.holds if h.examiner == "B")
    moved = tmp_path / "elsewhere"
    (tmp_path / "s" / "A").rename(moved)
    desk = open_desk(moved)
    assert [t.hold for t in desk.open()] == [h.hold for h in study.holds if h.examiner == "A"]


def test_the_folder_reads_back_and_a_changed_list_is_refused(tmp_path):
    plan = Plan(("A", "B"), 5, seed=3, title='a "quoted" title, ümlaut')
    study = create(tmp_path / "s", plan)
    again = open_study(tmp_path / "s")
    assert again.plan == plan and again.holds == study.holds
    path = tmp_path / "s" / "allocation.csv"
    path.write_text(path.read_text().replace("S1,head", "S2,head", 1))
    with pytest.raises(CisternaError, match="changed after it was drawn"):
        open_study(tmp_path / "s")
    with pytest.raises(CisternaError, match="something is there already"):
        create(tmp_path / "s", plan)


def test_list_survives_line_endings_of_a_spreadsheet():
    holds = allocate(PLANS[0])
    assert from_csv(as_csv(holds).replace("\n", "\r\n"), "a.csv", digest(holds)) == holds


@pytest.mark.parametrize(
    "entries",
    [
        {"examiners": ("A",)},
        {"examiners": ("A", "a")},
        {"examiners": ("A", "../B")},
        {"subjects": 1},
        {"subjects": 10**9},
        {"subjects": True},
        {"repeats": 0},
        {"seconds": 5.0},
        {"seconds": float("nan")},
        {"sites": ()},
        {"seed": -1},
        {"title": "a\x1b[31m"},
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(entries):
    with pytest.raises(CisternaError):
        Plan(**{"examiners": ("A", "B"), "subjects": 4, **entries})


@pytest.mark.parametrize(
    "text",
    [
        "", "no toml", 'format = "cisterna study 1"', 'format = "other"', "\x00\xff",
        'format = "cisterna study 1"\nexaminers = "AB"\nsubjects = 3\nseed = 1',
        'format = "cisterna study 1"\nexaminers = [1, 2]\nsubjects = 3\nseed = 1',
        'format = "cisterna study 1"\nexaminers = ["A", "B"]\nsubjects = "3"\nseed = 1',
        'format = "cisterna study 1"\nexaminers = ["A", "B"]\nsubjects = 3\nseed = 1\nmore = 2',
        'format = "cisterna study 1"\nexaminers = ["A", "B"]\nsubjects = 3\nseed = 1\ntogether = 1',
    ],
)  # fmt: skip
def test_a_plan_file_that_makes_no_sense_is_refused(tmp_path, text):
    path = tmp_path / "study.toml"
    path.write_text(text)
    with pytest.raises(CisternaError):
        read_plan(path)
