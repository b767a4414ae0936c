"""The whole window on SDL's dummy screen, with real judges and a real node behind it."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pygame
import pytest

from app import fixedpoint
from app.chain.ledger.store import Ledger
from app.chain.networks import REGTEST
from app.chain.proof.beef import Beef
from app.chain.wallet.key import public_address
from app.models import MODELS, name_of
from app.window.model import intents
from app.window.model.values import Phase, SubmissionStage, Who
from tests.faults import world
from tests.window.frames import draw_seven, until
from tests.window.processes import left_running

ROOT = Path(__file__).parents[2]


def test_from_the_first_stroke_to_the_ledger_and_on_with_another_model(window, home, started):
    seen, with_models = [], []

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
        with_models.extend((window.state, (yield from _claimed_with(window, "compact"))))
        processes.extend(started())

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
    _all_went_over(*with_models)
    assert closed.state.jobs == 3
    assert closed.state.chain.address == public_address(home, REGTEST)
    assert len(processes) >= 4
    assert left_running(processes) == []


@pytest.mark.exhaustive
def test_every_judge_and_the_chain_go_over_to_each_model_that_is_chosen(window):
    """`mlp` needs a node with a raised policy: another node than that of the others."""
    seen = []

    def steps(window):
        yield from until(lambda: window.state.chain.phase is Phase.READY)
        seen.append(window.state)
        yield from draw_seven(window)
        for name in ("compact", "mlp"):
            seen.append((yield from _claimed_with(window, name)))

    history = window(steps).state.history
    _all_went_over(*seen)
    assert [row.model for row in history] == ["mlp", "compact"]
    assert [state.chain.network for state in seen[1:]] == ["regtest", "regtest-raised"]


def _claimed_with(window, name):
    """Choose a model and claim what is drawn; the state in which all have read it and the ledger holds it."""
    rows = len(window.state.history)
    window.do(intents.ChooseModel(list(MODELS).index(name)))
    window.do(intents.Submit())
    yield from until(lambda: window.state.reading(Who.SCRIPT) is not None)
    yield from until(lambda: _judged(window.state.submission, name))
    yield from until(lambda: len(window.state.history) > rows)
    assert window.state.submission.accepted, window.state.notice
    assert window.state.model == window.state.history[0].model == name
    return window.state


def _judged(submission, name):
    return submission and submission.model == name and not submission.running


def _all_went_over(before, *after):
    """Both exact judges read with the model that was chosen, and the chain has another contract for each."""
    for state in after:
        exact = fixedpoint.load(MODELS[state.model].integers_path)
        read = exact.read(np.frombuffer(state.fresh.pixels, np.uint8).reshape(28, 28))
        assert state.reading(Who.FIXED).logits == state.reading(Who.SCRIPT).logits == read.logits
    assert len({state.chain.contract for state in (before, *after)}) == 1 + len(after)


def test_a_model_that_is_only_passed_by_is_not_deployed(window, home):
    def steps(window):
        yield from until(lambda: window.state.chain.phase is Phase.READY)
        for name in ("handwriting", "source", "cnn"):
            window.do(intents.ChooseModel(list(MODELS).index(name)))
        yield from until(lambda: "cnn" in deployed())

    def deployed():
        with Ledger(home / "ledger.sqlite") as ledger:
            return {name_of(deployment.model_sha256) for deployment in world.deployments(ledger)}

    window(steps, workers=[Who.CHAIN], model="compact")
    assert "source" not in deployed()


def test_an_unreadable_ledger_is_reported_and_read_once_it_can_be(window, home):
    ledger = home / "ledger.sqlite"
    ledger.write_bytes(b"not a ledger" * 100)
    told = []

    def steps(window):
        yield from until(lambda: window.state.notice is not None and window.state.notice.error)
        told.append(window.state.notice)
        ledger.unlink()
        yield from until(lambda: window.state.chain.phase is Phase.READY)

    window(steps, workers=[Who.CHAIN], model="compact")
    assert "ledger" in told[0].text


def test_the_first_frame_waits_for_nothing_that_it_does_not_need():
    code = "import sys, app.window.app; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"app.fixedpoint", "app.chain", "app.contract", "app.drawing", "multiprocessing", "PIL", "psutil"}
    assert heavy & set(loaded.stdout.split()) == set()


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
