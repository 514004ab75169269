"""The report of an evaluation: a recording on one self-contained page, measured or simulated alike.

What the recording holds is shown; what it does not hold is said in words, with what would be needed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from cisterna import __version__
from cisterna.outside import evaluation_pictures as pictures
from cisterna.outside import evaluation_tables as tables
from cisterna.outside.evaluation_tables import bounds, label, said, span_text
from cisterna.outside.evaluation_words import DISCLAIMER, finding, finding_words, key_rows, lookup, sentence
from cisterna.outside.figures.numerals import fmt
from cisterna.outside.figures.page import block, figure, key_numbers, page, panel, paragraph
from cisterna.outside.figures.signs import verdict_sign
from cisterna.outside.figures.svg import Html
from cisterna.outside.figures.tables import table
from cisterna.signals.evaluate import RecordingEvaluation

#: Pulses, spectra and indices over time that get a picture.
_PULSES, _SPECTRA = 4, 4
_OVER_TIME = ("rap", "prx", "mx", "mxa", "cpp")
_VERDICTS = {"rhythm": "supported", "no rhythm": "contradicted", "undecided": "undecided"}


def evaluation_page(evaluation: RecordingEvaluation, *, seconds: float, date: str) -> str:
    """The report as one HTML text.

    Parameters
    ----------
    seconds : float
        How long the evaluation took, s.
    date : str
        Day of the evaluation, as printed.
    """
    e = evaluation
    sections: list[Any] = [{"html": f} for f in _findings(e)]
    if keys := _keys(e):
        sections.append({"html": key_numbers(keys)})
    sections += _trend(e) + _pulses(e) + _spectra(e) + _over_time(e) + _reactivity(e) + _infusion(e) + _rhythm(e)
    sections += _flow(e)
    untold = [r for r in e.results if not math.isfinite(r.value)]
    found = len(e.results) - len(untold)
    sections.append({"title": f"All {found} numbers", "note": _RESULTS_NOTE, "html": tables.results_table(e.results)})
    absent = _absent(e)
    if absent or untold:
        head = f"{len(untold)} numbers that were looked for and are not told"
        more = f"<details><summary>{head}</summary>{tables.untold_table(untold)}</details>" if untold else ""
        sections.append({"title": "What this recording does not tell", "html": [_list(absent), Html(more)]})
    quality = [tables.quality_table(e), tables.faults_table(e)] if e.channels else [paragraph("No channel.")]
    sections.append({"title": "Quality of each signal", "note": _QUALITY_NOTE, "html": quality})
    sections.append({"title": "Methods", "html": tables.methods_text(e)})
    sections.append({"title": "Provenance", "html": tables.provenance_table(e, seconds)})
    seed = e.provenance.get("seed", 0)
    return page(
        finding(e), _subtitle(e), sections,
        footer=f"cisterna {__version__} · {tables.origin_text(e).lower()} · seed {seed} · {seconds:.1f} s",
        meta=[date, f"seed {seed}"], kind="recording report",
    )  # fmt: skip


_RESULTS_NOTE = "With 95 % interval where one can be given; n counts what a number rests on, as its definition says."
_QUALITY_NOTE = "Share of time. Where several faults hold at once the gravest is charged. Nothing is filled in."


# ---- parts ----------------------------------------------------------------------------------------------
def _subtitle(e: RecordingEvaluation) -> str:
    names = pictures.drawn_order(list(e.channels) or list(e.flow))
    listed = ", ".join(label(n) for n in names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")
    parts = [tables.origin_text(e), e.title, f"{listed}, {span_text(e.duration)}"]
    return " · ".join(p for p in parts if p)


def _keys(e: RecordingEvaluation) -> list[tuple[str, str, str, str]]:
    return [(words, v, u, f"95 % {span}" if span else "no interval") for words, v, u, span, _ in key_rows(e)]


def _findings(e: RecordingEvaluation) -> list[Html]:
    boxes = [panel("care", *finding_words(f)) for f in e.findings if f.grave]
    light = [f for f in e.findings if not f.grave]
    if light:
        text = " ".join(" ".join(finding_words(f)) for f in light)
        boxes.append(panel("care", "To keep in mind.", text))
    boxes.append(Html(f'<p class="note">{DISCLAIMER} Nothing here is a diagnosis.</p>'))
    return boxes


def _trend(e: RecordingEvaluation) -> list[dict[str, Any]]:
    drawing, note = pictures.trend_picture(e)
    if not drawing:
        return []
    return [{"title": "Trend and quality", "note": note, "html": figure(drawing)}]


def _pulses(e: RecordingEvaluation) -> list[dict[str, Any]]:
    out = []
    names = pictures.drawn_order([n for n, p in e.channels.items() if p.pulse is not None])
    for name in names[:_PULSES]:
        shape = e.channels[name].pulse
        assert shape is not None
        marks = shape.landmarks
        missing = [n for n, p in (("P1", marks.p1), ("P2", marks.p2), ("P3", marks.p3)) if p is None]
        note = f"Thick: mean of {len(shape.feet):,} beats; thin: {min(len(shape.feet), pictures.BEATS)} of them."
        note += f" {', '.join(missing)} not found." if missing else ""
        numbers = tables.picked(r for r in e.results if r.id.startswith("pulse_") and r.channel == name)
        drawing = figure(pictures.pulse_picture(shape, 0), numbers=numbers)
        out.append({"title": f"Mean pulse of {label(name)}", "note": note, "html": drawing, "span": 6})
    return out


def _spectra(e: RecordingEvaluation) -> list[dict[str, Any]]:
    out: list[dict[str, Any]] = []
    for name in pictures.drawn_order(list(e.spectra)):
        found = e.spectra[name]
        drawing = pictures.spectrum_picture(name, found, e.channels[name].channel.unit)
        if not drawing or len(out) >= _SPECTRA:
            continue
        powers = [r for r in e.results if r.id.startswith("power_") and r.channel == name]
        count = f"{found.segments} segment{'s' * (found.segments != 1)}"
        note = f"{count} of {fmt(found.segment, 's')}, both axes by decades."
        html = figure(drawing, numbers=tables.picked(powers))
        out.append({"title": f"Spectrum of {label(name)}", "note": note, "html": html, "span": 6})
    return out


def _over_time(e: RecordingEvaluation) -> list[dict[str, Any]]:
    drawings = []
    for id in _OVER_TIME:
        series = next((s for (name, _), s in e.series.items() if name == id), None)
        drawing = pictures.series_picture(series, e.duration) if series is not None else ""
        if drawing and series is not None:
            whole = lookup(e, id, "")
            head = f"{label(id)} over time" + (f": {said(whole)} over all" if whole is not None else "")
            drawings.append(block(head, figure(drawing)))
    if not drawings:
        return []
    note = paragraph("Bands are 95 % intervals of a window; correlations share one scale.", True)
    return [{"html": [*drawings, note]}]


def _reactivity(e: RecordingEvaluation) -> list[dict[str, Any]]:
    found = e.reactivity
    drawing = pictures.reactivity_picture(found) if found is not None else ""
    if found is None or not drawing:
        return []
    columns: list[Any] = [
        {"key": k, "label": w, "unit": u, "number": True}
        for k, w, u in (("cpp", "CPP", "mmHg"), ("prx", "PRx", ""), ("low", "95 % from", ""), ("high", "to", ""),
                        ("share", "Values", "%"))
    ]  # fmt: skip
    rows = [{**r, "share": 100 * r["share"]} for r in found.table()]
    few = int((~found.used).sum())
    optimum = lookup(e, "cppopt", "icp")
    text = (
        f"Best where PRx is lowest: CPPopt {said(optimum)}" + (f" (95 % {bounds(optimum)})." if bounds(optimum) else
        "; no interval can be given.") if optimum is not None else f"No CPPopt: {found.reason}."
    )  # fmt: skip
    note = "Bins of 5 mmHg with 95 % interval."
    note += f" {few} bins hold too few values and are left out." if few else ""
    html = [paragraph(text), figure(drawing, numbers=table(columns, rows))]
    return [{"title": "PRx against CPP", "note": note, "html": html, "span": 6}]


def _infusion(e: RecordingEvaluation) -> list[dict[str, Any]]:
    test = e.infusion
    if test is None:
        return []
    known = {w: r for id, w in (("rout", "Rout"), ("elastance", "elastance"), ("pvi", "PVI"), ("p0", "P0"),
             ("production", "production"), ("icp_baseline", "ICP at rest"), ("icp_plateau", "plateau"))
             for r in test.results if r.id == id and math.isfinite(r.value)}  # fmt: skip
    how = {"pressure": "found from the pressure alone", "events": "from the marks of the file", "stated": "as stated"}
    note = f"Times {how.get(test.phases.how, test.phases.how)}. Band: 95 % interval of the mean pressure."
    drawing = figure(pictures.infusion_picture(test), numbers=tables.picked(test.results))
    html = [paragraph(pictures.told(known)), drawing, _list(test.remarks)]
    return [{"title": f"{sentence(test.phases.kind)} test and fit", "note": note, "html": html}]


def _rhythm(e: RecordingEvaluation) -> list[dict[str, Any]]:
    out: list[Html] = []
    for name, test in e.rhythm.items():
        drawings = pictures.rhythm_pictures(name, test)
        sign = verdict_sign(_VERDICTS[test.verdict], f"{test.verdict}: ")
        removed = f"Removed before: {_listed(test.removed)}." + (
            f" Not recorded, so not removed: {_listed(test.missing)}." if test.missing else "")  # fmt: skip
        words = Html(f"<p>{sign}{paragraph(test.why + '.')[3:]}")
        html: list[Html] = [words, paragraph(removed, True)]
        if drawings:
            html.append(figure(*drawings, numbers=tables.picked(test.results)))
        out.append(block(f"Is there a slow rhythm in {label(name)}?", *html))
    note = (
        "The largest line of the band after breath, heart and arterial pressure are taken out, against surrogates. "
        "Where a line is broken the sources explain nearly everything: nothing is looked for there. Each signal is "
        "tested at 5 %: of twenty without a rhythm one passes by chance."
    )
    return [{"html": [*out, paragraph(note, True)]}] if out else []


def _flow(e: RecordingEvaluation) -> list[dict[str, Any]]:
    return [
        {"title": f"{sentence(label(name))} over the cycle", "span": 6,
         "html": figure(pictures.flow_picture(name, curve),
                        numbers=tables.picked(r for r in e.results if r.channel == name))}
        for name, curve in e.flow.items()
    ]  # fmt: skip


def _absent(e: RecordingEvaluation) -> list[str]:
    """Parts of a report that this recording cannot fill, each with the reason."""
    out = [f"{label(name)} was left out: {why}" for name, why in e.left_out.items()]
    if "icp" not in e.channels:
        out.append("RAP, PRx, CPP, CPPopt, doses and waves need intracranial pressure (icp)")
    elif "abp" not in e.channels:
        out.append("PRx, PAx, RAC, CPP and CPPopt need arterial pressure (abp) as well")
    if e.infusion is None:
        out.append(f"Infusion test: {e.infusion_why}")
    if not e.rhythm:
        out.append("Slow rhythm: no signal in which one is sought")
    curves = [r for r in e.results if r.id == "stroke_volume" and not math.isfinite(r.value)]
    out += [f"Flow over the cycle, {label(r.channel)}: {r.note}" for r in curves]
    if not e.flow and not curves:
        out.append("Flow over the cycle: no flow with beats beside it and no flow curve")
    broken = [n for n in e.channels if n in e.spectra and e.spectra[n].segments == 0]
    out += [
        f"Spectrum of {label(n)}: no stretch of {fmt(e.spectra[n].segment, 's')} without a missing sample"
        for n in broken
    ]
    silent = [n for n, p in e.channels.items() if p.pulse is None and p.pulse_why and "of this kind" not in p.pulse_why]
    out += [f"Mean pulse of {label(n)}: {e.channels[n].pulse_why}" for n in silent]
    return out


def _list(items: Sequence[str]) -> Html:
    from html import escape

    return Html("<ul>" + "".join(f"<li>{escape(sentence(t))}.</li>" for t in items) + "</ul>" if items else "")


def _listed(items: Sequence[str]) -> str:
    return ", ".join(items) or "nothing"
