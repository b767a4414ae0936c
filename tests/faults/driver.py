"""A program that submits verifications and, at a chosen step, is killed or kills the node.

`python -m tests.faults.driver` reads lines of JSON, {"seed": 7, "at": 3, "victim": "app", "many": 0}, runs
each in a process of its own and answers {"status": -9, "steps": [...]}. The steps are what a submission does
to the world: the ledger's writes, what goes to the node, what is told to the caller; before and after each.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from app.chain.backends.node import NodeBackend
from app.chain.ledger.store import Ledger
from app.errors import InkproofError
from tests.faults import world

WATCHED = (
    (Ledger, ("add_deployment", "mark_deployments", "add_verification", "mark_verification", "confirm")),
    (NodeBackend, ("send", "send_all", "mine")),
)


class Steps:
    """Counts what happens, and strikes when the count is reached."""

    def __init__(self, at: int | None, strike: Callable[[], None]) -> None:
        self.names: list[str] = []
        self._at = at
        self._strike = strike

    def reached(self, name: str) -> None:
        self.names.append(name)
        if len(self.names) - 1 == self._at:
            self._strike()

    def watch(self, owner: type, method: str) -> None:
        """Make a step of the moments before and after every call of a method."""
        original = getattr(owner, method)

        def watched(*arguments: Any, **options: Any) -> Any:
            self.reached(f"before {method}")
            result = original(*arguments, **options)
            self.reached(f"after {method}")
            return result

        setattr(owner, method, watched)


def submit(seed: int, at: int | None, victim: str, many: int, report: int) -> None:
    """One submission, or `many` at once, on INKPROOF_HOME's node; the steps' names go to file `report`."""

    def strike() -> None:
        os.write(report, (json.dumps(steps.names) + "\n").encode())
        os.kill(os.getpid() if victim == "app" else world.running(), signal.SIGKILL)

    steps = Steps(at, strike)
    with world.service() as opened:
        for owner, methods in WATCHED:
            for method in methods:
                steps.watch(owner, method)
        if many:
            world.claim_many(opened, seed, many)
        else:
            world.claim(opened, seed, on_stage=lambda stage, _: steps.reached(stage.name))
    os.write(report, (json.dumps(steps.names) + "\n").encode())


def main() -> None:
    for line in sys.stdin:
        order = json.loads(line)
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            status = 0
            try:
                submit(order["seed"], order["at"], order["victim"], order["many"], writing)
            except (InkproofError, OSError) as error:
                print(error, file=sys.stderr, flush=True)
                status = 2
            os._exit(status)
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            steps = pipe.readline()
        _, status = os.waitpid(child, 0)
        answer = {"status": os.waitstatus_to_exitcode(status), "steps": json.loads(steps)}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
