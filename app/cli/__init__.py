"""The command line. Nothing heavy is imported before it is known which command needs it."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from app.cli.ending import ended_by_signals, leave
from app.errors import InkproofError

OK, DISAGREE, FAILED, INTERRUPTED = 0, 1, 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit status is 0 if all agree, 1 if a judge disagrees, 2 on an error.

    A signal that ends it adds 128, as in a shell. Without any argument the window is opened.
    """
    with ended_by_signals() as received:
        status = _run((sys.argv[1:] if arguments is None else arguments) or ["window"])
    if received:
        status = 128 + received[0]
    if arguments is None:
        leave(status)
    return status


def _run(arguments: Sequence[str]) -> int:
    from app.cli.parser import build_parser

    options = build_parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except InkproofError as error:
        from app.cli.output import show_error

        show_error(error)
        return FAILED
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of our output has gone (`| head`): that is its right, and no news to anyone.
        sys.stderr.close()
        return FAILED
