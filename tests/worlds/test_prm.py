"""The oscillator of H-PRM: a volume at its own rate, which pressure follows."""

import numpy as np
import pytest

from cisterna.model.person import Person
from cisterna.model.solver.machine import enable_cache
from cisterna.physiology.rhythm import PrimaryRhythm
from cisterna.worlds.rhythm import read_rhythm
from cisterna.worlds.start import begin_in
from cisterna.worlds.world import apply_world


def test_the_rate_wanders_by_the_share_said_and_the_volume_starts_at_zero():
    law = PrimaryRhythm(amplitude=2.0, frequency=0.15, wander=0.1, wander_rate=1 / 60)
    t = np.arange(0.0, 600.0, 0.01)
    volume = np.asarray(law.signal(t, {}))
    assert volume[0] == 0.0 and np.ptp(volume) == pytest.approx(4.0, rel=1e-3)
    up = t[1:][(volume[:-1] < 0) & (volume[1:] >= 0)]
    assert 1.0 / np.diff(up).mean() == pytest.approx(0.15, rel=0.01)
    # phi' = 2 pi f (1 + eps cos): the shortest cycle is a tenth faster, the longest a tenth slower.
    assert 1.0 / np.diff(up).min() == pytest.approx(0.165, rel=0.02)
    assert 1.0 / np.diff(up).max() == pytest.approx(0.135, rel=0.02)


def test_an_oscillator_of_its_own_moves_pressure_by_its_volume_over_the_compliance():
    enable_cache()
    start = begin_in(apply_world(Person.typical(), "as-taught", "prm"))
    assert "starts from the rest of the body without it" in start.notes[0]
    reading = read_rhythm(start)
    row = start.person.parameters.peek("csr_upledger")
    assert reading.marker == "volume_brain" and row.low <= reading.rate <= row.high
    assert reading.rate == pytest.approx(row.value, rel=0.05)
    volume = 2.0 * start.person.parameters.value("prm_amplitude")
    assert reading.swing == pytest.approx(volume / start.rest.compliance, rel=0.1)
