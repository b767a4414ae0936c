"""A command that a signal ends cleans up; one that fails early ends at once."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import time

import psutil
import pytest

from tests.cli.conftest import SEVEN
from tests.conftest import hearing

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and pseudo-terminals are POSIX")

VERIFY = [sys.executable, "-m", "app", "verify", SEVEN]
DEPLOY = [sys.executable, "-m", "app", "deploy", "--model", "compact"]
_SECONDS = 240.0


def nodes_in(home):
    """Command lines of the nodes that run in this data folder."""
    lines = []
    for process in psutil.process_iter():
        try:
            lines += [word for word in process.cmdline() if word.startswith(f"-datadir={home.resolve()}")]
        except psutil.Error:
            continue
    return lines


def wait_for_node(home, running):
    deadline = time.monotonic() + _SECONDS
    while not nodes_in(home):
        assert running.poll() is None, "it ended before its node was up"
        assert time.monotonic() < deadline, "no node came up"
        time.sleep(0.05)


@pytest.mark.parametrize(
    "number",
    [
        signal.SIGTERM,
        *(pytest.param(other, marks=pytest.mark.exhaustive) for other in (signal.SIGHUP, signal.SIGINT)),
    ],
)
def test_a_command_that_is_ended_leaves_no_node_behind(bitcoind, home, number):
    with subprocess.Popen(
        VERIFY, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=hearing
    ) as running:
        wait_for_node(home, running)
        running.send_signal(number)
        _, said = running.communicate(timeout=_SECONDS)
    assert running.returncode == 128 + number
    assert said.endswith("Stopped.\n")
    assert "Traceback" not in said
    assert nodes_in(home) == []


def test_a_terminal_that_is_closed_leaves_no_node_behind(bitcoind, home):
    pid, master = pty.fork()
    if pid == 0:
        hearing()
        os.execv(DEPLOY[0], DEPLOY)
    running = psutil.Process(pid)
    deadline = time.monotonic() + _SECONDS
    while not nodes_in(home):
        assert time.monotonic() < deadline, "no node came up"
        time.sleep(0.05)
    os.close(master)
    running.wait(_SECONDS)
    assert nodes_in(home) == []


def test_a_command_started_with_nohup_ignores_the_hangup(bitcoind, home):
    with subprocess.Popen(
        DEPLOY,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN),
    ) as running:
        wait_for_node(home, running)
        running.send_signal(signal.SIGHUP)
        printed, _ = running.communicate(timeout=_SECONDS)
    assert running.returncode == 0
    assert "deployed on regtest" in printed.decode()
    assert nodes_in(home) == []


def test_a_mistake_is_answered_before_tensorflow_is_loaded(home):
    importing = (
        "import sys; from app.cli import main\n"
        "for mistake in ['nonsense'], ['http://127.0.0.1:8332', '--rpc-cookie', 'missing']:\n"
        "    main(['verify', sys.argv[1], '--rpc-url', *mistake])\n"
        "print('tensorflow' in sys.modules)"
    )
    command = [sys.executable, "-c", importing, SEVEN]
    done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS)
    for words in ("'nonsense' is not the address of a node", "cookie file missing"):
        assert words in done.stderr
    assert done.stdout == "False\n"


def test_a_command_that_fails_does_not_wait_for_work_in_the_background():
    code = (
        "import sys, time; from app.cli import ending, main\n"
        "ending.Background(lambda: time.sleep(600)); sys.argv = ['inkproof', 'inspect', 'zzz']\n"
        "main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=_SECONDS)
    assert done.returncode == 2
    assert "not a txid" in done.stderr


def test_an_error_in_the_background_is_raised_by_result():
    from app.cli.ending import Background
    from app.errors import ModelError

    def fail():
        raise ModelError("no such model")

    with pytest.raises(ModelError, match="no such model"):
        Background(fail).result()
    assert Background(lambda: 7).result() == 7
