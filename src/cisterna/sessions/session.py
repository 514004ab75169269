"""A session: intake, screening, evaluation, holds, re-evaluation, in both worlds, on one person.

    result = run_session(SessionPlan(person=Person.typical(age=42)))

Screening stands first: nothing is simulated past a stop. The model may raise a verdict, never lower it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from cisterna.ground.errors import CisternaError
from cisterna.ground.parameter import default_parameters
from cisterna.ground.units import convert, from_internal
from cisterna.model.person import Person, keep_given
from cisterna.model.solver.march import compile_chunk
from cisterna.protocol.context import Context, skull_touch
from cisterna.protocol.protocol import Protocol
from cisterna.sessions.apart import Apart, apart_or_none
from cisterna.sessions.intake import virtual_client
from cisterna.sessions.onworld import WorldRun, run_seated, run_world
from cisterna.sessions.plans import session_protocol
from cisterna.sessions.recorded import driven
from cisterna.sessions.screening import Screening, raise_with_model, screen
from cisterna.worlds.start import Begun, begin_in
from cisterna.worlds.world import WORLDS, apply_world

if TYPE_CHECKING:
    from cisterna.model.condition import Condition
    from cisterna.model.simulate import Run
    from cisterna.recordings.recording import Recording
    from cisterna.sessions.outcome import SessionResult
    from cisterna.signals.drive import DriveSignals

#: Largest force of a hand, gf: twice what first moved a rabbit's suture (`rabbit_suture_first_move`, 500 gf), a
#: hundred times the largest of the techniques that ship (`touch_5g_force`, to 0.1 N). Ours: above it a unit is wrong.
MOST_FORCE = 1000.0
#: Called with (what happens now, share done 0..1, ICP mmHg or None).
Told = Callable[[str, float, float | None], None]


@dataclass(frozen=True)
class SessionPlan:
    """What a session is asked to be.

    Attributes
    ----------
    person : Person
        Without conditions and hypotheses.
    conditions : tuple of Condition
    protocol : str
        Name of a session that ships, or a TOML file.
    force : str
        Force of every hand, e.g. ``"5 gf"``; "" keeps the protocol's.
    worlds : tuple of str
    rhythm : str
        What makes the rhythm in the world as taught: ``pressurestat`` or ``prm``.
    recording : str
        ``FILE[:CHANNEL]`` that drives heart and breath; "" for the modelled ones.
    units : dict
        Units of channels that the file does not state; key "" for the only channel.
    rate : float or None
        Samples a second, for a file that states none.
    client : dict
        Answers of a real client; empty for a simulated one.
    doctor : str
        What a physician answered, when the verdict is physician first; it is recorded, and lifts that verdict only.
    seed : int
        Of the answers of the hand.
    """

    person: Person
    conditions: tuple[Condition, ...] = ()
    protocol: str = "short"
    force: str = ""
    worlds: tuple[str, ...] = tuple(WORLDS)
    rhythm: str = "pressurestat"
    recording: str = ""
    units: Mapping[str, str] = field(default_factory=dict)
    rate: float | None = None
    client: Mapping[str, Any] = field(default_factory=dict)
    doctor: str = ""
    seed: int = 0
    sex: str = "f"

    def __post_init__(self) -> None:
        if self.seed < 0:
            raise CisternaError("a seed is 0 or more", where="seed", found=str(self.seed), mend="give e.g. --seed 1")

    def protocol_steps(self) -> Protocol:
        """The protocol with the force asked for."""
        protocol = session_protocol(self.protocol)
        if not self.force:
            return _gentle(protocol, self.protocol)
        given: dict[str, Any] = {"force": self.force}
        steps = tuple(replace(s, **given) if s.name in ("hold", "touch") else s for s in protocol.steps)
        return _gentle(replace(protocol, steps=steps), "force")


def _gentle(protocol: Protocol, where: str) -> Protocol:
    """The protocol, once no hand in it is as heavy as no hand is."""
    for step in protocol.steps:
        force = from_internal(float(getattr(step, "force", 0.0)), "gf")
        if force > MOST_FORCE * (1.0 + 1e-9):  # units go to and fro
            known = default_parameters().peek("touch_5g_force")
            largest = convert(known.high, known.unit, "gf")
            found = f"{force:.4g} gf, a weight of {force / 1000:.3g} kg"
            mend = f"the techniques that ship use up to {largest:.2g} gf; give at most {MOST_FORCE:g} gf, e.g. '5 gf'"
            raise CisternaError("no technique uses such a force", where, found, mend)
    return protocol


def _require_body(person: Person) -> None:
    """Refuse a body that a session cannot be held on: it needs a prescribed heartbeat, breath and posture."""
    plan = person.blueprint()
    wanted = {
        "heartbeat that a clock gives": "heart.phase" in plan.periods,
        "breath": "breath.phase" in plan.periods,
        "posture": "tilt" in plan.controls,
    }
    lacking = [name for name, there in wanted.items() if not there]
    if lacking:
        found = f"it has no {', no '.join(lacking)}"
        mend = "use --body whole, or the coarser and faster axis"
        raise CisternaError(f"no session can be held on the body '{person.body}'", "body", found, mend)


def run_session(plan: SessionPlan, told: Told | None = None) -> SessionResult:
    """Run a session.

    Raises
    ------
    CisternaError
        Screening says stop or physician first; a wrong protocol, recording or person; a body out of range.
    """
    from cisterna.sessions.outcome import summarise

    tell = told or (lambda what, share, icp: None)
    protocol = plan.protocol_steps()
    _require_body(plan.person)
    client = dict(plan.client) or virtual_client(plan.person.age, plan.sex, plan.conditions)
    screening = screen(client, complete=True)
    _require(screening, plan)
    drive = measured_drive(plan)
    person = plan.person.with_(*plan.conditions)
    if drive is not None:
        asked, person = person, driven(person, drive)
        keep_given(asked, person, f"the recording {plan.recording}")
    tell("resting state", 0.0, None)
    others = {name: apart_or_none(_prepare, _finish, person, name, plan, protocol) for name in plan.worlds[1:]}
    try:
        first = _begin(person, plan.worlds[0], plan)
        screening = _by_model(screening, first)
        _require(screening, plan)
        begun, runs, seated = _run_all(plan, protocol, person, first, others, tell)
    finally:
        for child in others.values():
            if child is not None:
                child.close()
    tell("evaluation", 1.0, None)
    return summarise(plan, protocol, client, screening, drive, begun, runs, seated)


def _begin(person: Person, name: str, plan: SessionPlan) -> Begun:
    return begin_in(apply_world(person, name, plan.rhythm))


def _require(screening: Screening, plan: SessionPlan) -> None:
    """No session past a stop; physician first is lifted only by what a physician answered."""
    if screening.verdict == "physician_first" and plan.doctor:
        return
    try:
        screening.require_session()
    except CisternaError as error:
        if screening.verdict == "physician_first" and not error.mend:
            error.mend = "see a doctor first; then give what was answered with --doctor"
        raise


def _by_model(screening: Screening, begun: Begun) -> Screening:
    """Raise the verdict by what the model shows at rest; never lower it."""
    rest = begun.rest
    return raise_with_model(screening, {"icp_peak": rest.icp, "compliance": rest.compliance, "pvi": rest.pvi})


def measured_drive(plan: SessionPlan) -> DriveSignals | None:
    """The recording that drives heart and breath, checked; None without one."""
    if not plan.recording:
        return None
    from cisterna.recordings.load import load, split_channel
    from cisterna.signals.drive import heart_and_breath_from

    path, channel = split_channel(plan.recording)
    recording = load(path, units=dict(plan.units), rate=plan.rate)
    if len(recording.signals) == 1 and channel in _DRIVING:
        # A file with one unnamed signal: the channel asked for says what it is.
        recording = recording.renamed({recording.signals[0]: channel})
    return heart_and_breath_from(recording, channel or _only_drive(recording))


#: What can drive heart or breath, the best first.
_DRIVING = ("abp", "ppg", "ecg", "resp", "co2")


def _only_drive(recording: Recording) -> str:
    """The signal that drives when none is named: arterial pressure before pulse, pulse before breath."""
    for kind in _DRIVING:
        for name in recording.signals:
            if name == kind or name.startswith(f"{kind}_"):
                return name
    mend = f"name one, FILE:CHANNEL; for a file with one signal say what it is: {', '.join(_DRIVING)}"
    raise CisternaError("no channel is known to drive heart or breath", found=", ".join(recording.signals), mend=mend)


def _context(begun: Begun, plan: SessionPlan) -> Context:
    import numpy as np

    rest = {name: control.default for name, control in begun.plan.controls.items()}
    person = begun.person
    touch = skull_touch(person.age, person.parameters)
    return Context(person.parameters, person.age, person.body, rest, touch, np.random.default_rng(plan.seed))


#: Called with (world or "", share done, model time s, ICP mmHg).
_Moved = Callable[[str, float, float, float], None]
#: A world made ready to run: its body at rest, its name, and what is to be done.
_Ready = tuple["Begun", str, SessionPlan, Protocol]


def _prepare(person: Person, name: str, plan: SessionPlan, protocol: Protocol) -> _Ready:
    # The world's own program is compiled before the resting state asks for the one that both worlds share: a process
    # that compiles that one at the same time has then left it in the cache.
    compile_chunk(apply_world(person, name, plan.rhythm).network())
    return _begin(person, name, plan), name, plan, protocol


def _finish(ready: _Ready, told: _Moved, seat: Begun | None) -> tuple[Begun, WorldRun, Run | None]:
    """A world's run, and the same time seated in the world `seat`."""
    begun, name, plan, protocol = ready
    inputs, context = begun.schedule.copy(), _context(begun, plan)
    run = run_world(
        name, begun.person, begun.state, inputs, protocol.steps, context, begun.net, told=partial(told, name)
    )
    if seat is None:
        return begun, run, None
    inputs, context = seat.schedule.copy(), _context(seat, plan)
    seated = run_seated(seat.state, inputs, protocol.steps, context, seat.net, told=partial(told, ""))
    return begun, run, seated


def _run_all(
    plan: SessionPlan,
    protocol: Protocol,
    person: Person,
    first: Begun,
    others: Mapping[str, Apart | None],
    tell: Told,
) -> tuple[dict[str, Begun], dict[str, WorldRun], Run]:
    """Every world, side by side where that can be; and staying seated, in the process that has less to do."""
    name = plan.worlds[0]
    done = dict.fromkeys([*plan.worlds, ""], 0.0)
    labels = _labels(protocol, first, plan)

    def moved(world: str, share: float, time: float, icp: float) -> None:
        done[world] = share
        what = f"{_now(labels, time)}, {world}" if world else "the same time seated"
        tell(what, sum(done.values()) / len(done), icp)

    # Posture is textbook: staying seated is told apart in the first world only.
    elsewhere = [child for child in others.values() if child is not None][-1:]
    for child in others.values():
        if child is not None:
            child.go(moved, first if child in elsewhere else None)
    starts, runs, seated = {}, {}, None
    starts[name], runs[name], seated = _finish((first, name, plan, protocol), moved, None if elsewhere else first)
    for other, child in others.items():
        if child is not None:
            starts[other], runs[other], sat = child.result()
        else:
            starts[other], runs[other], sat = _finish(_prepare(person, other, plan, protocol), moved, None)
        seated = sat or seated
    assert seated is not None
    return starts, runs, seated


def _labels(protocol: Protocol, begun: Begun, plan: SessionPlan) -> list[tuple[float, str]]:
    """(end of each step, its words), for telling what happens now."""
    from cisterna.protocol.timeline import lay_out

    timeline = lay_out(protocol.steps, begun.schedule.copy(), _context(begun, plan))
    return [(placed.end, placed.step.words()) for placed in timeline.placed]


def _now(labels: list[tuple[float, str]], time: float) -> str:
    return next((words for end, words in labels if time <= end + 1e-6), labels[-1][1])
