"""The command line. Nothing heavy is imported before it is known which command needs it."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from app.cli.ending import ended_by_signals, leave
from app.errors import InkproofError

OK, DISAGREE, FAILED, INTERRUPTED = 0, 1, 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit status is 0 if all agree, 1 if a judge disagrees, 2 on an error.

    A signal that ends it adds 128, as in a shell. Without any argument the window is opened.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A mark that the terminal's encoding lacks is no reason to say nothing at all.
            stream.reconfigure(errors="replace")
    with ended_by_signals() as received:
        status = _run((sys.argv[1:] if arguments is None else arguments) or ["window"])
    if received:
        status = 128 + received[0]
    if arguments is None:
        leave(status)
    return status


def _run(arguments: Sequence[str]) -> int:
    from app.cli.parser import build_parser

    try:
        try:
            options = build_parser().parse_args(arguments)
            return int(options.run(options))
        finally:
            # What cannot be written is an error of the command, not of Python's end.
            if sys.stdout is not None:
                sys.stdout.flush()
    except InkproofError as error:
        _tell(error)
        return FAILED
    except KeyboardInterrupt:
        with contextlib.suppress(OSError):
            print("Stopped.", file=sys.stderr)
        _discard_unwritable()
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of our output has gone (`| head`): that is its right, and no news to anyone.
        _discard_unwritable()
        return FAILED
    except OSError as error:
        # Rooms explain the trouble with files and nodes that they know of: what is left is mostly output.
        what = f"{error.filename} cannot be used." if error.filename else "The output cannot be written."
        _tell(InkproofError(what, why=f"{error.strerror or error}."))
        return FAILED


def _tell(error: InkproofError) -> None:
    from app.cli.output import show_error

    with contextlib.suppress(OSError):
        show_error(error)
    _discard_unwritable()


def _discard_unwritable() -> None:
    """Let what cannot be written go nowhere, or Python would try again at its end, and complain."""
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except OSError:
            with contextlib.suppress(OSError, ValueError), Path(os.devnull).open("wb") as nowhere:
                os.dup2(nowhere.fileno(), stream.fileno())
