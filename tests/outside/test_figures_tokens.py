"""Colours: the token table, the two scales, the style sheet; numbers as text."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cisterna.outside.figures import tokens
from cisterna.outside.figures.numerals import fmt, interval, number, plus_minus

finite = st.floats(-1e5, 1e5, allow_nan=False)


def luminance(colour):
    rgb = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    lin = [x / 12.92 if x <= 0.03928 else ((x + 0.055) / 1.055) ** 2.4 for x in rgb]
    return 0.2126 * lin[0] + 0.7152 * lin[1] + 0.0722 * lin[2]


def contrast(a, b):
    hi, lo = sorted((luminance(a), luminance(b)), reverse=True)
    return (hi + 0.05) / (lo + 0.05)


def test_tokens_are_those_of_the_visual_language(shared):
    text = (shared / "design" / "visual.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\w+) \| `(#\w{6})` \| `(#\w{6})` \| ([\d.]+) / ([\d.]+) \|", text, re.M)
    assert len(rows) >= 14
    for name, light, dark, on_light, on_dark in rows:
        assert tokens.TOKENS[name] == (light, dark), name
        assert contrast(light, tokens.TOKENS["ground"][0]) == pytest.approx(float(on_light), abs=0.06), name
        assert contrast(dark, tokens.TOKENS["ground"][1]) == pytest.approx(float(on_dark), abs=0.06), name
    stops = re.search(r"7 even stops.*?`([^`]+)`", text).group(1).split()
    assert tuple(stops) == tokens.TIDE


@pytest.mark.parametrize("mode", [0, 1])
def test_text_and_signs_are_readable(mode):
    ground = tokens.TOKENS["ground"][mode]
    for name in ("ink", "ink2", "ink3", "handtext", "fluid", "art", "ven", "hyp", "ok", "phys", "stop"):
        assert contrast(tokens.TOKENS[name][mode], ground) >= 4.5, name
    for name in ("hand", "care", "membrane", "breath"):
        assert contrast(tokens.TOKENS[name][mode], ground) >= 3.0, name


def test_oklab_known_values_and_round_trip():
    # B. Ottosson's published pairs for pure sRGB red and blue.
    assert tokens.oklab("#FF0000") == pytest.approx((0.628, 0.225, 0.126), abs=1e-3)
    assert tokens.oklab("#0000FF") == pytest.approx((0.452, -0.032, -0.312), abs=1e-3)
    for colour in (*tokens.TIDE, *tokens.EBB, *tokens.EBB_DARK):
        assert tokens.from_oklab(tokens.oklab(colour)) == colour


def test_tide_lightness_falls_evenly():
    lightness = [tokens.oklab(tokens.tide(i / 24))[0] for i in range(25)]
    steps = [a - b for a, b in zip(lightness, lightness[1:], strict=False)]
    assert min(steps) > 0
    assert lightness[0] == pytest.approx(0.93, abs=0.01) and lightness[-1] == pytest.approx(0.33, abs=0.01)
    assert max(steps) < 1.5 * min(steps)


@pytest.mark.parametrize(("dark", "sign"), [(False, 1), (True, -1)])
def test_ebb_is_symmetric_in_lightness_and_turns_at_zero(dark, sign):
    lightness = [tokens.oklab(tokens.ebb(v / 10, dark=dark))[0] for v in range(-10, 11)]
    rising = [sign * (b - a) for a, b in zip(lightness, lightness[1:], strict=False)]
    assert all(r > 0 for r in rising[:10]) and all(r < 0 for r in rising[10:])
    for left, right in zip(lightness, reversed(lightness), strict=True):
        assert left == pytest.approx(right, abs=0.045)


@settings(deadline=None)
@given(finite, finite)
def test_tide_is_clipped_and_ordered(a, b):
    first, second = (tokens.oklab(tokens.tide(v, -100, 100))[0] for v in sorted((a, b)))
    assert first >= second - 1e-9


@settings(deadline=None)
@given(st.floats(-5, 5))
def test_ebb_class_mirrors(v):
    assert tokens.ebb_class(v, 2) + tokens.ebb_class(-v, 2) in (
        tokens.EBB_CLASSES - 2,
        tokens.EBB_CLASSES - 1,
        tokens.EBB_CLASSES,
    )


def test_scales_refuse_empty_limits():
    with pytest.raises(ValueError, match="hi > lo"):
        tokens.tide(1, 5, 5)
    with pytest.raises(ValueError, match="above 0"):
        tokens.ebb(1, 0)


def test_style_sheet_has_every_token_in_both_modes_and_prints_light():
    sheet = tokens.css()
    screen_dark = sheet[sheet.index("@media screen and (prefers-color-scheme:dark)") :]
    for name, (light, dark) in tokens.TOKENS.items():
        assert f"--{name}:{light}" in sheet.split("@media")[0]
        assert f"--{name}:{dark}" in screen_dark
    for rule in sheet.split("@media")[1:]:
        if "color-scheme:dark" in rule:
            assert rule.strip().startswith("screen")  # dark never reaches paper
    assert sheet.count("{") == sheet.count("}")


def test_numbers_print_as_agreed():
    assert fmt(9.41, "mmHg") == "9.4 mmHg"
    assert fmt(-10.37, "mmHg") == "\u221210.4 mmHg"
    assert fmt(3.4, "mmHg", sign=True) == "+3.4 mmHg"
    assert fmt(None, "mmHg") == fmt(float("nan")) == "not known"
    assert number(-0.0) == "0" and number(-0.001, places=1) == "0.0"
    assert fmt(0, "mmHg", sign=True) == "0 mmHg"
    assert interval(2.8, 4.1, "mmHg") == "2.8 to 4.1 mmHg"
    assert plus_minus(0.74, 0.04, "1") == "0.74 ± 0.04"
    assert fmt(14.2, "mm2") == "14.2 mm²"


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (8.6e-3, "cm", "86 µm"), (4e-8, "cm", "0.40 nm"), (0.00021, "m", "210 µm"), (0.12, "cm", "1.2 mm"),
        (999.6e-9, "m", "1.0 µm"), (1.70, "m", "1.7 m"), (-59e-6, "m", "\u221259 µm"),
    ],
)  # fmt: skip
def test_lengths_choose_their_unit(value, unit, shown):
    assert fmt(value, unit) == shown


@settings(deadline=None)
@given(st.floats(1e-9, 9e-2))
def test_lengths_read_one_to_thousand(metres):
    shown = fmt(metres, "m")
    value = float(shown.split(" ")[0])
    back = value * {"mm": 1e-3, "µm": 1e-6, "nm": 1e-9}[shown.split(" ")[1]]
    assert back == pytest.approx(metres, rel=0.06)
    assert 0.99 <= value < 1000


@settings(deadline=None)
@given(st.floats(-9e4, 9e4).filter(lambda v: abs(v) > 1e-3))
def test_numbers_keep_two_figures_and_never_use_a_hyphen(v):
    shown = fmt(v, "mmHg")
    assert "-" not in shown
    assert float(shown.split(" ")[0].replace("\u2212", "-")) == pytest.approx(v, rel=0.051)
