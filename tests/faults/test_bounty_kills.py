"""The command line killed (SIGKILL) before and after each step of a bounty is sent; the next run goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from app.chain.networks import REGTEST
from app.chain.wallet.key import Wallet
from tests.chain.conftest import give
from tests.cli.conftest import SEVEN, call
from tests.conftest import Regtest
from tests.sizes import sized

PROGRAM = """
import os, signal, sys
from app.chain.backends.node import NodeBackend
from app.cli import main
send = NodeBackend.send
def struck(self, raw, spent=()):
    if sys.argv[1] == "after":
        send(self, raw, spent)
    os.kill(os.getpid(), signal.SIGKILL)
if sys.argv[1] != "never":
    NodeBackend.send = struck
sys.exit(main(sys.argv[2:]))
"""


class Terminal:
    """Somebody with coins at a terminal on the shared node, in processes of their own."""

    def __init__(self, regtest: Regtest, folder: Path) -> None:
        give(regtest, Wallet.load_or_create(folder, REGTEST), 400_000)
        conf = (regtest.node.folder / "bitcoin.conf").read_text().splitlines()
        known = dict(line.split("=", 1) for line in conf if "=" in line)
        self._settings = {
            "INKPROOF_HOME": str(folder),
            "INKPROOF_RPC_URL": regtest.rpc.url,
            "INKPROOF_RPC_USER": known["rpcuser"],
            "INKPROOF_RPC_PASSWORD": known["rpcpassword"],
        }

    def run(self, when: str, *arguments: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", PROGRAM, when, "bounty", *map(str, arguments), "--json"]
        return subprocess.run(
            command, env=os.environ | self._settings, capture_output=True, text=True, timeout=120, check=False
        )

    def killed(self, when: str, *arguments: object) -> None:
        ran = self.run(when, *arguments)
        assert ran.returncode == -signal.SIGKILL, ran.stderr

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
def test_each_step_is_there_once_after_a_kill(regtest, tmp_path, when):
    anna = Terminal(regtest, tmp_path)
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
def test_a_reclaim_is_there_once_after_a_kill(regtest, tmp_path, when):
    anna = Terminal(regtest, tmp_path)
    ran = anna.run("never", "post", "--digit", 7, "--reward", 20_000, "--until", "+2")
    assert ran.returncode == 0, ran.stderr
    regtest.backend.mine(regtest.wallet.address, 3)
    anna.killed(when, "reclaim")
    assert (anna.listed()["status"], anna.listed()["step"]) == ("reclaimed", "reclaim")
