"""Run the whole test suite several times on a busy machine: two processes that only count run beside it.

Prints a line per run, and ends with status 1 at the first run in which a test fails.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import time
from collections.abc import Sequence

BUSY = "while True: pass"


def main(arguments: Sequence[str] | None = None) -> int:
    """0 if every run passed. Unknown arguments go to pytest."""
    parser = argparse.ArgumentParser(prog="python -m tools.ten_runs", description=__doc__)
    parser.add_argument("--count", type=int, default=10, help="runs (10)")
    parser.add_argument("--busy", type=int, default=2, help="processes that keep the machine busy (2)")
    options, others = parser.parse_known_args(arguments)
    beside = [subprocess.Popen([sys.executable, "-c", BUSY]) for _ in range(options.busy)]
    try:
        return 0 if all(_passes(number, others) for number in range(1, options.count + 1)) else 1
    finally:
        for process in beside:
            process.kill()
            process.wait()


def _passes(number: int, others: Sequence[str]) -> bool:
    """One run in a new random order; prints the result, and pytest's whole output if it failed."""
    began = time.monotonic()
    command = [sys.executable, "-m", "pytest", "-q", f"--randomly-seed={number}", *others]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    counts = {word: int(count) for count, word in re.findall(r"(\d+) (passed|failed|errors?)\b", ran.stdout)}
    failed = sum(count for word, count in counts.items() if word != "passed")
    seconds = time.monotonic() - began
    print(f"run {number}: {counts.get('passed', 0)} passed, {failed} failed, {seconds:.0f} s", flush=True)
    if ran.returncode:
        print(ran.stdout, ran.stderr, sep="\n", file=sys.stderr)
    return ran.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
