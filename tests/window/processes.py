"""Processes behind a window: which of them run, and which is the node."""

import contextlib
import time

import psutil


def below():
    """The running processes below this one; Python's own tracker of shared resources lives as long as it."""
    return [
        process
        for process in psutil.Process().children(recursive=True)
        if runs(process) and not _is_tracker(process)
    ]


def left_running(processes, seconds=60):
    """Those that have not ended in time; the node's guardian ends by itself, a little after the node."""
    end = time.monotonic() + seconds
    while (running := [process for process in processes if runs(process)]) and time.monotonic() < end:
        time.sleep(0.1)
    return running


def is_node(process):
    with contextlib.suppress(psutil.Error):
        return any(argument.startswith("-datadir=") for argument in process.cmdline())
    return False


def runs(process):
    with contextlib.suppress(psutil.Error):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


def _is_tracker(process):
    with contextlib.suppress(psutil.Error):
        return "resource_tracker" in " ".join(process.cmdline())
    return False
