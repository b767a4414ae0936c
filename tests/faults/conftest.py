"""What the fault tests share: a data folder with a running node that is kept, and the driver."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import quiet
from tests.faults import world


@pytest.fixture(scope="module")
def kept(bitcoind: Path) -> Iterator[Path]:
    """INKPROOF_HOME of the module, with a node that goes on between the programs, and coins."""
    folder = Path(tempfile.mkdtemp(prefix="ink-"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("INKPROOF_HOME", str(folder))
        world.node().start(quiet)
        with world.service() as opened:
            opened.prepare(quiet)
        yield folder
        with world.service() as opened:
            world.check(opened)
        world.node().stop()
    shutil.rmtree(folder, ignore_errors=True)


class Driver:
    """The program of `tests.faults.driver`: each order runs in a process of its own."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.driver"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
        )

    def run(self, seed: int, at: int | None = None, victim: str = "app", many: int = 0) -> dict[str, Any]:
        assert self._process.stdin is not None and self._process.stdout is not None
        order = {"seed": seed, "at": at, "victim": victim, "many": many}
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def close(self) -> None:
        self._process.communicate(timeout=60)


@pytest.fixture(scope="module")
def driver(kept: Path) -> Iterator[Driver]:
    driver = Driver()
    yield driver
    driver.close()
