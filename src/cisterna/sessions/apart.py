"""The runs of a session side by side: one world here, each further one in a process of its own.

A world's run is hundreds of thousands of small steps in a row, which one core does; two cores do two worlds at
once. The child imports and finds its resting state at once, then waits for the word to go on, so that nothing
runs past a screening that the model raises. It is started as this module, never as the caller's script. Where no
process can be had, or a part of the plan is known to the caller's script only, the runs follow each other here.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import IO, Any

from cisterna.ground.errors import CisternaError

#: Called with whatever the run tells of its progress.
Told = Callable[..., None]


class Apart:
    """One call in a process of its own.

    Parameters
    ----------
    prepare, finish : callable
        Functions a module can be asked for by name: ``finish(prepare(*arguments), told, more)`` is run in the
        child, `finish` only after `go`, which brings `more`.
    arguments : tuple
        Picklable.
    """

    def __init__(self, prepare: Callable[..., Any], finish: Callable[..., Any], *arguments: Any) -> None:
        from cisterna.model.solver.machine import processors, programs_folder

        task = pickle.dumps((programs_folder(), _beside(processors()), prepare, finish, arguments))
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", __name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
            start_new_session=True,  # an interrupt is the caller's, who then ends the child
        )
        self._answer: tuple[str, Any] = ("ended", None)
        self._told: Told = lambda *_: None
        self._write(task)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def go(self, told: Told, more: Any = None) -> None:
        """Let the child go on, its progress told as it comes (from a thread of this process)."""
        self._told = told
        self._write(pickle.dumps(("go", more)))

    def result(self) -> Any:
        """What `finish` gave; an error of the child is raised here.

        Raises
        ------
        CisternaError
            What the run raised, or the process ended without an answer.
        """
        self._reader.join()
        kind, value = self._answer
        self.close()
        if kind == "done":
            return value
        if kind == "error":
            raise value
        raise CisternaError("the process of one world ended without an answer", mend="run one --world at a time")

    def close(self) -> None:
        """End the child, whatever it does."""
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                try:
                    stream.close()
                except OSError:
                    pass  # what was still to be written to a dead child

    def _write(self, message: bytes) -> None:
        stream = self._process.stdin
        assert stream is not None
        try:
            stream.write(message)
            stream.flush()
        except OSError:
            pass  # it has ended: `result` says so

    def _read(self) -> None:
        stream = self._process.stdout
        assert stream is not None
        while True:
            try:
                kind, value = pickle.load(stream)
            except (EOFError, OSError, ValueError, pickle.UnpicklingError):
                return  # it has ended: `result` says so
            if kind != "told":
                self._answer = (kind, value)
                return
            try:
                self._told(*value)
            except BaseException as stop:  # who listens may stop the run: raised where the result is asked for
                self._answer = ("error", stop)
                self._process.kill()
                return


def apart_or_none(prepare: Callable[..., Any], finish: Callable[..., Any], *arguments: Any) -> Apart | None:
    """`Apart`, or None where it cannot serve: one processor, or a part that only the caller's script knows."""
    from cisterna.model.solver.machine import processors

    script_only = b"__main__" in pickle.dumps(arguments) if _picklable(arguments) else True
    if len(processors()) < 2 or script_only:
        return None
    try:
        return Apart(prepare, finish, *arguments)
    except OSError:  # no process to be had
        return None


def _beside(known: list[int]) -> int:
    """A processor for the child: the next after the one this process keeps to, if it does."""
    mine = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else known
    return known[(known.index(mine[0]) + 1) % len(known)]


def _picklable(thing: Any) -> bool:
    try:
        pickle.dumps(thing)
    except (pickle.PicklingError, AttributeError, TypeError):
        return False
    return True


def _serve(source: IO[bytes], sink: IO[bytes]) -> None:
    """The child's program: read the task, prepare, wait for the word, finish, answer."""
    from cisterna.model.solver.machine import keep_programs, one_processor

    def say(kind: str, value: Any) -> None:
        sink.write(pickle.dumps((kind, value)))
        sink.flush()

    folder, processor, prepare, finish, arguments = pickle.load(source)
    one_processor(processor)
    if folder is not None:
        keep_programs(folder)
    try:
        ready = prepare(*arguments)
        word, more = pickle.load(source)
        if word == "go":
            say("done", finish(ready, lambda *now: say("told", now), more))
    except (EOFError, BrokenPipeError, KeyboardInterrupt):
        return  # the caller is gone, or does not go on
    except CisternaError as error:  # as the plain kind, which any process can rebuild
        say("error", CisternaError(error.what, error.where, error.found, error.mend))
    except Exception as error:
        say("error", RuntimeError(f"{type(error).__name__}: {error}"))


if __name__ == "__main__":
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # a stray print must not stand between the answers
    _serve(sys.stdin.buffer, answers)
