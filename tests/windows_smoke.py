"""What of Inkproof runs on Windows, tried there or in Wine: `python -m tests.windows_smoke`.

`make windows-smoke` runs it in Wine (tools/windows.sh). It is no pytest module: the Windows Python there has
none. The data folder has a space and letters outside ASCII. Each check prints a line; the exit status is 1 if
one failed. Left out, since Wine 8 does not load their libraries: the float judge (TensorFlow, h5py) and
everything that is encrypted (cryptography).
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SEVEN = ROOT / "tests" / "data" / "seven.png"


def command(*arguments: str) -> tuple[int, str]:
    """A command of Inkproof in this process: exit status and output."""
    from app.cli import main, output

    text = io.StringIO()
    with contextlib.redirect_stdout(text):
        output.out.file = text
        status = main(list(arguments))
    return status, text.getvalue()


def process(*arguments: str) -> subprocess.Popen[str]:
    """A second program."""
    return subprocess.Popen(
        [sys.executable, "-m", "app", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        cwd=ROOT,
    )


def contract_info() -> str:
    status, text = command("contract", "info", "--json")
    assert status == 0, text
    return f"{json.loads(text)['script_bytes']:,} bytes"


def wallet_address() -> str:
    status, text = command("wallet", "address")
    assert status == 0 and text.strip()[0] in "mn", text
    return text.strip()


def engine_and_script() -> str:
    from app import paths
    from app.contract import DigitContract
    from app.contract.classifier import program_for
    from app.drawing import read_digit
    from app.fixedpoint import load
    from app.script import Kind

    model = load(paths.model_folder() / "integers.npz")
    image = read_digit(str(SEVEN))
    assert model.read(image).digit == 7
    contract = DigitContract(program_for(model, Kind.PACKED), bytes(20), model)
    return f"integer engine reads 7; locking script of {len(contract.locking_script):,} bytes"


@contextlib.contextmanager
def service() -> Iterator[object]:
    from app import paths
    from app.chain.connection import NodeChoice
    from app.chain.service import open_service
    from app.fixedpoint import load
    from app.script import Kind

    model = load(paths.model_folder() / "integers.npz")
    with open_service(model, Kind.PACKED, NodeChoice(), lambda *_: None) as opened:
        yield opened


def claims_and_a_second_program() -> str:
    """A true claim is in a block, a false one is refused; meanwhile a second program uses the same node."""
    from app.chain.service import Readings
    from app.drawing import read_digit

    image = read_digit(str(SEVEN)).tobytes()
    readings = Readings(7, [0.1] * 10, 7, [0] * 10)
    quiet = {"progress": lambda *_: None}
    with service() as opened:
        true = opened.submit(image, 7, readings, **quiet)  # type: ignore[attr-defined]
        assert true.accepted and true.block_height, true
        other = process("node", "status", "--json")
        text, errors = other.communicate(timeout=120)
        status = json.loads(text or "null") or {}
        assert other.returncode == 0 and status["answering"] and status["users"] >= 1, (text, errors)
        false = opened.submit(image, 6, readings, **quiet)  # type: ignore[attr-defined]
        assert not false.accepted, false
    status_after = json.loads(command("node", "status", "--json")[1])
    assert not status_after["running"], status_after
    return f"block {true.block_height}; refused: {false.reason}; the node stopped with its last user"


def locks_exclude() -> str:
    """A lock that another process holds is not given to us; it is free once that process has been killed."""
    from filelock import FileLock, Timeout

    path = Path(os.environ["INKPROOF_HOME"]) / "try.lock"
    code = (
        "import sys, time; from filelock import FileLock\n"
        "with FileLock(sys.argv[1]): print(1, flush=True); time.sleep(99)"
    )
    holder = subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE)
    assert holder.stdout is not None and holder.stdout.readline().strip() == b"1"
    try:
        FileLock(path).acquire(timeout=0)
    except Timeout:
        pass
    else:
        raise AssertionError("two processes hold one lock")
    holder.kill()
    holder.wait(20)
    with FileLock(path, timeout=20):
        return "held by one process at a time, free after it is killed"


def the_node_ends_with_a_killed_program() -> str:
    """The guardian stops the node of a program that was killed."""
    code = (
        "import sys, time; from tests.windows_smoke import service\n"
        "with service(): print(1, flush=True); time.sleep(99)"
    )
    user = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, cwd=ROOT)
    assert user.stdout is not None and user.stdout.readline().strip() == b"1"
    user.kill()
    user.wait(20)
    deadline = time.monotonic() + 90
    while json.loads(command("node", "status", "--json")[1])["running"]:
        assert time.monotonic() < deadline, "the node runs on"
        time.sleep(0.5)
    return "stopped by its guardian"


def window_without_a_screen() -> str:
    return _window("dummy")


def window_on_the_screen() -> str:
    return _window("windows")


def _window(driver: str) -> str:
    """The window, in a process of its own: drawn, closed, its workers ended."""
    code = (
        "from app.window.app import Window; from app.window.options import WindowOptions; import pygame\n"
        "frames = []\n"
        "def drive(window):\n"
        "    frames.append(1)\n"
        "    if len(frames) == 30:\n"
        "        print(pygame.display.get_driver(), pygame.display.get_surface().get_size()); window.quit()\n"
        "if __name__ == '__main__':\n"
        "    window = Window(WindowOptions(), drive); window.run(); window.close()\n"
    )
    script = Path(os.environ["INKPROOF_HOME"]) / "drive window.py"
    script.write_text(code, encoding="utf-8")
    environment = os.environ | {"SDL_VIDEODRIVER": driver, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, str(script)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-400:]
    lines = [line for line in done.stdout.splitlines() if line.startswith(driver)]
    assert lines, done.stdout
    return lines[0]


def sigbreak_ends_a_program() -> str:
    """SIGBREAK, which Ctrl+Break and a closing console cause, ends a program and its node.

    The program raises it itself: Wine gives no console to a program that was started without a terminal.
    """
    code = (
        "import signal, time\n"
        "from app.cli.ending import ended_by_signals\n"
        "from tests.windows_smoke import service\n"
        "try:\n"
        "    with ended_by_signals(), service():\n"
        "        signal.raise_signal(signal.SIGBREAK)\n"
        "        time.sleep(99)\n"
        "except KeyboardInterrupt: print('interrupted')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=240, check=False
    )
    assert done.returncode == 0 and done.stdout.strip() == "interrupted", (
        done.returncode,
        done.stderr[-400:],
    )
    assert not json.loads(command("node", "status", "--json")[1])["running"]
    return "interrupted; the node stopped"


CHECKS: tuple[Callable[[], str], ...] = (
    contract_info,
    wallet_address,
    engine_and_script,
    locks_exclude,
    claims_and_a_second_program,
    the_node_ends_with_a_killed_program,
    sigbreak_ends_a_program,
    window_without_a_screen,
    window_on_the_screen,
)


def main() -> int:
    """Run the checks that are named as arguments, or all."""
    failed = 0
    for check in [one for one in CHECKS if not sys.argv[1:] or one.__name__ in sys.argv[1:]]:
        began = time.monotonic()
        try:
            mark, text = "ok    ", check()
        except Exception as error:
            failed += 1
            mark, text = "FAILED", f"{type(error).__name__}: {error}\n{traceback.format_exc(limit=-3)}"
        print(f"{mark} {check.__name__} ({time.monotonic() - began:.0f} s): {text}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
