"""Measure frozen programs from outside: `python -m tools.measure PROGRAM...` prints JSON.

- size: of the folder that holds the program, or of the single file;
- first frame: from starting the process until the window's own pixels are on a real X11 screen (Xvfb,
  whose frame buffer is a file that is read every few milliseconds);
- first reading: from starting `classify IMAGE --json` until the float model's answer is printed;
- self-test: how long it takes, and whether it passes.

Each time is measured in several starts. The first is reported separately: its files may still have to come
from disk.
The processor time spent until then is reported too: on a busy machine the clock runs on while a program
waits.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import mmap
import os
import platform
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from app.errors import InkproofError

ROOT = Path(__file__).resolve().parents[1]
IMAGE = ROOT / "tests" / "data" / "seven.png"

_LIMIT = 60.0
_STEP = 0.002


@dataclass(frozen=True)
class _Span:
    """Seconds by the clock, and seconds of processor time."""

    seconds: float
    processor: float


def measure(program: Path, starts: int) -> dict[str, Any]:
    """All figures of one program. Times in seconds, sizes in bytes."""
    program = program.resolve()
    folder = (program.parent / "_internal").is_dir()
    with tempfile.TemporaryDirectory(prefix="inkproof-measure-") as home:
        environment = {**os.environ, "INKPROOF_HOME": home}
        environment.pop("PYTHONPATH", None)
        environment.pop("INKPROOF_BITCOIND", None)
        readings = [_first_reading(program, environment) for _ in range(starts)]
        frames = [_first_frame(program, environment) for _ in range(starts)] if shutil.which("Xvfb") else []
        test = _self_test(program, environment)
    return {
        "form": "folder" if folder else "one file",
        "bytes": _size(program.parent if folder else program),
        "first_frame_seconds": _times(frames),
        "first_reading_seconds": _times(readings),
        "self_test_seconds": test["seconds"],
        "self_test_passed": test["passed"],
        "program": test["program"],
    }


def _times(spans: Sequence[_Span]) -> dict[str, Any] | None:
    if not spans:
        return None
    values = [span.seconds for span in spans]
    return {
        "first": round(values[0], 3),
        "best": round(min(values), 3),
        "median": round(statistics.median(values), 3),
        "all": [round(value, 3) for value in values],
        "processor": round(statistics.median(span.processor for span in spans), 3),
    }


def _load() -> float | None:
    """How many programs wanted the processors during the last minute: times on a busy machine are longer."""
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None


def _size(path: Path) -> int:
    """Bytes of a file, or of all files below a folder; a link counts as nothing."""
    if path.is_file():
        return path.stat().st_size
    return sum(one.stat().st_size for one in path.rglob("*") if one.is_file() and not one.is_symlink())


def _first_reading(program: Path, environment: dict[str, str]) -> _Span:
    command = [str(program), "classify", str(IMAGE), "--json"]
    before, began = _processor_of_children(), time.perf_counter()
    done = subprocess.run(command, capture_output=True, env=environment, check=True)
    span = _Span(time.perf_counter() - began, _processor_of_children() - before)
    if json.loads(done.stdout)["float"]["digit"] != 7:
        raise InkproofError(f"{program} does not read a seven in {IMAGE.name}.")
    return span


def _processor_of_children() -> float:
    times = os.times()
    return times.children_user + times.children_system


def _self_test(program: Path, environment: dict[str, str]) -> dict[str, Any]:
    done = subprocess.run(
        [str(program), "selftest", "--json"], capture_output=True, env=environment, check=False
    )
    return dict(json.loads(done.stdout))


def _first_frame(program: Path, environment: dict[str, str]) -> _Span:
    with screen() as (display, pixels):
        blank = bytes(pixels)
        began = time.perf_counter()
        process = subprocess.Popen(
            [str(program)],
            env={**environment, "DISPLAY": display, "SDL_VIDEODRIVER": "x11"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            seconds = wait_for_paint(process, pixels, blank) - began
            return _Span(seconds, _processor(process.pid))
        finally:
            end(process)


def wait_for_paint(process: subprocess.Popen[bytes], pixels: mmap.mmap, blank: bytes) -> float:
    """When the screen first shows more than an empty window: the many colours of paper, panels and words."""
    deadline = time.perf_counter() + _LIMIT
    while time.perf_counter() < deadline:
        now = time.perf_counter()
        seen = bytes(pixels)
        if seen != blank and len(set(seen[:: 4 * 7 + 1])) > 40:
            return now
        if process.poll() is not None:
            raise InkproofError(f"The program ended with {process.returncode} before it showed anything.")
        time.sleep(_STEP)
    raise InkproofError(f"No window within {_LIMIT:.0f} seconds.")


def _processor(pid: int) -> float:
    """Processor seconds of a process and of those it has started."""
    spent = 0.0
    whole = psutil.Process(pid)
    for one in (whole, *whole.children(recursive=True)):
        with contextlib.suppress(psutil.NoSuchProcess):
            times = one.cpu_times()
            spent += times.user + times.system
    return spent


def end(process: subprocess.Popen[bytes]) -> None:
    """Close the window as a session's end does, and wait: its node has to stop."""
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        process.wait(40)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@contextlib.contextmanager
def screen() -> Iterator[tuple[str, mmap.mmap]]:
    """A screen of its own: its name, and its pixels as they change."""
    with tempfile.TemporaryDirectory(prefix="inkproof-screen-") as folder:
        read, write = os.pipe()
        server = subprocess.Popen(
            [
                "Xvfb",
                "-displayfd",
                str(write),
                "-screen",
                "0",
                "1600x1000x24",
                "-fbdir",
                folder,
                "-nolisten",
                "tcp",
            ],
            pass_fds=(write,),
            stderr=subprocess.DEVNULL,
        )
        os.close(write)
        try:
            with os.fdopen(read) as line:
                display = f":{line.readline().strip()}"
            with (Path(folder) / "Xvfb_screen0").open("rb") as file:
                pixels = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
                with contextlib.closing(pixels):
                    yield display, pixels
        finally:
            server.terminate()
            server.wait()


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure each program that is there."""
    parser = argparse.ArgumentParser(prog="python -m tools.measure", description=__doc__)
    parser.add_argument(
        "programs", nargs="+", type=Path, help="frozen programs: in their folder, or single files"
    )
    parser.add_argument("--starts", type=int, default=5, help="how often each is started (default: 5)")
    parser.add_argument("--output", type=Path, help="also write the figures to this file")
    options = parser.parse_args(arguments)
    there = [program for program in options.programs if program.is_file()]
    if not there:
        parser.error("none of these programs is there: build them with `make exe` and `make exe-onefile`")
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    figures: dict[str, Any] = {"machine": machine, "load": _load()}
    for program in there:
        found = measure(program, options.starts)
        figures[found["form"].replace(" ", "_")] = found
    text = json.dumps(figures, indent=1)
    print(text)
    if options.output:
        options.output.write_text(text + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
