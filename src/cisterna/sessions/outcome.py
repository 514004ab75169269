"""What a session leaves: ICP by cause, stations before and after, touch by touch, in each world."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from cisterna.evaluation import Evaluation, Hand, Inputs, difference, evaluate_stations, skull_motions
from cisterna.evaluation.change import Difference
from cisterna.evaluation.inputs import Rhythm, swing_at
from cisterna.ground.sources import cite
from cisterna.ground.units import from_internal
from cisterna.model.person import Person
from cisterna.model.simulate import Run
from cisterna.physiology.skull import skull_port
from cisterna.physiology.stations import station
from cisterna.physiology.touch_effect import TouchEffect, touch_effect
from cisterna.protocol.protocol import Protocol
from cisterna.sessions.onworld import LISTENED, WorldRun
from cisterna.sessions.screening import Screening
from cisterna.sessions.session import SessionPlan
from cisterna.sessions.technique import technique
from cisterna.signals.drive import DriveSignals
from cisterna.worlds.hypothesis import switched_on, switches
from cisterna.worlds.start import Begun

EVALUATION, REEVALUATION = "evaluation", "re-evaluation"
#: The pressure of a hold is read over `ONSET` s, from `SETTLED` s after its begin: later CSF has moved aside.
SETTLED, ONSET = 2.0, 10.0


@dataclass(frozen=True)
class Cause:
    """A part of what moved ICP.

    Attributes
    ----------
    name : str
        position, rest, breath, heart, touch or hypothesis.
    label : str
    value : float
        mmHg: change of the mean for position, rest and touch; peak to peak for breath, heart and hypothesis.
    low, high : float or None
        Range where one was computed.
    kind : str
        ``change`` or ``swing``.
    """

    name: str
    label: str
    value: float
    low: float | None = None
    high: float | None = None
    kind: str = "change"


@dataclass(frozen=True)
class Held:
    """One hold of the session: what the hands did there.

    Attributes
    ----------
    technique, title : str
    start, end, force : float
        s; mmHg cm2, of each hand.
    effects : dict of TouchEffect
        Station -> static answer at the force used.
    measured : dict of TouchEffect
        The same at the force measured in practice.
    icp : float
        Paired difference of ICP at the beginning of the hold, mmHg: what the hands add before CSF makes room for it;
        over all of the hold in a body with a rhythm of its own.
    """

    technique: str
    title: str
    start: float
    end: float
    force: float
    effects: Mapping[str, TouchEffect]
    measured: Mapping[str, TouchEffect]
    icp: float


@dataclass(frozen=True)
class WorldOutcome:
    """A session in one world, summarised."""

    world: str
    person: Person
    run: WorldRun
    begun: Begun
    hypotheses: tuple[str, ...]
    hand: Hand
    before: Evaluation
    after: Evaluation
    change: Difference
    causes: tuple[Cause, ...]
    holds: tuple[Held, ...]
    numbers: Mapping[str, float]

    @property
    def rhythm(self) -> Cause | None:
        return next((cause for cause in self.causes if cause.name == "hypothesis"), None)


@dataclass(frozen=True)
class SessionResult:
    """Everything a report or a file needs."""

    plan: SessionPlan
    protocol: Protocol
    client: Mapping[str, Any]
    screening: Screening
    drive: DriveSignals | None
    worlds: Mapping[str, WorldOutcome]
    seated: Run
    sources: tuple[str, ...]

    @property
    def first(self) -> WorldOutcome:
        return next(iter(self.worlds.values()))


def summarise(
    plan: SessionPlan,
    protocol: Protocol,
    client: Mapping[str, Any],
    screening: Screening,
    drive: DriveSignals | None,
    begun: Mapping[str, Begun],
    runs: Mapping[str, WorldRun],
    seated: Run,
) -> SessionResult:
    """Evaluate the runs of a session."""
    apart = {name: seated if name == plan.worlds[0] else None for name in runs}
    worlds = {name: _outcome(name, runs[name], begun[name], plan, apart[name]) for name in runs}
    used: dict[str, Any] = {}
    for outcome in worlds.values():
        p = outcome.person.parameters
        used.update(dict.fromkeys(cite(p.used, p)))
    return SessionResult(plan, protocol, client, screening, drive, worlds, seated, tuple(used))


def _outcome(name: str, run: WorldRun, begun: Begun, plan: SessionPlan, seated: Run | None) -> WorldOutcome:
    person = run.person
    on = switched_on(person)
    hand = Hand.as_taught(person.parameters) if name == "as-taught" else Hand.typical(person.parameters)
    windows = {label: _listened(run, label) for label in (EVALUATION, REEVALUATION)}
    inputs = {label: _inputs(run, begun, *window) for label, window in windows.items()}
    before, after = (
        evaluate_stations(inputs[label], hand=hand, seed=plan.seed, parameters=person.parameters) for label in windows
    )
    numbers = _numbers(run, windows)
    holds = _holds(run, begun)
    causes = _causes(run, seated, numbers, holds, on, inputs[EVALUATION])
    return WorldOutcome(
        name, person, run, begun, on, hand, before, after, difference(after, before), causes, holds, numbers
    )


def _listened(run: WorldRun, label: str) -> tuple[float, float]:
    start, end = run.span(label)
    return max(start, end - LISTENED), end


def _inputs(run: WorldRun, begun: Begun, start: float, end: float) -> Inputs:
    """What lies under the hand in a window, from the run itself."""
    window = run.window(start, end)
    p = run.person.parameters
    made = Inputs.of_run(window, run.timeline.schedule, p, skull=skull_motions(skull_port(run.person.age, p)))
    if not switched_on(run.person):
        return made
    rate, swing = _rhythm(window.times, np.asarray(window.signal("icp")), made)
    if not rate:
        return made
    from dataclasses import replace

    return replace(made, rhythm=Rhythm(rate=rate, icp_swing=swing, in_icp=True, name=switched_on(run.person)[-1]))


def _rhythm(times: np.ndarray, icp: np.ndarray, inputs: Inputs) -> tuple[float, float]:
    """(rate 1/min, swing mmHg) of the strongest slow line in ICP that is not the breath; 0 for none."""
    rates = np.arange(3.0, 18.0, 0.25)
    away = np.abs(rates - inputs.breath_rate) > 1.0
    swings = np.array([swing_at(icp, times, rate) for rate in rates[away]])
    best = int(np.argmax(swings))
    return float(rates[away][best]), float(swings[best])


def _numbers(run: WorldRun, windows: Mapping[str, tuple[float, float]]) -> dict[str, float]:
    """Numbers of the session with published ranges beside them."""
    start, end = windows[EVALUATION]
    lying = run.window(start, end)
    intake = run.timeline.placed[0]
    sitting = run.window(max(intake.start, intake.end - 60.0), intake.end)
    made = Inputs.of_run(lying, run.timeline.schedule, run.person.parameters)
    flow = lying.signal("flow_csf.C2")
    beats = 2.0 * 60.0 / made.heart_rate
    step = float(np.median(np.diff(lying.times)))
    # Half of the mean-free absolute flow, per beat; the breath is taken off beat by beat.
    per_beat = max(2, round(60.0 / made.heart_rate / step))
    whole = len(flow) // per_beat * per_beat
    folded = flow[:whole].reshape(-1, per_beat)
    stroke = float((np.abs(folded - folded.mean(axis=1, keepdims=True)).sum(axis=1) * step / 2).mean())
    final = run.window(*windows[REEVALUATION])
    return {
        "icp_seated": float(sitting.signal("icp").mean()),
        "icp_supine": float(lying.signal("icp").mean()),
        "icp_end": float(final.signal("icp").mean()),
        "icp_pulse": made.icp_pulse,
        "icp_breath": made.icp_breath,
        "stroke_c2": stroke,
        "cbf": float(lying.signal("cbf").mean()) * 60.0,
        "heart_rate": made.heart_rate,
        "breath_rate": made.breath_rate,
        "beat": beats / 2.0,
    }


def _holds(run: WorldRun, begun: Begun) -> tuple[Held, ...]:
    found = []
    p = run.person.parameters
    restless = any(switch.hypothesis.self_sustained for switch in switches(run.person))
    for placed in run.timeline.placed:
        step: Any = placed.step
        if step.name != "hold":
            continue
        made = technique(step.technique)
        # A touch shifts the turns of a rhythm of its own: there only the mean over the hold tells of the touch.
        last = placed.end if restless else min(placed.start + SETTLED + ONSET, placed.end)
        inside = (run.run.times > placed.start + SETTLED) & (run.run.times < last)
        effects, measured = {}, {}
        for name, way in made.hands.items():
            effects[name] = _effect(run.person, name, step.force, way, begun)
            measured[name] = _effect(run.person, name, practice_force(name, p), way, begun)
        found.append(
            Held(
                made.name, made.title, placed.start, placed.end, step.force, effects, measured,
                float(run.touch[inside].mean()) if inside.any() else 0.0,
            )
        )  # fmt: skip
    return tuple(found)


def practice_force(name: str, parameters: Any) -> float:
    """Force of measured practice at a station, mmHg cm2: the largest mean pressure of experts times the contact."""
    from cisterna.physiology.stations import force_levels

    levels = force_levels(station(name), parameters)
    return float(levels["practice"][2])


def _effect(person: Person, name: str, force: float, way: str, begun: Begun) -> TouchEffect:
    return touch_effect(person.age, name, force, way, begun.rest.icp, begun.rest.compliance, person.parameters)


def _causes(
    run: WorldRun,
    seated: Run | None,
    numbers: Mapping[str, float],
    holds: tuple[Held, ...],
    on: tuple[str, ...],
    inputs: Inputs,
) -> tuple[Cause, ...]:
    start, end = _listened(run, REEVALUATION)
    touch = max((held.icp for held in holds), key=abs, default=0.0)
    biggest = max(holds, key=lambda held: abs(held.icp), default=None)
    # The static range belongs to a body that keeps still; a rhythm of its own answers a touch otherwise.
    low, high = _range(biggest) if not on else (None, None)
    causes = []
    if seated is not None:
        stayed = seated.signal("icp")[(seated.times > start) & (seated.times <= end)].mean()
        causes.append(Cause("position", "Position (sitting to lying)", float(numbers["icp_end"] - stayed)))
        causes.append(Cause("rest", "Rest (drift had the person stayed seated)", float(stayed - numbers["icp_seated"])))
    causes.append(Cause("breath", "Breath, peak to peak", numbers["icp_breath"], kind="swing"))
    causes.append(Cause("heart", "Heart, peak to peak", numbers["icp_pulse"], kind="swing"))
    causes.append(Cause("touch", f"Touch, {_gf(biggest)}, largest of the holds", touch, low, high))
    if on and inputs.rhythm is not None:
        label = f"{on[-1]}, {inputs.rhythm.rate:.3g}/min, peak to peak"
        causes.append(Cause("hypothesis", label, inputs.rhythm.icp_swing, kind="swing"))
    return tuple(causes)


def _gf(held: Held | None) -> str:
    return "none" if held is None else f"{from_internal(held.force, 'gf'):.3g} gf each hand"


def _range(held: Held | None) -> tuple[float | None, float | None]:
    """Range of the static answer of all hands of a hold together."""
    if held is None or not held.effects:
        return None, None
    low = math.fsum(effect.icp.low for effect in held.effects.values())
    high = math.fsum(effect.icp.high for effect in held.effects.values())
    return low, high
