"""`selftest`: the command around `app.bench.selftest`."""

from __future__ import annotations

import argparse
import time
from dataclasses import asdict

from rich.text import Text

from app.bench import selftest
from app.bench.selftest import Check
from app.cli import FAILED, OK
from app.cli.output import out, print_json, reporting
from app.version import describe


def run(options: argparse.Namespace) -> int:
    """Run every check and print each as it ends; exit status 0 only if all passed."""
    began = time.perf_counter()
    with reporting(options) as report:
        report("Testing")
        checks = selftest.run((lambda _check: None) if options.json else _show)
    passed = all(check.passed for check in checks)
    seconds = round(time.perf_counter() - began, 3)
    if options.json:
        steps = [asdict(check) for check in checks]
        print_json({"program": describe(), "passed": passed, "seconds": seconds, "steps": steps})
    else:
        out.print(f"{describe()}: {'all passed' if passed else 'FAILED'} in {seconds:.1f} s")
    return OK if passed else FAILED


def _show(check: Check) -> None:
    line = Text("✓" if check.passed else "✗", style="green" if check.passed else "bold red")
    line.append(f" {check.name:<20}{check.seconds:>8.2f} s  {check.detail}", style="default not bold")
    out.print(line)
