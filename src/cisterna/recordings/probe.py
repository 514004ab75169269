"""Reads an HDF5 file through once in a process of its own, before it is read here.

The HDF5 library can loop for ever or crash on a damaged file, and neither can be stopped from inside. The worker
is started once, answers one JSON line a file, and dies when a step takes too much processor time; the file is
then refused. This module is also the worker's program, so it imports nothing of this package.
"""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
import threading
from typing import Any

#: Processor time (s) one step (an attribute, a slice of samples) may take, and how many bytes a slice has.
STEP_SECONDS, SLICE = 0.7, 16 * 1024**2
#: Longest wait for an answer (s): a file on a slow disk is slow, not damaged.
LONGEST_WAIT = 120.0


class Worker:
    """The process that reads files through; restarted after a file has killed it."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.process: subprocess.Popen[str] | None = None
        self.owner = 0

    def ask(self, path: str, largest: int, largest_chunk: int, most_objects: int) -> dict[str, str] | None:
        """What is wrong with a file, {} when nothing is, None when reading it killed the worker."""
        with self.lock:
            process = self._running()
            if process.stdin is None or process.stdout is None:
                return None
            timer = threading.Timer(LONGEST_WAIT, process.kill)
            timer.daemon = True
            timer.start()
            try:
                process.stdin.write(json.dumps([path, largest, largest_chunk, most_objects]) + "\n")
                process.stdin.flush()
                line = process.stdout.readline()
            except OSError:
                line = ""
            finally:
                timer.cancel()
            if line:
                return dict(json.loads(line))
            self._close()
            return None

    def _running(self) -> subprocess.Popen[str]:
        """The worker of this process; a forked child must not share its parent's."""
        if self.process is None or self.owner != os.getpid() or self.process.poll() is not None:
            self._close()
            self.process = subprocess.Popen(
                [sys.executable, "-P", os.path.abspath(__file__)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                encoding="utf-8",
                env={**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
            )
            self.owner = os.getpid()
        return self.process

    def _close(self) -> None:
        process, self.process = self.process, None
        if process is None or self.owner != os.getpid():
            return
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                try:
                    stream.close()
                except OSError:
                    pass  # what was still to be written to a dead worker


worker = Worker()
atexit.register(worker._close)


def read_through(path: str, largest: int, largest_chunk: int, most_objects: int) -> dict[str, str]:
    """Every attribute and sample of a file, read once within bounds; what is wrong, {} when nothing is.

    With `largest` 0 the size is free, and of a dataset of numbers only the first and the last slice are read.
    """
    import h5py

    objects: list[Any] = []
    total = 0.0
    try:
        with h5py.File(path, "r") as source:
            objects.append(source)
            source.visititems(lambda _, item: _collect(objects, item, most_objects))
            if len(objects) > most_objects:
                return {"what": "the file holds too many objects", "found": f"more than {most_objects}"}
            for item in objects:
                if isinstance(item, h5py.Dataset) and item.shape is not None:
                    total += float(item.size) * max(item.dtype.itemsize, 8)
                    chunk = float(item.dtype.itemsize)
                    for length in item.chunks or (0,):
                        chunk *= length
                    if largest and not 0 <= total <= largest:
                        size = f"{total / 1024**3:.1f} GiB"
                        return {"what": f"the unpacked file is larger than {largest // 1024**3} GiB", "found": size}
                    if chunk > largest_chunk:
                        return {"what": "a dataset unpacks in one huge piece", "found": str(item.name)}
            for item in objects:
                _limit_time()
                for key in list(item.attrs):
                    _limit_time()
                    item.attrs.get(key)
                if isinstance(item, h5py.Dataset) and item.shape is not None:
                    _read(item, ends=not largest and item.dtype.kind in "fiub")
    except Exception as error:  # a damaged file raises anything
        first = (str(error).strip().splitlines() or [""])[0][:160]
        return {"what": "the HDF5 file cannot be read", "found": f"{type(error).__name__}: {first}"}
    return {}


def _collect(objects: list[Any], item: Any, most: int) -> bool | None:
    objects.append(item)
    return True if len(objects) > most else None  # True ends the visit


def _read(item: Any, ends: bool) -> None:
    if item.ndim == 0 or item.size == 0:
        item[()]
        return
    row = max(item.size // max(item.shape[0], 1), 1) * max(item.dtype.itemsize, 1)
    step = max(int(SLICE // row), 1)
    starts = range(0, item.shape[0], step)
    for begin in (starts[0], starts[-1]) if ends else starts:
        _limit_time()
        item[begin : begin + step]


def _limit_time() -> None:
    """Start the clock of the next step: the system ends the worker when its processor time is used up."""
    import signal

    if hasattr(signal, "setitimer"):  # elsewhere the longest wait still holds
        signal.setitimer(signal.ITIMER_PROF, STEP_SECONDS)


if __name__ == "__main__":
    for request in sys.stdin:
        _limit_time()
        sys.stdout.write(json.dumps(read_through(*json.loads(request))) + "\n")
        sys.stdout.flush()
