"""The report of an evaluation: what is there is shown with its interval, what is not is said, nothing is joined."""

import math
import re

import numpy as np
import pytest
from figure_check import NS, checked, texts

from cisterna.outside import evaluation_tables as tables
from cisterna.outside.evaluation_pictures import BEATS, bands_of, pulse_picture, reactivity_picture
from cisterna.outside.evaluation_report import evaluation_page
from cisterna.outside.evaluation_words import DISCLAIMER, finding, key_rows
from cisterna.outside.figures.histogram import histogram
from cisterna.outside.figures.trend import trend
from cisterna.recordings.recording import Recording
from cisterna.signals.evaluate import evaluate
from cisterna.signals.indices.cppopt import reactivity_by_cpp
from cisterna.signals.result import Result

RATE = 50.0


def beat(t, per_minute=72.0):
    phase = (t * per_minute / 60.0) % 1.0
    humps = ((1.0, 0.13, 0.075), (0.78, 0.27, 0.1), (0.5, 0.45, 0.13), (0.16, 0.7, 0.2))
    return sum(h * np.exp(-(((phase - c) / w) ** 2)) for h, c, w in humps)


def both(seconds=1500.0, origin="measured"):
    t = np.arange(0, seconds, 1 / RATE)
    rng = np.random.default_rng(1)
    wave = np.sin(2 * np.pi * t / 75) + 0.5 * np.sin(2 * np.pi * t / 47)
    abp = 85 + 5 * wave + 38 * beat(t) + rng.normal(0, 0.3, t.size)
    icp = 11 + wave + 5 * beat(t) + rng.normal(0, 0.05, t.size)
    icp[int(700 * RATE) : int(820 * RATE)] = np.nan
    rec = Recording().with_title("made <b>").with_signal("abp", abp, rate=RATE, unit="mmHg", level_ref="heart",
                                                         origin=origin)  # fmt: skip
    return rec.with_signal("icp", icp, rate=RATE, unit="mmHg", level_ref="foramen_monro", origin=origin)


@pytest.fixture(scope="module")
def evaluation():
    return evaluate(both())


@pytest.fixture(scope="module")
def html(evaluation):
    return evaluation_page(evaluation, seconds=1.0, date="28 Nov 2026")


def drawings(html):
    return re.findall(r"<svg xmlns.*?</svg>(?=</figure>|<svg|</div>|<details|<figcaption)", html, re.S)


def test_one_page_that_needs_nothing_else(html):
    assert "<script" not in html and "@import" not in html and not re.search(r'(?:src|href)="(?!#)', html)
    assert "prefers-color-scheme:dark" in html.replace(" ", "") and "@media print" in html
    assert len(html) < 1_000_000
    found = drawings(html)
    assert len(found) >= 9
    for drawing in found:
        checked(drawing)
    ids = re.findall(r' id="([^"]+)"', html)
    assert len(ids) == len(set(ids))


def test_order_of_the_report(html):
    heads = re.findall(r"<h[12]>([^<]+)</h[12]>", html)
    wanted = ["Mean ICP", "Trend and quality", "Mean pulse of ICP", "Spectrum of ICP", "RAP over time", "PRx over time",
              "PRx against CPP", "Is there a slow rhythm in ICP?", "All ", "What this recording does not tell",
              "Quality of each signal", "Methods", "Provenance"]  # fmt: skip
    at = [next(i for i, h in enumerate(heads) if h.startswith(w)) for w in wanted]
    assert at == sorted(at), heads


def test_what_is_said_once_and_plainly(html, evaluation):
    assert html.count(DISCLAIMER) == 1
    assert "Measured recording" in html and "imulated" not in html.split("Methods")[0]
    assert "made &lt;b&gt;" in html and "made <b>" not in html
    assert "no infusion test found" in html and "no event that names one" in html
    simulated = evaluation_page(evaluate(both(60.0, "simulated")), seconds=1.0, date="")
    assert "Simulated recording, computed, nobody was measured" in simulated


def test_every_known_number_stands_in_the_table_and_every_other_with_its_reason(html, evaluation):
    body = html[html.index("All ") :]
    for r in evaluation.results:
        assert f"<code>{r.id}</code>" in body, r.id
        if not math.isfinite(r.value):
            assert r.note.split(";")[0][:40].replace("'", "&#x27;").replace(">", "&gt;") in body, r.id
    for source in evaluation.sources:
        assert source.split(";")[0].split("&")[0] in html
    assert "parameters idx_" not in html


def test_key_numbers_carry_interval_and_unit(evaluation):
    rows = {words: (value, unit, span) for words, value, unit, span, _ in key_rows(evaluation)}
    assert len(rows) == 5 and rows["Mean ICP"][1] == "mmHg"
    low, high = (float(x) for x in rows["Mean ICP"][2].split(" to "))
    assert low <= float(rows["Mean ICP"][0]) <= high
    assert finding(evaluation).startswith("Mean ICP ") and "PRx" in finding(evaluation)


def test_missing_signal_is_hatched_and_never_joined(html):
    """No piece of the ICP line reaches over the gap of 700 to 820 s; a hatched stretch lies there."""
    root = checked(next(d for d in drawings(html) if 'id="trend"' in d))
    row = next(e for e in root.iter() if e.get("id") == "trend-row-0")
    hatched = [r for r in row.iter(NS + "rect") if "trend-gap" in (r.get("fill") or "")]
    left, wide = float(hatched[0].get("x")), float(hatched[0].get("width"))
    line = next(p for p in row.iter(NS + "path") if "s-fluid" in (p.get("class") or ""))
    pieces = [[float(xy.split()[0]) for xy in piece.split("L")] for piece in line.get("d").split("M")[1:]]
    assert len(pieces) == 2 and wide > 50
    assert max(pieces[0]) <= left + 1 and min(pieces[1]) >= left + wide - 1
    assert "no signal" in texts(root)


def test_beats_behind_the_mean_pulse_are_few_and_the_peaks_are_marked(evaluation):
    shape = evaluation.channels["icp"].pulse
    root = checked(pulse_picture(shape, 0))
    faint = [p for p in root.iter(NS + "path") if p.get("stroke-opacity") == "0.25"]
    assert len(shape.beats) > BEATS == len(faint)
    assert {"P1", "P2", "P3"} <= set(texts(root))
    marks = {n: getattr(shape.landmarks, n) for n in ("p1", "p2", "p3")}
    tops = [float(c.get("cy")) for c in root.iter(NS + "circle")]
    assert tops == sorted(tops) and marks["p1"].height > marks["p2"].height > marks["p3"].height


def test_a_short_recording_and_one_without_any_pressure_have_a_page():
    t = np.arange(0, 14, 1 / RATE)
    rec = Recording().with_signal("abp", 80 + 30 * beat(t), rate=RATE, unit="mmHg", level_ref="heart")
    html = evaluation_page(evaluate(rec), seconds=1.0, date="")
    assert "one sample only" not in html and "RAP, PRx, CPP, CPPopt, doses and waves need" in html
    slow = Recording().with_signal("etco2", np.full(40, 38.0), rate=1.0, unit="mmHg")
    html = evaluation_page(evaluate(slow), seconds=1.0, date="")
    assert "<h1>1 signals" not in html and "Slow rhythm: no signal in which one is sought" in html


def test_cppopt_is_drawn_where_there_is_one_and_left_out_where_not():
    cpp = np.tile(np.arange(50.5, 100.0), 10)
    found = reactivity_by_cpp(cpp, np.tanh(0.001 * (cpp - 75) ** 2 - 0.2), times=50)
    root = checked(reactivity_picture(found))
    assert any("CPPopt 75" in text for text in texts(root))
    falling = reactivity_by_cpp(cpp, np.tanh(-0.001 * (cpp - 75) ** 2), times=50)
    drawing = reactivity_picture(falling)
    assert not any("CPPopt" in text for text in texts(checked(drawing))) and "opens downwards" in drawing
    assert not [p for p in checked(drawing).iter(NS + "path") if p.get("d")]  # no curve that was rejected


def test_a_day_is_a_small_drawing_and_keeps_its_extremes():
    n = 8640
    t = (np.arange(n) + 0.5) / 360.0
    rng = np.random.default_rng(0)
    y = 10 + rng.normal(0, 0.5, n)
    y[5000] = 42.0
    faults = [(a, a + 0.001) for a in rng.uniform(0, 24, 20_000)]
    row = {"name": "ICP", "unit": "mmHg", "t": t, "y": y, "low": y - 2, "high": y + 3, "faults": faults}
    drawing = trend([row], span=(0.0, 24.0), time_unit="h")
    root = checked(drawing)
    assert len(drawing) < 150_000
    line = max((p.get("d") for p in root.iter(NS + "path") if p.get("stroke") not in (None, "none")), key=len)
    heights = [float(xy.split()[1]) for piece in line.split("M")[1:] for xy in piece.split("L")]
    assert min(heights) < 40 < np.median(heights)  # the spike of one epoch still stands out


def test_histogram_counts_every_value_and_goes_to_decades_for_a_far_mark():
    values = np.random.default_rng(0).gamma(4.0, 1.0, 199)
    root = checked(histogram(values, x_label="x", mark=(400.0, "observed")))
    bars = [r for r in root.iter(NS + "rect") if "f-rest" in (r.get("class") or "")]
    one = min(float(b.get("height")) for b in bars)  # the rarest bars hold one value
    assert sum(round(float(b.get("height")) / one) for b in bars) == 199
    assert "100" in texts(root) and "observed" in texts(root)


def test_bands_are_clipped_to_what_the_spectrum_reaches():
    assert [b["label"] for b in bands_of(0.1, 5.0)] == ["Mayer", "breath", "heart"]
    assert min(b["from"] for b in bands_of(0.1, 5.0)) == 0.1
    assert bands_of(4.0, 5.0) == []


@pytest.mark.parametrize(
    ("value", "low", "high", "said", "span"),
    [
        (12.123, 11.953, 12.291, "12.1", "12.0 to 12.3"),
        (84.594, 84.5928, 84.5953, "84.59", "84.59 to 84.60"),
        (17.11, -0.5, 34.73, "17", "−0 to 35"),
        (1.0, 1.0, 1.0, "1", "1 to 1"),
        (0.0, 0.0, 0.0, "0", "0 to 0"),
        (float("nan"), float("nan"), float("nan"), "not known", ""),
        (3.2e-7, 1e-7, 5e-7, "3.2 × 10⁻⁷", "1.0 × 10⁻⁷ to 5.0 × 10⁻⁷"),
    ],
)
def test_a_value_has_the_decimals_its_interval_allows(value, low, high, said, span):
    r = Result("mean", "icp", value, "mmHg", low, high)
    assert tables.value(r) == said and tables.bounds(r).replace("−0 ", "0 ") == span.replace("−0 ", "0 ")


def test_tables_of_series_hold_every_window(evaluation):
    lines = tables.series_csv(evaluation).splitlines()
    assert len(lines) - 1 == sum(s.value.size for s in evaluation.series.values())
    prx = [line.split(",") for line in lines if line.startswith("prx,")]
    known = evaluation.series["prx", "icp:abp"]
    told = np.array([float(row[3]) if row[3] else np.nan for row in prx])
    np.testing.assert_allclose(told, known.value, rtol=1e-7)
