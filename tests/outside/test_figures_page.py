"""Signs, tables and the page: shape and word together, numbers aligned, one file without anything from outside."""

import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cisterna.ground.errors import CisternaError
from cisterna.outside.figures import (
    Html,
    block,
    cause_bars,
    felt_sign,
    figure,
    grade_sign,
    key_numbers,
    panel,
    range_sign,
    sagittal_body,
    screening_sign,
    table,
    terminal,
    verdict_sign,
)
from cisterna.outside.figures.page import page
from cisterna.outside.figures.signs import CLAIMS, FELT, GRADES, RANGES, SCREENING
from cisterna.outside.figures.tables import aligned

ALL = {"screening": SCREENING, "claim": CLAIMS, "grade": GRADES, "range": RANGES, "felt": FELT}
VOID = {"meta", "br", "link", "img", "input", "hr"}


class Reader(HTMLParser):
    """Collects tags, ids, addresses, and checks that tags close."""

    def __init__(self):
        super().__init__()
        self.open, self.ids, self.addresses, self.tags = [], [], [], set()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        for key, value in attrs:
            if key == "id":
                self.ids.append(value)
            if key in ("src", "href", "action", "data", "poster"):
                self.addresses.append(value)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def read(html):
    reader = Reader()
    reader.feed(html)
    assert reader.open == []
    return reader


@pytest.mark.parametrize(("kind", "name"), [(k, n) for k, t in ALL.items() for n in t])
def test_every_sign_is_shape_colour_and_word(kind, name):
    sign = ALL[kind][name]
    ET.fromstring(f"<svg>{sign.draw()}</svg>")
    assert sign.word and sign.plain.isascii()


def test_signs_of_one_kind_differ_in_shape_without_colour():
    for table_of in (SCREENING, CLAIMS, RANGES, FELT):
        shapes = [re.sub(r'(fill|stroke|class)="[^"]*"', "", s.draw()) for s in table_of.values()]
        assert len(set(shapes)) == len(shapes)
    for names in (("established", "plausible", "contested", "hypothesis", "contradicted"),
                  ("measured", "derived", "assumed", "required", "hypothesis")):  # fmt: skip
        shapes = [re.sub(r'(fill|stroke|class)="[^"]*"', "", GRADES[n].draw()) for n in names]
        assert len(set(shapes)) == len(shapes)


def test_screening_never_clears_anybody():
    words = " ".join(s.word + s.plain for s in SCREENING.values()).lower()
    assert "no listed contraindication reported" in words
    assert not re.search(r"clear|proceed|safe", words)


def test_signs_carry_their_word():
    assert "undecided" in verdict_sign("undecided") and "contested" in grade_sign("contested")
    assert "not felt" in felt_sign(False) and "care" in screening_sign("care")
    assert "inside" in range_sign(5, 1, 10) and "outside, below" in range_sign(0.5, 1, 10)
    with pytest.raises(CisternaError, match="did you mean 'supported'"):
        verdict_sign("suported")


def test_terminal_words():
    assert terminal("claim", "contradicted", colour=True) == "\x1b[31m✗ contradicted\x1b[0m"
    assert terminal("claim", "undecided", colour=True) == "= undecided"
    assert terminal("screening", "none", ascii_only=True) == "[ok]"
    for kind, signs in ALL.items():
        for name in signs:
            assert terminal(kind, name, ascii_only=True).isascii()
            assert "\x1b" not in terminal(kind, name)


@settings(deadline=None)
@given(st.lists(st.floats(-999, 999).map(lambda v: f"{v:.{int(abs(v)) % 3}f}".replace("-", "−")), min_size=1))
def test_numbers_line_up_on_the_decimal(cells):
    after = {
        len(t) - (t.index(c) if (c := next((c for c in t if c in ".\u2008"), "")) else len(t)) for t in aligned(cells)
    }
    assert len(after) == 1


def test_table_escapes_marks_and_aligns():
    columns = [{"key": "Quantity", "bold": True}, {"key": "value", "label": "Value", "number": True}, "unit"]
    rows = [{"Quantity": "a < b", "value": -3.1, "unit": "mmHg"},
            {"Quantity": "release", "value": "0.62", "unit": "1", "class": "hyp"},
            {"Quantity": Html("<b>x</b>"), "value": None, "unit": "mL", "class": "required"}]  # fmt: skip
    html = table(columns, rows, caption="Numbers")
    read(html)
    assert "a &lt; b" in html and "<b>x</b>" in html and "\u22123.1" in html
    assert '<tr class="hyp">' in html and '<tr class="required">' in html
    assert html.count('<th scope="row"') == 3 and html.count('scope="col"') == 3
    assert '<td class="num">' in html and '<td class="unit">' in html
    with pytest.raises(CisternaError, match="row class"):
        table(["a"], [{"a": 1, "class": "loud"}])


@pytest.fixture(scope="module")
def report():
    bodies = [
        sagittal_body({"FM": v, "S2": v}, scale=(0, 5), height_px=400, prefix=n)
        for n, v in (("before", 4), ("after", 3))
    ]
    bars = cause_bars([{"name": "Rest", "value": -1, "cause": "rest"}], unit="mmHg")
    numbers = table(["Level", {"key": "Value", "number": True}], [{"Level": "C2", "Value": 4.0}])
    return page(
        "Nothing <moved>",
        "computed",
        [
            panel("care", "Care.", "One answer is open.", "Not medical advice."),
            key_numbers([("ICP", "9.4", "mmHg", "8.8 to 10.0")]),
            {"title": "Before and after", "html": figure(*bodies, note="same scale", numbers=numbers), "span": 5},
            {"html": [block("Causes", figure(bars))], "span": 7},
            {"html": verdict_sign("supported") + grade_sign("hypothesis")},
        ],
        ["cisterna 0.1"],
        ["seed 1"],
        mark="invented data",
    )


def test_page_is_one_file_without_script_or_address(report):
    reader = read(report)
    assert "script" not in reader.tags and "link" not in reader.tags and "img" not in reader.tags
    assert all(a.startswith("#") for a in reader.addresses)
    rest = report.replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"https?:|//\w+\.\w+|@import|url\((?!#)", rest)
    assert len(reader.ids) == len(set(reader.ids))
    assert 'lang="en"' in report and "<h1>Nothing &lt;moved&gt;</h1>" in report
    assert report.count("invented data") == 2


def test_page_knows_dark_narrow_and_paper(report):
    style = report[report.index("<style>") : report.index("</style>")]
    assert "prefers-color-scheme:dark" in style and "max-width:900px" in style
    paper = style[style.index("@page") - 20 :]
    assert "A4" in paper and "12mm" in paper and "9.5pt" in paper and "break-inside:avoid" in paper
    assert "prefers-reduced-motion" in style and "tr.hyp" in style and "dashed" in style and "tr.required" in style
    assert style.count("{") == style.count("}")


def test_page_has_a_rule_for_every_colour_used(report):
    for name in set(re.findall(r"\b[fsc]-[a-z0-9-]+", " ".join(re.findall(r'class="([^"]*)"', report)))):
        assert f".{name}{{" in report, name


def test_every_picture_of_a_page_has_title_and_alt_text(report):
    for drawing in re.findall(r"<svg xmlns.*?</desc>", report):
        assert "<title" in drawing and "<desc" in drawing and "aria-labelledby" in drawing
