"""The real program in a real X11 window, driven by a real mouse and keyboard, with a real node behind it."""

import contextlib
import itertools
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from app import fixedpoint
from app.chain.ledger.records import VerificationState
from app.chain.ledger.store import Ledger
from app.drawing import read_digit, read_digit_bytes
from app.errors import InkproofError
from app.paths import model_folder
from app.window.view.arrange import arrange
from app.window.workers.files import pasted
from tests.waiting import eventually
from tests.window.states import SEVEN

ROOT = Path(__file__).parents[2]
NEEDED = ("Xvfb", "xdotool")

pytestmark = [
    pytest.mark.skipif(
        any(shutil.which(program) is None for program in NEEDED), reason="Xvfb or xdotool is not installed"
    ),
]


@pytest.fixture
def display():
    """An X server of its own."""
    read, write = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", "1400x900x24", "-nolisten", "tcp"],
        pass_fds=(write,),
        stderr=subprocess.DEVNULL,
    )
    os.close(write)
    with os.fdopen(read) as number:
        yield f":{number.readline().strip()}"
    server.terminate()
    server.wait()


@pytest.fixture
def program(display, home, bitcoind):
    """`inkproof`, opened on that server."""
    with opened(display, "-m", "app", INKPROOF_BITCOIND=str(bitcoind)) as process:
        yield process


@pytest.fixture
def alone(display, home):
    """The window on that server, with no process behind it: no TensorFlow, and no node."""
    code = "import sys; from app.window.app import run; sys.exit(run(workers=[]))"
    with opened(display, "-c", code) as process:
        yield process


@contextlib.contextmanager
def opened(display, *words, **more):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SDL_")}
    environment |= {"DISPLAY": display, "PYTHONPATH": str(ROOT), **more}
    process = subprocess.Popen([sys.executable, *words], cwd=ROOT, env=environment)
    try:
        yield process
    finally:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=60)
        process.kill()
        process.wait()


def xdotool(display, *words):
    environment = os.environ | {"DISPLAY": display}
    answer = subprocess.run(
        ["xdotool", *map(str, words)], env=environment, capture_output=True, text=True, check=True, timeout=60
    )
    return answer.stdout


def test_a_digit_drawn_with_the_mouse_is_saved_as_it_was_drawn_and_the_keys_are_heard(display, alone, home):
    window = _window(display, alone)
    xdotool(display, *_strokes(window))
    xdotool(display, "key", "ctrl+s")
    _full_screen_and_back(display, window)
    xdotool(display, "key", "ctrl+q")
    assert alone.wait(timeout=60) == 0
    (saved,) = (home / "pictures").glob("*.png")
    assert fixedpoint.load(model_folder() / "integers.npz").read(read_digit(saved)).digit == 7


@pytest.mark.exhaustive
def test_a_digit_drawn_with_the_mouse_ends_up_in_the_ledger_of_a_node(display, program, home):
    window = _window(display, program)
    # The pen may come down as soon as there is paper, and Enter may be pressed before the node is up.
    xdotool(display, *_strokes(window))
    xdotool(display, "key", "Return")
    record = _record(home, program)
    assert record.state is VerificationState.CONFIRMED
    assert (record.claim, record.float_digit, record.fixed_digit) == (7, 7, 7)
    assert record.block_height is not None
    _refuse(display, program, home)
    _full_screen_and_back(display, window)
    xdotool(display, "key", "ctrl+q")
    assert program.wait(timeout=60) == 0


@pytest.mark.skipif(shutil.which("xclip") is None, reason="xclip is not installed")
def test_a_picture_that_another_program_copied_is_pasted(display, monkeypatch):
    monkeypatch.setenv("DISPLAY", display)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    with pytest.raises(InkproofError, match="no picture on the clipboard"):
        pasted()
    picture = ROOT / "tests" / "data" / "seven.png"
    copy = ["xclip", "-selection", "clipboard", "-t", "image/png", "-i", str(picture)]
    subprocess.run(copy, check=True, timeout=60, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    same = read_digit_bytes(picture.read_bytes(), "the file")
    assert (read_digit_bytes(pasted(), "the clipboard") == same).all()


def test_where_the_clipboard_has_no_pictures_to_give_it_is_said_what_to_install(display, monkeypatch):
    monkeypatch.setenv("DISPLAY", display)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(InkproofError, match="cannot be reached") as refused:
        pasted()
    assert "xclip" in refused.value.hint


def _full_screen_and_back(display, window):
    for size in ("1400x900", "1280x800"):
        xdotool(display, "key", "F11")
        deadline = time.monotonic() + 60
        while size not in xdotool(display, "getwindowgeometry", window):
            assert time.monotonic() < deadline, size
            time.sleep(0.2)


def _refuse(display, program, home):
    """The same drawing, another claim: the node refuses.

    The ledger is settled a little before the window knows, and until then Enter does nothing: it is pressed
    until there is a second record.
    """
    deadline = time.monotonic() + 120
    while len(_records(home)) < 2 and time.monotonic() < deadline:
        xdotool(display, "key", "3", "key", "Return")
        eventually(lambda: len(_records(home)) == 2, seconds=3.0)
    record = _record(home, program, count=2)
    assert record.state is VerificationState.REFUSED
    assert record.claim == 3
    assert "false/empty top stack element" in record.reason


def _window(display, program):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert program.poll() is None, "The program has ended."
        with contextlib.suppress(subprocess.CalledProcessError):
            found = xdotool(display, "search", "--onlyvisible", "--class", "inkproof").split()
            if found:
                # The window is there before its first picture is.
                time.sleep(1.0)
                return found[-1]
        time.sleep(0.1)
    raise AssertionError("No window has come.")


def _strokes(window):
    """xdotool's words for drawing a seven, as a hand does: in small moves, each with its time."""
    canvas = arrange((1280, 800)).canvas
    for stroke in SEVEN:
        places = [(round(canvas.x + x * canvas.w), round(canvas.y + y * canvas.h)) for x, y in stroke.points]
        yield from ("mousemove", "--window", window, *places[0], "mousedown", "1")
        for (ax, ay), (bx, by) in itertools.pairwise(places):
            for part in range(1, 9):
                x, y = round(ax + (bx - ax) * part / 8), round(ay + (by - ay) * part / 8)
                yield from ("mousemove", "--window", window, x, y, "sleep", "0.008")
        yield from ("mouseup", "1", "sleep", "0.05")


def _record(home, program, count=1):
    """The verification of this number in the ledger, once it is settled."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        assert program.poll() is None, "The program has ended."
        rows = _records(home)
        if len(rows) >= count and rows[count - 1].state in (
            VerificationState.CONFIRMED,
            VerificationState.REFUSED,
        ):
            return rows[count - 1]
        time.sleep(0.3)
    raise AssertionError("The verification is not in the ledger.")


def _records(home):
    """What the ledger holds, oldest first."""
    path = home / "ledger.sqlite"
    if not path.is_file():
        return []
    with Ledger(path) as ledger:
        return ledger.history(50)[::-1]
