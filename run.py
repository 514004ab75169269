#!/usr/bin/env python3
"""Set up Cisterna in the folder .venv beside this file, then run it.

    python3 run.py session     any words go to the `cisterna` command line
    python3 run.py test        the tests; further words go to pytest
    python3 run.py lock        resolve requirements.lock anew; further words go to uv (say, --upgrade)

Only Python 3.11 or newer is needed beforehand. Where uv is on PATH it does the installing; `--no-uv` as
first word keeps to venv and pip. This file uses the standard library only and parses on Python 3.6, so
that an old one can say what is missing.
"""

import hashlib
import os
import sys

OLDEST = (3, 11)
# Processes of tests at most: each compiles its own programs and takes a gigabyte or two.
MOST_WORKERS = 4
ROOT = os.path.dirname(os.path.abspath(__file__))
VENV = os.path.join(ROOT, ".venv")
BIN, EXE = ("Scripts", ".exe") if os.name == "nt" else ("bin", "")
STAMP = os.path.join(VENV, ".stamp")
LOG = os.path.join(VENV, "setup.log")
LOCK = ["pip", "compile", "--quiet", "--universal", "--fork-strategy", "fewest", "--python-version", "3.11"]
LOCK += ["--generate-hashes", "--no-emit-index-url", "--no-header", "--no-annotate", "--all-extras"]
LOCK += ["--output-file", "requirements.lock", "requirements.in", "pyproject.toml"]

# Signs in what a failed installer prints -> what is wrong and what mends it. The first match counts.
MENDS = {
    "no space left|disk full": "the disk is full: free 1 GB, then repeat the command.",
    "do not match the hashes|hash mismatch": (
        "a downloaded package differs from requirements.lock and is not used. Empty the cache (pip cache "
        "purge, or uv cache clean), then repeat; if it stays so, do not trust its origin."
    ),
    "connection broken|connectionerror|name resolution|failed to fetch|error sending request|timed out"
    "|network is unreachable|connection refused|proxyerror|certificate verify failed": (
        "the download failed: no network, or a proxy or firewall in the way. Connect, then repeat it."
    ),
    "no matching distribution|no solution found|has no usable wheels|no wheels with a matching": (
        "a package has no build for this machine or this Python. There are builds for 64-bit CPython 3.11 to "
        "3.14 on Linux (glibc; x86-64, arm64), macOS (Apple silicon) and Windows (x86-64)."
    ),
}


class Stop(Exception):
    """What is wrong and what mends it, in one line."""


def tool(name):
    """Path of a program inside the environment."""
    return os.path.join(VENV, BIN, name + EXE)


def stamp():
    """Two digests: for which Python and in which folder the environment stands; what belongs in it."""
    place = hashlib.sha256((sys.version + ROOT).encode("utf-8", "surrogateescape"))
    content = hashlib.sha256()
    for name in ("requirements.lock", "pyproject.toml"):
        with open(os.path.join(ROOT, name), "rb") as file:
            content.update(file.read())
    return [place.hexdigest(), content.hexdigest()]


def stamped():
    """The stamp of the last complete set-up; empty where there is none."""
    try:
        with open(STAMP) as file:
            return file.read().split()
    except (OSError, ValueError):
        return []


def check_machine(words):
    """Refuse what cannot work, before anything is downloaded."""
    import platform
    import shutil

    if sys.version_info < OLDEST:
        newer = [p for p in ("python3.14", "python3.13", "python3.12", "python3.11") if shutil.which(p)]
        mend = "type: " if newer else "install a newer one (python.org, or your system's packages), then: "
        again = " ".join([newer[0] if newer else "python3", "run.py", *words])
        raise Stop(f"Python 3.11 or newer is needed, this one is {platform.python_version()}; {mend}{again}")
    if sys.platform == "darwin" and platform.machine() == "x86_64":
        raise Stop(
            "jaxlib has no builds for Intel Macs (on Apple silicon: use an arm64 Python). Recordings, "
            "signals and screening work without it: python3 -m pip install . in an environment of your own."
        )
    if sys.maxsize < 2**32:
        raise Stop("a 64-bit Python is needed, this one has 32 bits; install the 64-bit one from python.org.")


def find_uv(refused):
    """Path of uv, or None."""
    import shutil

    return None if refused else shutil.which("uv")


def step(words, needed=True):
    """Run an installer; show its newest line where a terminal looks on, explain its failure."""
    import subprocess

    output, terminal = [], sys.stderr.isatty()
    env = dict(os.environ, PIP_USER="0", PIP_DISABLE_PIP_VERSION_CHECK="1", PYTHONIOENCODING="utf-8")
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "encoding": "utf-8", "errors": "replace"}
    with subprocess.Popen(words, cwd=ROOT, env=env, **pipes) as child:
        for line in child.stdout:
            output.append(line)
            if terminal and line.strip():
                sys.stderr.write(f"\r\033[K  {line.strip()[:76]}\r")
                sys.stderr.flush()
    if terminal:
        sys.stderr.write("\r\033[K")
    if child.returncode and needed:
        raise Stop(explain("".join(output)))


def explain(output):
    """One line for what a failed installer printed; the whole of it goes to the log."""
    if os.path.isdir(VENV):
        with open(LOG, "w", encoding="utf-8") as file:
            file.write(output)
    for signs, mend in MENDS.items():
        if any(sign in output.lower() for sign in signs.split("|")):
            return mend
    last = (output.strip() or "the installer said nothing").splitlines()[-1].strip()
    return f"set-up failed: {last[:200]} (all of it: {LOG})"


def set_up(uv, words):
    """Make or renew the environment. The stamp goes first and comes last, so it repairs itself."""
    import importlib.util
    import shutil
    import time

    check_machine(words)
    began, python, new = time.time(), tool("python"), stamp()
    # A complete environment in the same place for the same Python is renewed; anything else is made afresh.
    keep = stamped()[:1] == new[:1] and os.path.exists(python) and (uv or os.path.exists(tool("pip")))
    if not (keep or uv or (importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip"))):
        raise Stop("this Python has no venv with pip; on Debian or Ubuntu: sudo apt install python3-venv")
    if os.path.exists(STAMP):
        os.remove(STAMP)
    if keep:
        sys.stderr.write("Cisterna: the dependencies changed, renewing .venv ...\n")
    else:
        sys.stderr.write("Cisterna: first set-up in .venv (about 220 MB to download, 1 GB on disk) ...\n")
        if os.path.lexists(VENV):
            shutil.rmtree(VENV)
        os.mkdir(VENV)
        base = getattr(sys, "_base_executable", None) or sys.executable  # never the .venv being replaced
        step([uv, "venv", "--allow-existing", "--python", base, VENV] if uv else [base, "-m", "venv", VENV])
    pip = [python, "-I", "-m", "pip", "install", "--no-compile", "--progress-bar", "off"]
    install = [uv, "pip", "install", "--python", python] if uv else pip
    step([*install, "--require-hashes", "--only-binary", ":all:", "-r", "requirements.lock"])
    step([*install, "--no-deps", "--no-build-isolation", "-e", "."])
    # On all cores and without the packages' own tests; else every start pays where Python may not write.
    step([python, "-m", "compileall", "-qq", "-j", "0", "-x", r"[/\\]tests?[/\\]", VENV], needed=False)
    with open(STAMP, "w") as file:
        file.write("\n".join(new))
    sys.stderr.write(f"Cisterna: ready after {time.time() - began:.0f} s\n")


def lock(uv, words):
    """Resolve requirements.lock with uv; where it is not on PATH, with one in a throw-away environment."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        if not uv:
            step([sys.executable, "-m", "venv", folder])
            step([os.path.join(folder, BIN, "python"), "-I", "-m", "pip", "install", "uv"])
            uv = os.path.join(folder, BIN, "uv")
        step([uv, *LOCK, *words])
    sys.stderr.write("Cisterna: requirements.lock is resolved anew\n")


def hand_over(words):
    """Become the program: this process ends here on POSIX, waits on Windows."""
    if os.name == "posix":
        os.execv(words[0], words)
    import subprocess

    child = subprocess.Popen(words)
    while True:
        try:
            return child.wait()
        except KeyboardInterrupt:  # the child hears Ctrl-C too and decides itself
            continue


def main(words):
    """Set up when needed, then hand over to pytest or to the command line."""
    no_uv = words[:1] == ["--no-uv"]
    words = words[no_uv:]
    if words[:1] == ["lock"]:
        return lock(find_uv(no_uv), words[1:])
    if stamped() != stamp() or not os.path.exists(tool("python")):
        set_up(find_uv(no_uv), words)
    if words[:1] == ["test"]:
        os.chdir(ROOT)
        # One process a processor, each test file in one of them; a run of the model keeps to one processor anyway.
        spread = ["-n", str(min(os.cpu_count() or 1, MOST_WORKERS)), "--dist", "loadfile"]
        words = [tool("python"), "-m", "pytest", "-q", *spread, *words[1:]]
    else:
        words = [tool("cisterna"), *words]
    return hand_over(words)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except Stop as stop:
        sys.exit(f"run.py: {stop}")
    except KeyboardInterrupt:
        sys.stderr.write("\nrun.py: interrupted; the next call finishes the set-up\n")
        sys.exit(130)
    except OSError as error:
        sys.exit(f"run.py: cannot work in this folder: {error}. Write access to {ROOT} is needed.")
