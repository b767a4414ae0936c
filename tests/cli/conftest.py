"""The command line as a person runs it: in a process of its own, in a fresh data folder."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.chain.fake_services import in_their_place

SEVEN = Path(__file__).parents[1] / "data" / "seven.png"


class Ran(subprocess.CompletedProcess):
    """A finished command."""

    def lines(self) -> list[Any]:
        """Standard output as one JSON value per line."""
        return [json.loads(line) for line in self.stdout.splitlines()]

    def json(self) -> Any:
        (value,) = self.lines()
        return value


@pytest.fixture
def inkproof(home, bitcoind):
    """Run a command and return what it printed; with INKPROOF_HOME, and no terminal anywhere."""

    def run(*arguments: object, input: str = "") -> Ran:
        command = [sys.executable, "-m", "app", *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, input=input, timeout=240)
        assert "Traceback" not in done.stderr
        return Ran(done.args, done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def services(regtest, home, monkeypatch):
    """Fakes of the public services, over the node that tests share."""
    with in_their_place(regtest.rpc, monkeypatch) as fake:
        yield fake
