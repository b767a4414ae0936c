"""The command line killed (SIGKILL) before and after each step of a bounty is sent; the next run goes on."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.chain.networks import REGTEST
from app.chain.wallet.key import Wallet
from tests.chain.conftest import give
from tests.cli.conftest import SEVEN, call
from tests.conftest import Regtest
from tests.sizes import sized

PROGRAM = """
import json, os, signal, sys
from app.chain.backends.node import NodeBackend
from app.cli import main
send = NodeBackend.send
def struck(self, raw, spent=()):
    if when == "after":
        send(self, raw, spent)
    os.kill(os.getpid(), signal.SIGKILL)
for line in sys.stdin:
    when, settings, arguments = json.loads(line)
    child = os.fork()
    if child == 0:
        os.environ.update(settings)
        if when != "never":
            NodeBackend.send = struck
        sys.stdout = sys.stderr
        os._exit(main(arguments))
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


@pytest.fixture(scope="module")
def program() -> Iterator[subprocess.Popen[str]]:
    """Runs a command for each line of JSON, in a process of its own, and answers how that ended."""
    command = [sys.executable, "-c", PROGRAM]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as running:
        yield running
        running.communicate(timeout=60)


class Terminal:
    """Somebody with coins at a terminal on the shared node, in processes of their own."""

    def __init__(self, regtest: Regtest, folder: Path, program: subprocess.Popen[str]) -> None:
        give(regtest, Wallet.load_or_create(folder, REGTEST), 400_000)
        conf = (regtest.node.folder / "bitcoin.conf").read_text().splitlines()
        known = dict(line.split("=", 1) for line in conf if "=" in line)
        self._program = program
        self._settings = {
            "INKPROOF_HOME": str(folder),
            "INKPROOF_RPC_URL": regtest.rpc.url,
            "INKPROOF_RPC_USER": known["rpcuser"],
            "INKPROOF_RPC_PASSWORD": known["rpcpassword"],
        }

    def run(self, when: str, *arguments: object) -> int:
        """How the command ended."""
        order = [when, self._settings, ["bounty", *map(str, arguments), "--json"]]
        assert self._program.stdin is not None and self._program.stdout is not None
        self._program.stdin.write(json.dumps(order) + "\n")
        self._program.stdin.flush()
        return int(self._program.stdout.readline())

    def killed(self, when: str, *arguments: object) -> None:
        assert self.run(when, *arguments) == -signal.SIGKILL

    def listed(self) -> dict[str, object]:
        """The one bounty, as the next run finds it; that run is in this process."""
        with pytest.MonkeyPatch.context() as patch:
            for name, value in self._settings.items():
                patch.setenv(name, value)
            ran = call("bounty", "list", "--json")
        assert ran.returncode == 0, ran.stderr
        found: dict[str, object] = ran.json()
        return found


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX")
@sized("when", "after", "before")
def test_each_step_is_there_once_after_a_kill(regtest, tmp_path, program, when):
    anna = Terminal(regtest, tmp_path, program)
    terms = ("--digit", 7, "--reward", 20_000, "--until", "+110", "--window", 4)
    anna.killed(when, "post", *terms)
    posted = anna.listed()
    assert (posted["status"], posted["step"], posted["holds"]) == ("open", "post", 20_000)
    anna.killed(when, "commit", SEVEN)
    held = anna.listed()
    assert (held["status"], held["held_by_us"], held["holds"]) == ("committed", True, 22_000)
    regtest.backend.mine(regtest.wallet.address, 4)
    anna.killed(when, "reopen")
    opened = anna.listed()
    assert (opened["status"], opened["step"], opened["holds"]) == ("open", "reopen", 22_000)
    anna.killed(when, "commit", SEVEN)
    assert anna.listed()["status"] == "committed"
    anna.killed(when, "reveal", "--late")
    paid = anna.listed()
    assert (paid["status"], paid["step"]) == ("paid", "reveal")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX")
@sized("when", "after", "before")
def test_a_reclaim_is_there_once_after_a_kill(regtest, tmp_path, program, when):
    anna = Terminal(regtest, tmp_path, program)
    assert anna.run("never", "post", "--digit", 7, "--reward", 20_000, "--until", "+2") == 0
    regtest.backend.mine(regtest.wallet.address, 3)
    anna.killed(when, "reclaim")
    back = anna.listed()
    assert (back["status"], back["step"]) == ("reclaimed", "reclaim")
