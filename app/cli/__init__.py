"""The command line. Heavy modules are imported only by the commands that need them."""

from __future__ import annotations

import argparse
import contextlib
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
    from app.cli.output import accept_any_text

    accept_any_text(sys.stdout)
    accept_any_text(sys.stderr)
    with ended_by_signals() as received:
        status = _run((sys.argv[1:] if arguments is None else arguments) or ["window"])
    if received:
        status = 128 + received[0]
    if arguments is None:
        leave(status)
    return status


def _run(arguments: Sequence[str]) -> int:
    from app.cli.parser import build_parser

    options = argparse.Namespace()
    try:
        try:
            parser = build_parser()
            _complete(parser)
            parser.parse_args(arguments, options)
            return int(options.run(options))
        finally:
            # A failed write is an error of the command; at exit Python would print a traceback for it.
            if sys.stdout is not None:
                sys.stdout.flush()
    except InkproofError as error:
        _show(error, options)
        return FAILED
    except KeyboardInterrupt:
        with contextlib.suppress(OSError):
            print("Stopped.", file=sys.stderr)
        _discard_unwritable()
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of our output has closed the pipe (`| head`): not an error to report.
        _discard_unwritable()
        return FAILED
    except OSError as error:
        # Errors of files and nodes are explained where they occur; what is left is mostly output.
        what = f"{error.filename} cannot be used." if error.filename else "The output cannot be written."
        _show(InkproofError(what, why=f"{error.strerror or error}."), argparse.Namespace())
        return FAILED


def _complete(parser: argparse.ArgumentParser) -> None:
    """Answer a shell that asks for completions (argcomplete's protocol), and end; else do nothing."""
    if "_ARGCOMPLETE" in os.environ:
        import argcomplete

        argcomplete.autocomplete(parser)


def _show(error: InkproofError, options: argparse.Namespace) -> None:
    """Print the error on standard error and, with --json, as an object on standard output."""
    from app.cli.output import print_json, show_error

    with contextlib.suppress(OSError):
        if getattr(options, "json", False):
            print_json(error.as_json())
    with contextlib.suppress(OSError):
        show_error(error)
    _discard_unwritable()


def _discard_unwritable() -> None:
    """Redirect a stream that cannot be written to the null device: Python flushes it again at its end."""
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except OSError:
            with contextlib.suppress(OSError, ValueError), Path(os.devnull).open("wb") as nowhere:
                os.dup2(nowhere.fileno(), stream.fileno())
