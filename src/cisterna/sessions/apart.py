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


#: Children that were started ahead of their task.
_ahead: list[subprocess.Popen[bytes]] = []


def start_ahead() -> None:
    """Start a child before there is a task for it: it loads what is large while this process does the same."""
    if not _ahead and _several():
        try:
            _ahead.append(_start())
        except OSError:
            pass  # no process to be had: `apart_or_none` finds out too


def _several() -> bool:
    from cisterna.model.solver.machine import processors

    return len(processors()) > 1


def _start() -> subprocess.Popen[bytes]:
    """A child that waits for its task, on the processor after the one this process would keep to."""
    from cisterna.model.solver.machine import processors

    known = processors()
    return subprocess.Popen(
        [sys.executable, "-P", "-m", __name__, str(known[(os.getpid() + 1) % len(known)])],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
        start_new_session=True,  # an interrupt is the caller's, who then ends the child
    )


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
        from cisterna.model.solver.machine import programs_folder

        task = pickle.dumps((programs_folder(), prepare, finish, arguments))
        waiting = _ahead.pop() if _ahead else None
        self._process = waiting if waiting is not None and waiting.poll() is None else _start()
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
    script_only = b"__main__" in pickle.dumps(arguments) if _picklable(arguments) else True
    if not _several() or script_only:
        return None
    try:
        return Apart(prepare, finish, *arguments)
    except OSError:  # no process to be had
        return None


def _picklable(thing: Any) -> bool:
    try:
        pickle.dumps(thing)
    except (pickle.PicklingError, AttributeError, TypeError):
        return False
    return True


def _serve(source: IO[bytes], sink: IO[bytes], processor: int) -> None:
    """The child's program: load, read the task, prepare, wait for the word, finish, answer."""
    from cisterna.model.solver.machine import keep_programs, one_processor

    # Started by a process that keeps to one processor, a child is kept to that one as well: it moves to its own.
    one_processor(processor)
    import cisterna.sessions.session  # noqa: F401 - what every task needs, while the caller still reads its own

    def say(kind: str, value: Any) -> None:
        sink.write(pickle.dumps((kind, value)))
        sink.flush()

    try:
        folder, prepare, finish, arguments = pickle.load(source)
        if folder is not None:
            keep_programs(folder)
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
    _serve(sys.stdin.buffer, answers, int(sys.argv[1]))
