"""The machine under the solver: where compiled programs are kept, and how many processors a run may touch."""

from __future__ import annotations

import os
from pathlib import Path


def enable_cache(folder: str | os.PathLike[str] | None = None) -> Path:
    """Keep compiled programs between runs; the folder is CISTERNA_CACHE or the user's cache folder."""
    base = folder or os.environ.get("CISTERNA_CACHE") or _user_cache()
    path = Path(base) / "programs"
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError:
        return path  # a read-only home only costs compile time
    keep_programs(path)
    return path


def keep_programs(folder: str | os.PathLike[str]) -> None:
    """Keep every compiled program in a folder that is there."""
    import jax  # here, so that a process can choose its processor before it loads anything large

    jax.config.update("jax_compilation_cache_dir", str(folder))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", 0)


def programs_folder() -> str | None:
    """Where compiled programs are kept; None when they are not."""
    import jax

    folder: str | None = getattr(jax.config, "jax_compilation_cache_dir", None)
    return folder


def _user_cache() -> Path:
    if os.name == "nt":
        return Path(os.environ.get("LOCALAPPDATA", Path.home())) / "cisterna"
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "cisterna"


#: Processors that were open to this process before it kept to one of them.
_before: list[int] = []


def processors() -> list[int]:
    """Processors open to this process, whether or not it keeps to one of them."""
    if _before:
        return list(_before)
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def one_processor(which: int | None = None) -> int:
    """Keep this process, and the threads it starts from now on, to one processor.

    A run is one small array operation after the other. XLA hands each of them to a pool of threads; across two
    processors the handing over takes several times as long as the operations, and two runs side by side slow each
    other tenfold. On one processor nothing is handed over. Without effect where a system does not offer it (macOS,
    Windows), and on threads that run already: call it before the first array is made.

    Parameters
    ----------
    which : int, optional
        One of `processors`; by default one that differs from process to process.

    Returns
    -------
    int
        The processor.
    """
    known = processors()
    chosen = known[os.getpid() % len(known)] if which is None else which
    if hasattr(os, "sched_setaffinity"):
        _before[:] = known
        try:
            os.sched_setaffinity(0, {chosen})
        except OSError:
            pass  # not ours to choose here: the run is slower, and right
    return chosen
