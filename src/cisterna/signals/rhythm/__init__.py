"""The rhythm: is there a slow one beyond breath, heart and pressure waves, and do examiners agree on it?

`rhythm` asks a record; `slow_rhythm` describes a wave cycle by cycle; `record_needed` says how long a record must
be; `false_positives` and `recovery` measure how often the answer is wrong. Agreement of examiners: `icc`,
`limits_of_agreement`, `kappa`; of marks with an instrument: `ratio_test`.
"""

from cisterna.signals.rhythm.agreement import Limits, icc, icc_interval, limits_of_agreement
from cisterna.signals.rhythm.holm import holm, holm_results
from cisterna.signals.rhythm.kappa import crossed, kappa
from cisterna.signals.rhythm.multitaper import coherence, line_test, partial_coherence, transform
from cisterna.signals.rhythm.power import (
    amplitude_ratio,
    binomial_power,
    coherence_critical,
    coherence_found,
    coherence_power,
    persons_needed,
    record_needed,
    segments_needed,
)
from cisterna.signals.rhythm.raters import predicted_icc, simulated_ratings
from cisterna.signals.rhythm.ratio import (
    RatioTest,
    agrees,
    independent_rates,
    locking,
    null_share,
    rate_of_marks,
    ratio_test,
)
from cisterna.signals.rhythm.references import on_clock
from cisterna.signals.rhythm.slow import SlowRhythm, peak_frequency, slow_rhythm
from cisterna.signals.rhythm.surrogates import surrogate
from cisterna.signals.rhythm.test import RhythmTest, rhythm
from cisterna.signals.rhythm.trials import false_positives, recovery, recovery_in
from cisterna.signals.rhythm.wavelet import morlet, wavelet_coherence

__all__ = [
    "Limits",
    "RatioTest",
    "RhythmTest",
    "SlowRhythm",
    "agrees",
    "amplitude_ratio",
    "binomial_power",
    "coherence",
    "coherence_critical",
    "coherence_found",
    "coherence_power",
    "crossed",
    "false_positives",
    "holm",
    "holm_results",
    "icc",
    "icc_interval",
    "independent_rates",
    "kappa",
    "limits_of_agreement",
    "line_test",
    "locking",
    "morlet",
    "null_share",
    "on_clock",
    "partial_coherence",
    "peak_frequency",
    "persons_needed",
    "predicted_icc",
    "rate_of_marks",
    "ratio_test",
    "record_needed",
    "recovery",
    "recovery_in",
    "rhythm",
    "segments_needed",
    "simulated_ratings",
    "slow_rhythm",
    "surrogate",
    "transform",
    "wavelet_coherence",
]
