"""`python -m tests.load`: verify many images on an embedded node of its own, and say what it takes.

The command line's own `verify` runs over real picture files in a process of its own, watched from outside.
Then every coin is accounted for. Then a shorter run, inside this process, tells where the time goes. Prints
one JSON value; takes some minutes and needs MNIST (INKPROOF_MNIST, or the copy beside the project).
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from PIL import Image

from app import paths
from app.chain.backends.rpc import Rpc
from app.chain.connection import NodeChoice
from app.chain.ledger.store import Ledger
from app.chain.node.process import EmbeddedNode
from app.chain.service import Readings, Service, open_service
from app.fixedpoint import load
from app.script import Kind
from app.training.data import load_mnist
from tests.faults import world

MEGABYTE = 2**20
Figures = dict[str, Any]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--images", type=int, default=1_000)
    options.add_argument("--profiled", type=int, default=100, help="submissions of the second run")
    chosen = options.parse_args()
    with _home() as folder:
        pictures = _pictures(folder / "pictures", chosen.images)
        figures = {"images": chosen.images, "run": _run(pictures), "account": _account()}
        figures["where_the_time_goes"] = _profile(chosen.profiled)
    print(json.dumps(figures, indent=1))


@contextlib.contextmanager
def _home() -> Iterator[Path]:
    """A data folder of its own, on a disk and not in memory if the system's temporary folder is on one."""
    folder = Path(tempfile.mkdtemp(prefix="inkproof-load-"))
    os.environ["INKPROOF_HOME"] = str(folder / "home")
    try:
        yield folder
    finally:
        EmbeddedNode("regtest").stop()
        shutil.rmtree(folder, ignore_errors=True)


def _mnist() -> np.ndarray:
    beside = Path(__file__).resolve().parents[2] / "shared" / "data" / "mnist.npz"
    return load_mnist(Path(os.environ.get("INKPROOF_MNIST", beside))).x_test


def _pictures(folder: Path, count: int) -> list[Path]:
    folder.mkdir()
    images = _mnist()
    files = [folder / f"{number:05}.png" for number in range(count)]
    for number, file in enumerate(files):
        Image.fromarray(images[number % len(images)]).save(file)
    return files


def _run(pictures: list[Path]) -> Figures:
    """`inkproof verify` over all pictures: throughput, and memory of program and node as time goes by."""
    node = EmbeddedNode("regtest")
    began = time.monotonic()
    program = subprocess.Popen(
        [sys.executable, "-m", "app", "verify", "--json", "--keep-node", *map(str, pictures)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).resolve().parents[1],
    )
    memory: list[tuple[int, int, int]] = []
    moments: list[float] = []
    over = threading.Event()

    def watch() -> None:
        while not over.wait(1.0):
            pid = node.status().pid
            with contextlib.suppress(psutil.Error):
                if pid is not None and moments:
                    app_size = psutil.Process(program.pid).memory_info().rss
                    memory.append((len(moments), app_size, psutil.Process(pid).memory_info().rss))

    watcher = threading.Thread(target=watch)
    watcher.start()
    assert program.stdout is not None
    accepted = confirmed = 0
    for line in program.stdout:
        moments.append(time.monotonic())
        chain = json.loads(line)["chain"]
        accepted += chain["accepted"]
        confirmed += chain["block"] is not None
    program.wait()
    over.set()
    watcher.join()
    gaps = np.diff(moments)
    tenth = max(1, len(gaps) // 10)
    return {
        "exit_status": program.returncode,
        "accepted": accepted,
        "confirmed": confirmed,
        "seconds_to_first": round(moments[0] - began, 2),
        "seconds": round(moments[-1] - moments[0], 2),
        "verifications_per_second": round(len(gaps) / (moments[-1] - moments[0]), 2),
        "milliseconds_median": round(1000 * statistics.median(gaps), 1),
        "milliseconds_median_first_tenth": round(1000 * statistics.median(gaps[:tenth]), 1),
        "milliseconds_median_last_tenth": round(1000 * statistics.median(gaps[-tenth:]), 1),
        "memory_megabytes": [
            {"after": done, "app": round(app / MEGABYTE), "node": round(own / MEGABYTE)}
            for done, app, own in memory[:: max(1, len(memory) // 10)]
        ],
    }


def _account() -> Figures:
    """Every coin is the wallet's or an open contract's, and ledger and chain agree; else it raises."""
    with _service() as service:
        world.check(service)
        home = paths.home()
        return {
            "every_coin_accounted_for": True,
            "open_deployments": len(service.ledger.open_deployments(service.connection.chain_id)),
            "ledger_megabytes": round(sum(f.stat().st_size for f in home.glob("ledger*")) / MEGABYTE, 1),
            "node_folder_megabytes": round(
                sum(f.stat().st_size for f in (home / "nodes").rglob("*") if f.is_file()) / MEGABYTE, 1
            ),
        }


def _profile(count: int) -> Figures:
    """Milliseconds of one submission by what they are spent on, from `count` submissions in this process."""
    spent: dict[str, float] = defaultdict(float)
    calls: dict[str, int] = defaultdict(int)

    def timed(owner: type, name: str, label: Any) -> None:
        original = getattr(owner, name)

        @functools.wraps(original)
        def measured(self: Any, *arguments: Any, **named: Any) -> Any:
            start = time.perf_counter()
            try:
                return original(self, *arguments, **named)
            finally:
                key = label(arguments)
                spent[key] += time.perf_counter() - start
                calls[key] += 1

        setattr(owner, name, measured)

    timed(Rpc, "call", lambda arguments: f"node: {arguments[0]}" + _larger(arguments))
    for name in ("add_deployment", "mark_deployment", "add_verification", "mark_verification"):
        timed(Ledger, name, lambda arguments, name=name: f"ledger: {name}")
    images = _mnist()
    with _service() as service:
        model = service.contract.model
        service.prepare(_silent)
        spent.clear()
        calls.clear()
        start = time.perf_counter()
        for image in images[:count]:
            fixed = model.read(image)
            told = Readings(fixed.digit, [0.1] * 10, fixed.digit, fixed.logits)
            assert service.submit(image.tobytes(), fixed.digit, told, progress=_silent).accepted
        whole = time.perf_counter() - start
    parts = {key: round(1000 * value / count, 2) for key, value in spent.items()}
    parts["everything else here"] = round(1000 * (whole - sum(spent.values())) / count, 2)
    ordered = dict(sorted(parts.items(), key=lambda part: -part[1]))
    return {
        "milliseconds_each": round(1000 * whole / count, 1),
        "parts": ordered,
        "calls_each": {key: round(calls[key] / count, 1) for key in ordered if key in calls},
    }


def _larger(arguments: tuple[Any, ...]) -> str:
    """Deployments are distinguished from claims by their size."""
    if arguments[0] != "sendrawtransaction":
        return ""
    return " (deployment)" if len(arguments[1]) > 100_000 else " (claim)"


def _service() -> contextlib.AbstractContextManager[Service]:
    model = load(paths.model_folder() / "integers.npz")
    return open_service(model, Kind.PACKED, NodeChoice(keep_node=True), _silent)


def _silent(_text: str, _share: float | None = None) -> None:
    """Progress that nobody watches."""


if __name__ == "__main__":
    main()
