"""The whole window on SDL's dummy screen, with real judges and a real node behind it."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pygame
import pytest

from app import fixedpoint
from app.chain.ledger.store import Ledger
from app.chain.networks import REGTEST
from app.chain.proof.beef import Beef
from app.chain.wallet.key import public_address
from app.models import MODELS, name_of
from app.window.driving import Player
from app.window.model import intents
from app.window.model.values import Phase, SubmissionStage, Who
from app.window.options import WindowOptions
from app.window.workers.crew import PROCESSES
from tests.conftest import hearing
from tests.faults import world
from tests.sizes import sized
from tests.window.frames import draw_seven, until

ROOT = Path(__file__).parents[2]
_OTHERS: set[int] = set()


@pytest.fixture
def window(bitcoind, home):
    """Open a window whose frames are driven by a generator; it is closed when the generator ends.

    `workers` are the processes that the test needs: TensorFlow is started only for those that do.
    """
    from app.window.app import Window

    def open_with(steps, workers=PROCESSES, **options):
        window = Window(WindowOptions(**options), driver=Player(steps), workers=workers)
        try:
            window.run()
        finally:
            window.close()
        return window

    return open_with


def test_from_the_first_stroke_to_the_ledger(window, home):
    seen = []

    def steps(window):
        yield from until(lambda: window.frames.ready is not None)
        assert window.state.chain.phase is Phase.READY, window.state.notice
        yield from draw_seven(window)
        yield from until(lambda: window.state.reading(Who.SCRIPT) is not None)
        reads = {window.state.reading(who).digit for who in (Who.FLOAT, Who.FIXED, Who.SCRIPT)}
        fixed, script = window.state.reading(Who.FIXED), window.state.reading(Who.SCRIPT)
        assert reads == {7}
        assert fixed.logits == script.logits
        for claim in (None, 3):
            window.do(intents.Choose(claim))
            for _ in range(5):
                window.do(intents.Submit())
            yield from until(lambda: not window.state.submission.running)
            seen.append(window.state.submission)
        yield from until(lambda: len(window.state.history) == 2)
        seen.append(window.state.history)
        window.do(intents.Choose(None))
        window.do(intents.CheckAgain())
        yield from until(lambda: not window.state.check.running)
        seen.append(window.state.check)
        window.do(intents.WriteProof())
        yield from until(lambda: list((home / "pictures").glob("proof-*.beef")))
        window.do(intents.Share())
        yield from until(lambda: list((home / "pictures").glob("proof-*.png")))
        processes.extend(_started())

    processes = []
    closed = window(steps)
    accepted, refused, history, check = seen
    assert check.accepted
    assert check.txid == accepted.txid
    assert ("Claim", "this is a 7") in check.rows
    (proof,) = (home / "pictures").glob("proof-*.beef")
    assert Beef.parse(proof.read_bytes()).subject.hash == bytes.fromhex(accepted.txid)[::-1]
    assert accepted.accepted
    assert accepted.block is not None
    assert len(accepted.steps) == len(SubmissionStage)
    assert refused.accepted is False
    assert "false/empty top stack element" in refused.reason
    assert [(row.txid, row.claim) for row in history] == [(refused.txid, 3), (accepted.txid, 7)]
    assert closed.state.jobs == 2
    assert closed.state.chain.address == public_address(home, REGTEST)
    assert len(processes) >= 4
    assert _left_running(processes) == []


@sized("names", ["compact"], ["compact", "mlp"])
def test_every_judge_and_the_chain_go_over_to_the_model_that_is_chosen(window, names):
    """`mlp` needs a node with a raised policy: another node than that of the others."""
    before, seen = [], {}

    def steps(window):
        yield from until(lambda: window.state.chain.phase is Phase.READY)
        before.append(window.state.chain.contract)
        yield from draw_seven(window)
        for name in names:
            window.do(intents.ChooseModel(list(MODELS).index(name)))
            window.do(intents.Submit())
            yield from until(lambda: window.state.reading(Who.SCRIPT) is not None)
            yield from until(lambda: _judged(window))
            seen[name] = window.state
            yield from until(lambda: len(window.state.history) == len(seen))
            assert window.state.submission.accepted, window.state.notice

    history = window(steps).state.history
    assert [row.model for row in history][::-1] == [*seen]
    picture = seen["compact"].fresh.pixels
    for name, state in seen.items():
        exact = fixedpoint.load(MODELS[name].integers_path)
        read = exact.read(np.frombuffer(picture, np.uint8).reshape(28, 28))
        assert state.model == name
        assert state.reading(Who.FIXED).logits == state.reading(Who.SCRIPT).logits == read.logits
    contracts = {*before, *(state.chain.contract for state in seen.values())}
    assert len(contracts) == 1 + len(names)
    nodes = [state.chain.network for state in seen.values()]
    assert nodes == ["regtest", "regtest-raised"][: len(names)]


def test_a_model_that_is_only_passed_by_is_not_deployed(window, home):
    def steps(window):
        yield from until(lambda: window.state.chain.phase is Phase.READY)
        for name in ("mlp-8bit", "compact", "source"):
            window.do(intents.ChooseModel(list(MODELS).index(name)))
        yield from until(lambda: "source" in deployed())

    def deployed():
        with Ledger(home / "ledger.sqlite") as ledger:
            return {name_of(deployment.model_sha256) for deployment in world.deployments(ledger)}

    window(steps, workers=[Who.CHAIN])
    assert "compact" not in deployed()


def test_an_unreadable_ledger_is_reported_and_read_once_it_can_be(window, home):
    ledger = home / "ledger.sqlite"
    ledger.write_bytes(b"not a ledger" * 100)
    told = []

    def steps(window):
        yield from until(lambda: window.state.notice is not None and window.state.notice.error)
        told.append(window.state.notice)
        ledger.unlink()
        yield from until(lambda: window.state.chain.phase is Phase.READY)

    window(steps, workers=[Who.CHAIN])
    assert "ledger" in told[0].text


def _judged(window):
    submission = window.state.submission
    return submission and not submission.running and submission.revision == window.state.revision


@pytest.mark.parametrize("frames", [*(pytest.param(few, marks=pytest.mark.exhaustive) for few in (0, 1)), 20])
def test_closing_while_everything_starts_leaves_nothing_running(window, frames):
    def steps(_window):
        for _ in range(frames):
            yield

    window(steps)
    assert _left_running(_started()) == []


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


def test_the_first_frame_waits_for_nothing_that_it_does_not_need():
    code = "import sys, app.window.app; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"app.fixedpoint", "app.chain", "app.contract", "app.drawing", "multiprocessing", "PIL", "psutil"}
    assert heavy & set(loaded.stdout.split()) == set()


def test_what_dies_behind_the_window_is_reported_and_started_again(window):
    told = []

    def steps(window):
        yield from until(lambda: window.state.chain.phase is Phase.READY)
        for victim in _started():
            if _is_node(victim) or "spawn_main" in " ".join(victim.cmdline()):
                victim.kill()
        yield from until(lambda: window.state.chain.phase is not Phase.READY)
        told.append(window.state.notice)
        yield from until(lambda: window.state.judges[Who.SCRIPT].phase is Phase.READY)
        yield from until(lambda: window.state.chain.phase is Phase.READY)
        yield from draw_seven(window)
        yield from until(lambda: window.state.reading(Who.SCRIPT) is not None)
        told.append(window.state.reading(Who.SCRIPT))

    window(steps, workers=[Who.CHAIN, Who.SCRIPT])
    assert told[0].error
    assert told[0].hint
    assert told[1].digit == 7


def test_a_node_that_dies_under_a_healthy_window_is_started_again(window):
    told = []

    def steps(window):
        yield from until(lambda: window.state.chain.phase is Phase.READY)
        next(filter(_is_node, _started())).kill()
        yield from until(lambda: window.state.chain.phase is not Phase.READY)
        told.append(window.state.notice)
        yield from until(lambda: window.state.chain.phase is Phase.READY)

    window(steps, workers=[Who.CHAIN])
    assert told[0].error


def test_files_dropped_and_saved(window, home):
    def steps(window):
        yield from until(lambda: window.state.judges[Who.FIXED].phase is Phase.READY)
        pygame.event.post(pygame.event.Event(pygame.DROPFILE, file=str(ROOT / "tests/data/seven.png")))
        yield from until(lambda: window.state.reading(Who.FIXED) is not None)
        assert window.state.reading(Who.FIXED).digit == 7
        window.do(intents.Save())
        window.do(intents.Save(window=True))
        yield from until(lambda: len(list((home / "pictures").glob("*.png"))) == 2)

    window(steps, workers=[])


def test_a_copied_txid_is_on_the_clipboard(window):
    from app.window.model import effects
    from app.window.workers.clipboard import TEXT

    def steps(window):
        window.carry_out(effects.Copy("3f8a29c0" * 8))
        yield
        assert pygame.scrap.get(TEXT).rstrip(b"\0") == b"3f8a29c0" * 8
        assert window.state.notice is None

    window(steps, workers=[])


def test_full_screen_is_laid_out_for_the_whole_screen_and_goes_back(window):
    def steps(window):
        window.do(intents.ToggleFullscreen())
        yield
        assert window.view.layout.size == pygame.display.get_desktop_sizes()[0]
        window.do(intents.ToggleFullscreen())
        yield
        assert window.view.layout.size == (1280, 800)

    window(steps, workers=[])


def test_the_canvas_keeps_its_strokes_when_the_window_changes(window):
    def steps(window):
        yield from until(lambda: window.state.judges[Who.FIXED].phase is Phase.READY)
        yield from draw_seven(window)
        yield from until(lambda: window.state.fresh is not None)
        picture = window.state.fresh.pixels
        screen = pygame.display.set_mode((1000, 700), pygame.RESIZABLE)
        pygame.event.post(pygame.event.Event(pygame.VIDEORESIZE, size=(1000, 700), w=1000, h=700))
        yield
        yield
        assert window.view.layout.size == (1000, 700)
        middle = window.view.layout.canvas
        dark = pygame.surfarray.array3d(screen)[middle.x : middle.right, middle.y : middle.bottom].min()
        assert dark < 60
        window.do(intents.Undo())
        window.do(intents.Redo())
        yield from until(lambda: window.state.fresh is not None)
        assert window.state.fresh.pixels == picture

    window(steps, workers=[])


@pytest.mark.parametrize("driver", ["no-such-driver", ""])
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
if __name__ == "__main__":
    status = run(workers=[Who.CHAIN, Who.SCRIPT])
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
        if any(map(_is_node, children)):
            return children
        time.sleep(0.1)
    raise AssertionError("The node was not started.")


@pytest.fixture(autouse=True)
def _others():
    """What ran before a test is not its own: other tests share a node that lives as long as they do."""
    _OTHERS.clear()
    _OTHERS.update(process.pid for process in psutil.Process().children(recursive=True))


def _started():
    """What the test has started; Python's own tracker of shared resources lives as long as this process."""
    return [
        process
        for process in psutil.Process().children(recursive=True)
        if process.pid not in _OTHERS and _runs(process) and not _is_tracker(process)
    ]


def _left_running(processes, seconds=60):
    """Those that have not ended in time; the node's guardian ends by itself, a little after the node."""
    end = time.monotonic() + seconds
    while (running := [process for process in processes if _runs(process)]) and time.monotonic() < end:
        time.sleep(0.1)
    return running


def _is_tracker(process):
    with contextlib.suppress(psutil.Error):
        return "resource_tracker" in " ".join(process.cmdline())
    return False


def _is_node(process):
    with contextlib.suppress(psutil.Error):
        return any(argument.startswith("-datadir=") for argument in process.cmdline())
    return False


def _runs(process):
    with contextlib.suppress(psutil.Error):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False
