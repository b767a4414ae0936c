"""The command line, called in this process or run as a person runs it."""

from __future__ import annotations

import contextlib
import io
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from app.chain.node.process import EmbeddedNode
from app.cli import main
from tests.chain.fake_services import in_their_place
from tests.conftest import quiet

SEVEN = Path(__file__).parents[1] / "data" / "seven.png"


@dataclass(frozen=True)
class Ran:
    """A command that has ended: its exit status, and what it printed."""

    returncode: int
    stdout: str
    stderr: str

    def lines(self) -> list[Any]:
        """Standard output as one JSON value per line."""
        return [json.loads(line) for line in self.stdout.splitlines()]

    def json(self) -> Any:
        """Standard output as the one JSON value that it is."""
        (value,) = self.lines()
        return value


def call(*arguments: object, input: str | bytes = "", encoding: str = "utf-8") -> Ran:
    """Call `main` in this process, with streams of its own that are no terminals.

    `input` is what standard input holds, `encoding` that of the output.
    """
    printed = io.BytesIO(), io.BytesIO()
    before = sys.stdin, sys.stdout, sys.stderr
    sys.stdin = io.TextIOWrapper(io.BytesIO(input if isinstance(input, bytes) else input.encode()), "utf-8")
    sys.stdout, sys.stderr = (io.TextIOWrapper(stream, encoding, newline="\n") for stream in printed)
    try:
        try:
            status = main([str(argument) for argument in arguments])
        except SystemExit as ended:  # argparse
            status = int(ended.code or 0)
        sys.stdout.flush()
        sys.stderr.flush()
        texts = [stream.getvalue().decode(encoding) for stream in printed]
    finally:
        sys.stdin, sys.stdout, sys.stderr = before
    return Ran(status, *texts)


def run(*arguments: object, **options: Any) -> Ran:
    """Run a command in a process of its own; `options` are those of `subprocess.run`."""
    command = [sys.executable, "-m", "app", *map(str, arguments)]
    done = subprocess.run(command, **{"capture_output": True, "text": True, "timeout": 240} | options)
    assert "Traceback" not in (done.stderr or "")
    return Ran(done.returncode, done.stdout or "", done.stderr or "")


@pytest.fixture
def inkproof(home: Path, bitcoind: Path) -> Callable[..., Ran]:
    """Call a command in this process, with a data folder of the test's own."""
    return call


@pytest.fixture
def node_kept(inkproof: Callable[..., Ran]) -> None:
    """A node that runs on between the commands of a test, which would else each start and stop one."""
    assert inkproof("node", "start").returncode == 0


@pytest.fixture
def services(regtest, home, monkeypatch):
    """Fakes of the public services, over the node that tests share."""
    with in_their_place(regtest.rpc, monkeypatch) as fake:
        yield fake


@dataclass(frozen=True)
class Verified:
    """What `verify` printed for one image, and for the false claim that was made of it afterwards."""

    status: int
    verdict: Any
    cheat_status: int
    cheat: Any


@pytest.fixture(scope="session")
def verification(bitcoind: Path) -> Iterator[tuple[Path, Verified]]:
    """One verification and one refused claim in a data folder of their own, whose node runs on."""
    folder = Path(tempfile.mkdtemp(prefix="ink-"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("INKPROOF_HOME", str(folder))
        node = EmbeddedNode("regtest")
        running = contextlib.ExitStack()
        running.enter_context(node.lease(quiet))
        ran = call("verify", SEVEN, "--json")
        cheat = call("verify", SEVEN, "--claim", "4", "--json")
    yield folder, Verified(ran.returncode, ran.json(), cheat.returncode, cheat.json())
    running.close()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def verified(verification: tuple[Path, Verified], home: Path, monkeypatch: pytest.MonkeyPatch) -> Verified:
    """The session's verification; its data folder is the one in use. For tests that change nothing in it."""
    folder, found = verification
    monkeypatch.setenv("INKPROOF_HOME", str(folder))
    return found
