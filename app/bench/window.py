"""Measure the window: `python -m app.bench.window` prints its figures as JSON.

A window is opened in a process of its own, with all its workers: TensorFlow, node, contract. A pen draws
without a pause while it starts and afterwards, which is the heaviest load; once everything runs, a claim is
submitted. A frame's work is the time from its first event until it is on the screen, its interval the time
between the beginnings of two frames, its processor time what its thread has used.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from app.window.driving import post_mouse

if TYPE_CHECKING:
    from app.window.app import Frames, Window

__all__ = ["main"]

_BORN = "INKPROOF_BENCH_BORN"
_STROKE = 0.8
_REST = 0.6


class _Hand:
    """A driver of the window: draws zeros with the mouse, pauses after each, and submits one of them."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._began = time.perf_counter()
        self._down = False
        self.seen: dict[str, float] = {}
        """When the first float reading and the contract were ready, on the clock of `time.perf_counter`."""

    def __call__(self, window: Window) -> None:
        import pygame

        from app.window.model import intents
        from app.window.model.values import Phase, Who

        now = time.perf_counter()
        if window.state.judges[Who.FLOAT].reading is not None:
            self.seen.setdefault("first_float_reading_seconds", now)
        if window.state.chain.phase is Phase.READY:
            self.seen.setdefault("contract_ready_seconds", now)
        if window.frames.ready is not None and now - window.frames.ready > self._seconds:
            window.quit()
        phase = (now - self._began) % (_STROKE + _REST)
        box = window.view.layout.canvas
        angle = (min(1.0, phase / _STROKE) * 2.04 - 0.5) * math.pi
        place = (
            box.centre[0] + 0.21 * box.w * math.cos(angle),
            box.centre[1] + 0.32 * box.w * math.sin(angle),
        )
        at = (round(place[0]), round(place[1]))
        drawing = phase < _STROKE
        if drawing and not self._down:
            window.do(intents.Clear())
            post_mouse(pygame.MOUSEBUTTONDOWN, at, button=1)
        elif self._down and not drawing:
            post_mouse(pygame.MOUSEBUTTONUP, at, button=1)
        elif drawing:
            post_mouse(pygame.MOUSEMOTION, at, rel=(0, 0), buttons=(1, 0, 0))
        elif window.frames.ready is not None and window.state.submission is None:
            window.do(intents.Submit())
        self._down = drawing


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; exit status 2 if the window did not become ready."""
    parser = argparse.ArgumentParser(prog="python -m app.bench.window", description=__doc__)
    parser.add_argument("--seconds", type=float, default=15.0, help="how long to draw once everything runs")
    parser.add_argument("--size", default="1280x800", help="size of the window, as 1280x800")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.child:
        return _measure(options)
    return _start(options)


def _start(options: argparse.Namespace) -> int:
    """Run the measurement in a new process with a temporary data folder; tell it when it was started."""
    from app.chain.node.binary import find_bitcoind

    program = find_bitcoind(lambda *_: None)
    with tempfile.TemporaryDirectory(prefix="inkproof-bench-") as folder:
        environment = os.environ | {"INKPROOF_HOME": folder, "INKPROOF_BITCOIND": str(program)}
        command = [sys.executable, "-m", "app.bench.window", "--child"]
        command += ["--seconds", str(options.seconds), "--size", options.size]
        environment[_BORN] = repr(time.time())
        return subprocess.run(command, env=environment, check=False).returncode


def _measure(options: argparse.Namespace) -> int:
    from app.window.app import Window
    from app.window.options import WindowOptions

    width, _, height = options.size.partition("x")
    hand = _Hand(options.seconds)
    window = Window(WindowOptions(size=(int(width), int(height)), density=1.0), driver=hand)
    try:
        window.run()
    finally:
        window.close()
    submission = window.state.submission
    report = _report(window.frames, hand.seen) | {
        "submitted": submission is not None and submission.accepted is not None,
        "tensorflow_in_window": "tensorflow" in sys.modules,
    }
    print(json.dumps(report, indent=2))
    return 0 if window.frames.ready is not None else 2


def _report(frames: Frames, seen: dict[str, float]) -> dict[str, Any]:
    assert frames.first is not None
    born, ready = float(os.environ[_BORN]), frames.ready or math.inf
    since = time.time() - time.perf_counter() - born
    starting = [frame for frame in frames.work if frame[0] < ready]
    afterwards = [frame for frame in frames.work if frame[0] >= ready]
    return {
        "first_frame_seconds": round(frames.first + since, 3),
        **{name: round(moment + since, 3) for name, moment in seen.items()},
        "all_ready_seconds": None if frames.ready is None else round(frames.ready + since, 3),
        "starting": _figures(starting),
        "afterwards": _figures(afterwards),
    }


def _figures(frames: list[tuple[float, float, float]]) -> dict[str, float]:
    work = sorted(took * 1000 for _, took, _ in frames)
    processor = sorted(worked * 1000 for *_, worked in frames)
    intervals = sorted((later[0] - earlier[0]) * 1000 for earlier, later in itertools.pairwise(frames))
    return {
        "frames": len(work),
        "work_ms_p50": _percentile(work, 50),
        "work_ms_p99": _percentile(work, 99),
        "work_ms_worst": _percentile(work, 100),
        "processor_ms_p99": _percentile(processor, 99),
        "processor_ms_worst": _percentile(processor, 100),
        "interval_ms_p50": _percentile(intervals, 50),
        "interval_ms_p99": _percentile(intervals, 99),
        "interval_ms_worst": _percentile(intervals, 100),
    }


def _percentile(ordered: list[float], percent: float) -> float:
    if not ordered:
        return math.nan
    return round(ordered[min(len(ordered) - 1, math.ceil(len(ordered) * percent / 100) - 1)], 2)


if __name__ == "__main__":
    sys.exit(main())
