"""A wrong protocol is answered with file, line, word and the nearest right word; never with a traceback."""

import random
import string

import pytest

from cisterna.ground.errors import CisternaError
from cisterna.protocol.lines import Lines
from cisterna.protocol.protocol import Observation, Protocol, Subject
from cisterna.protocol.read import LARGEST, library, load_protocol, load_steps, parse_protocol
from cisterna.protocol.steps.infusion import Infusion
from cisterna.protocol.steps.rest import Rest

GOOD = """\
title = "Infusion"
resolution = "50 ms"
[person]
body = "one"
age = 40
[person.set]
csf_production = "0.4 mL/min"
csf.elastance_coefficient = "0.1 1/mL"

[[step]]
do = "rest"
for = "30 s"

[[step]]
do = "infusion"
rate = "1.5 mL/min"
for = "60 s"

[[observe]]
id = "rise"
signal = "icp"
window = ["infusion end - 10 s", "end"]
baseline = "rest"
measure = "change"
"""

# (what is written wrong, instead of what, the line, a word of the answer, the nearest right word)
WRONG = [
    ('titel = "Infusion"', 'title = "Infusion"', 1, "'titel'", "'title'"),
    ("title = Infusion", 'title = "Infusion"', 1, "not TOML", ""),
    ('resolution = "5 s"', 'resolution = "50 ms"', 2, "resolution", ""),
    ("resolution = 0.05", 'resolution = "50 ms"', 2, "needs a unit", ""),
    ('bdoy = "one"', 'body = "one"', 4, "'bdoy'", "'body'"),
    ('body = "oen"', 'body = "one"', 4, "'oen'", "'one'"),
    ("age = -3", "age = 40", 5, "age", ""),
    ('age = "old"', "age = 40", 5, "age", ""),
    ('conditions = ["venous_stenoss"]', "age = 40", 5, "'venous_stenoss'", "'venous_stenosis'"),
    ('csf_prodution = "0.4 mL/min"', 'csf_production = "0.4 mL/min"', 7, "'csf_prodution'", "'csf_production'"),
    ('csf_production = "0.4 mL"', 'csf_production = "0.4 mL/min"', 7, "wrong kind of unit", ""),
    ("csf.elastance_coefficient = 0.1", 'csf.elastance_coefficient = "0.1 1/mL"', 8, "needs a unit", ""),
    (
        'csf.elastance_coeficient = "0.1 1/mL"',
        'csf.elastance_coefficient = "0.1 1/mL"',
        8,
        "'csf.elastance_coeficient'",
        "'csf.elastance_coefficient'",
    ),
    ('do = "infuson"', 'do = "infusion"', 15, "'infuson'", "'infusion'"),
    ('rte = "1.5 mL/min"', 'rate = "1.5 mL/min"', 16, "'rte'", "'rate'"),
    ("", 'rate = "1.5 mL/min"', 14, "needs 'rate'", ""),
    ("rate = 1.5", 'rate = "1.5 mL/min"', 16, "needs a unit", ""),
    ('rate = "1.5 mmHg"', 'rate = "1.5 mL/min"', 16, "wrong kind of unit", ""),
    ('rate = "1.5 mL/minn"', 'rate = "1.5 mL/min"', 16, "unknown unit", ""),
    ('for = "-60 s"', 'for = "60 s"', 17, "negative", ""),
    ('for = "1e400 s"', 'for = "60 s"', 17, "finite", ""),
    ('for = "60 h"', 'for = "60 s"', 17, "too long", ""),
    ('for = "60 s"\nat = "20 s"\nwith_previous = true', 'for = "60 s"', 18, "either at or with_previous", ""),
    ('signal = "ipc"', 'signal = "icp"', 21, "'ipc'", "'icp'"),
    ('"infuson end"]', '"end"]', 22, "'infuson'", "'infusion'"),
    ('"end + 5 s"]', '"end"]', 22, "leaves the run", ""),
    ('"85"]', '"end"]', 22, "unit of time", ""),
    ('"85 mL"]', '"end"]', 22, "wrong kind of unit", ""),
    ('"infusion"]', '"infusion end - 15 s"]', 22, "", ""),
    ('"+1 breath"]', '"end"]', 22, "needs a breath", ""),
    ('baseline = "rst"', 'baseline = "rest"', 23, "'rst'", "'rest'"),
    ('measure = "chnage"', 'measure = "change"', 24, "'chnage'", "'change'"),
    ('measure = "peak_to_peak"', 'measure = "change"', 22, "needs a beat", ""),
    ('measure = "change"\nrange = "bolus4_ris"', 'measure = "change"', 25, "'bolus4_ris'", "'bolus4_rise'"),
    ('measure = "change"\nrange = "bolus4_rise"', 'measure = "change"', 25, "wrong kind of unit", ""),
    ('measure = "change"\nlow = 3', 'measure = "change"', 25, "no source", ""),
    ('measure = "change"\ncolour = "red"', 'measure = "change"', 25, "'colour'", ""),
    ("[[observ]]", "[[observe]]", 19, "'observ'", "'observe'"),
]
WRONG = [row for row in WRONG if row[1] in GOOD]


@pytest.mark.parametrize(("wrong", "right", "line", "word", "nearest"), WRONG, ids=[row[0][:40] for row in WRONG])
def test_wrong_words(wrong, right, line, word, nearest):
    assert GOOD.count(right) == 1
    with pytest.raises(CisternaError) as caught:
        parse_protocol(GOOD.replace(right, wrong), "mine.toml")
    told = str(caught.value)
    assert caught.value.where.split(", ")[:2] == ["mine.toml", f"line {line}"], told
    assert word in told and nearest in told and not (nearest and "did you mean" not in told), told


def test_the_good_one_equals_the_same_in_python():
    made = Protocol(
        title="Infusion",
        resolution="50 ms",
        person=Subject(
            body="one", age=40.0, set={"csf_production": "0.4 mL/min", "csf.elastance_coefficient": "0.1 1/mL"}
        ),
        steps=(Rest(duration="30 s"), Infusion(rate="1.5 mL/min", duration="60 s")),
        observe=(
            Observation(
                id="rise", signal="icp", measure="change", window=("infusion end - 10 s", "end"), baseline=("rest",)
            ),
        ),
    )
    assert parse_protocol(GOOD) == made


def _toml(table: dict) -> str:
    """A protocol's table as TOML text, enough for what protocols hold."""

    def text(value):
        if isinstance(value, str):
            return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
        if isinstance(value, list):
            return "[" + ", ".join(text(v) for v in value) + "]"
        return str(value).lower() if isinstance(value, bool) else repr(value)

    lines = [f"{key} = {text(value)}" for key, value in table.items() if not isinstance(value, (dict, list))]
    person = dict(table["person"])
    values = person.pop("set", {})
    lines += ["[person]", *(f"{key} = {text(value)}" for key, value in person.items())]
    lines += ["[person.set]", *(f"{text(key)} = {text(value)}" for key, value in values.items())]
    for name in ("step", "observe"):
        for entry in table[name]:
            lines += [f"[[{name}]]", *(f"{key} = {text(value)}" for key, value in entry.items())]
    return "\n".join(lines)


@pytest.mark.parametrize("name", library())
def test_what_ships_reads_writes_and_reads_back(name):
    protocol = load_protocol(name)
    assert protocol.title and parse_protocol(_toml(protocol.as_table())) == protocol


def test_files(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text(GOOD, encoding="utf-8")
    assert load_protocol(file) == load_protocol(str(file)) == parse_protocol(GOOD)
    file.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    assert load_protocol(file) == parse_protocol(GOOD)
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(CisternaError, match="not UTF-8"):
        load_protocol(file)
    file.write_text("#" * (LARGEST + 1), encoding="utf-8")
    with pytest.raises(CisternaError, match="too large"):
        load_protocol(file)
    with pytest.raises(CisternaError, match="no such protocol file"):
        load_protocol(tmp_path / "none.toml")
    with pytest.raises(CisternaError, match="bols4") as caught:
        load_protocol("bols4")
    assert "'bolus4'" in str(caught.value)


@pytest.mark.parametrize("text", ["", "title = 'x'", "a = " + "[" * 5000, "a = " + "9" * 5000, "\0", "[[step]]"])
def test_empty_and_absurd_files(text):
    with pytest.raises(CisternaError):
        parse_protocol(text)


def test_random_damage_never_escapes():
    rng = random.Random(5)
    bits = ['"', "[", "]", "=", "\n", "-", "1e309", "nan", "true", "{", '"end"', 'at = "1 s"\n', '"5 beats"', "#"]
    for _ in range(400):
        chars = list(GOOD)
        for _ in range(rng.randint(1, 4)):
            k = rng.randrange(len(chars))
            if rng.random() < 0.5:
                chars[k] = rng.choice(bits)
            else:
                del chars[k : k + rng.randint(1, 8)]
        try:
            parse_protocol("".join(chars), "mine.toml")
        except CisternaError as error:
            assert error.where.startswith("mine.toml"), str(error)


def test_lines_inside_long_texts_are_no_keys():
    text = 'note = """\ntitle = 3\n[[step]]\n"""\ntitle = 4\n[person]\nset."a b" = 1\n'
    lines = Lines("f", text)
    assert lines.of("", 0, "title") == 5 and lines.of("step") == 0
    assert lines.of("person.set", 0, "a b") == 7 and lines.where("person") == "f, line 6"


MINE = '''
from cisterna.protocol.measures import measure
from cisterna.protocol.step import Step, quantity, step


@step
class Leak(Step):
    """Fluid is lost at a rate that falls to zero."""

    name = "leak"
    summary = "fluid is lost"
    rate: float = quantity("mL/min", "rate at the beginning", above=0.0)
    duration: float = quantity("s", "how long", key="for", above=0.0)

    def apply(self, schedule, start, context):
        schedule.ramp("infusion", -self.rate, start)
        schedule.ramp("infusion", 0.0, start, self.duration)
        return start + self.duration


@measure("last_" + "MARK")
def last(v):
    """Value at the end of the window."""
    return float(v.cut()[1][-1])
'''


def test_a_step_and_a_measure_of_ones_own(tmp_path):
    mark = "".join(random.Random().choices(string.ascii_lowercase, k=8))
    mine = tmp_path / "leak.py"
    mine.write_text(MINE.replace("MARK", mark))
    text = GOOD.replace('do = "infusion"', 'do = "leak"').replace("infusion end", "leak end")
    text = text.replace('measure = "change"', f'measure = "last_{mark}"')
    protocol = parse_protocol(text, extensions=[mine])
    assert protocol.steps[1].name == "leak" and protocol.steps[1].rate == pytest.approx(0.025)
    with pytest.raises(CisternaError, match="no step 'leak'"):
        parse_protocol(text)


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("import nothing_like_this", "does not run"),
        ("def", "does not run"),
        (MINE.replace('"leak"', '"bolus"'), "already a step 'bolus'"),
    ],
)
def test_a_bad_extension_is_told(tmp_path, code, told):
    mine = tmp_path / "mine.py"
    mine.write_text(code)
    with pytest.raises(CisternaError, match=told):
        load_steps([mine])
    with pytest.raises(CisternaError, match="cannot read the extension"):
        load_steps([tmp_path / "none.py"])


def test_a_step_that_fails_or_gives_no_end_is_told(tmp_path):
    for body, told in (("return None", "must return the time"), ("return 1 / 0", "ZeroDivisionError")):
        mine = tmp_path / "mine.py"
        head = MINE.split("        schedule.ramp")[0]
        mine.write_text(head + f"        {body}\n")
        text = GOOD.replace('do = "infusion"', 'do = "leak"').replace("infusion end", "leak end")
        with pytest.raises(CisternaError, match="leak") as caught:
            parse_protocol(text, "mine.toml", extensions=[mine])
        assert told in str(caught.value) and "mine.toml, line 14" in caught.value.where
