"""How a window begins and ends: nothing is left behind, and what dies behind it is started again."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from app.window.model import intents
from app.window.model.values import Card, Phase, Who
from tests.conftest import hearing
from tests.sizes import sized
from tests.window.frames import draw_seven, until
from tests.window.processes import is_node, left_running

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("frames", [*(pytest.param(few, marks=pytest.mark.exhaustive) for few in (0, 1)), 20])
def test_closing_while_everything_starts_leaves_nothing_running(window, started, frames):
    def steps(_window):
        for _ in range(frames):
            yield

    window(steps)
    assert left_running(started()) == []


def test_a_window_that_is_killed_takes_its_workers_and_its_node_along(bitcoind, home):
    with _program(bitcoind, home) as program:
        children = _wait_for_node(program)
        program.kill()
        program.wait()
        _, alive = psutil.wait_procs(children, timeout=60)
        assert alive == []


@pytest.mark.parametrize(
    ("number", "group"),
    [
        pytest.param(signal.SIGTERM, False, marks=pytest.mark.exhaustive),
        (signal.SIGHUP, True),
        pytest.param(signal.SIGINT, True, marks=pytest.mark.exhaustive),
    ],
)
def test_a_signal_closes_the_window_in_good_order(bitcoind, home, number, group):
    """Also when everybody hears it, as when the terminal is closed. Its process never loads what is heavy."""
    with _program(bitcoind, home) as program:
        children = _wait_for_node(program)
        os.killpg(program.pid, number) if group else program.send_signal(number)
        assert program.communicate(timeout=60)[0].splitlines()[-1] == "[]"
        assert program.returncode == 0
        _, alive = psutil.wait_procs(children, timeout=60)
        assert alive == []


@sized("asked", True, False)
def test_what_dies_behind_the_window_is_reported_and_started_again(window, started, asked):
    """First the node alone, under a healthy window; then everything at once.

    That the node is gone is noticed when it is asked for the bounties, else at the next look at the chain.
    """
    told = []

    def struck(window, victims):
        for victim in victims:
            victim.kill()
        if asked:
            window.do(intents.Toggle(Card.BOUNTIES))
        yield from until(lambda: window.state.chain.phase is not Phase.READY)
        told.append(window.state.notice)
        yield from until(lambda: window.state.chain.phase is Phase.READY)

    def steps(window):
        yield from until(lambda: window.state.chain.phase is Phase.READY)
        yield from struck(window, [next(filter(is_node, started()))])
        workers = [process for process in started() if "spawn_main" in " ".join(process.cmdline())]
        yield from struck(window, [*filter(is_node, started()), *workers])
        yield from until(lambda: window.state.judges[Who.SCRIPT].phase is Phase.READY)
        assert window.state.card is None
        yield from draw_seven(window)
        yield from until(lambda: window.state.reading(Who.SCRIPT) is not None)
        told.append(window.state.reading(Who.SCRIPT))

    window(steps, workers=[Who.CHAIN, Who.SCRIPT], model="compact")
    node_died, all_died, reading = told
    assert node_died.error
    assert all_died.error
    assert all_died.hint
    assert reading.digit == 7


@pytest.mark.parametrize("driver", [pytest.param("no-such-driver", marks=pytest.mark.exhaustive), ""])
def test_where_there_is_no_screen_the_person_is_told(driver, bitcoind, home):
    """Without a screen SDL would take one that nobody sees, and the program would wait there for ever."""
    environment = _environment(bitcoind, home) | {"SDL_VIDEODRIVER": driver}
    for name in ("SDL_VIDEODRIVER",) * (not driver) + ("DISPLAY", "WAYLAND_DISPLAY"):
        environment.pop(name, None)
    ran = subprocess.run(
        [sys.executable, "-m", "app"], env=environment, capture_output=True, text=True, timeout=60
    )
    assert ran.returncode == 2
    assert "The window cannot be opened." in ran.stderr
    assert "inkproof verify" in ran.stderr


# --- helpers ---


def _environment(bitcoind, home):
    return os.environ | {
        "INKPROOF_HOME": str(home),
        "INKPROOF_BITCOIND": str(bitcoind),
        "PYTHONPATH": str(ROOT),
        "SDL_VIDEODRIVER": "dummy",
    }


@contextlib.contextmanager
def _program(bitcoind, home):
    script = """
import sys
from app.window.app import run
from app.window.model.values import Who
from app.window.options import WindowOptions
if __name__ == "__main__":
    status = run(WindowOptions(model="compact"), workers=[Who.CHAIN, Who.SCRIPT])
    heavy = ("tensorflow", "keras", "bitcoinx", "scryptlib", "requests", "segno")
    print([name for name in heavy if name in sys.modules])
    sys.exit(status)
"""
    file = home / "opens_a_window.py"
    file.write_text(script)
    program = subprocess.Popen(
        [sys.executable, str(file)],
        env=_environment(bitcoind, home),
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=hearing,
    )
    try:
        yield program
    finally:
        program.kill()
        program.wait()


def _wait_for_node(program):
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        children = psutil.Process(program.pid).children(recursive=True)
        if any(map(is_node, children)):
            return children
        time.sleep(0.1)
    raise AssertionError("The node was not started.")
