"""Which system libraries a frozen program needs on Linux: `python -m tools.libraries PROGRAM` prints a table.

Read from the files themselves: what each library and program in the folder names as needed (ELF's DT_NEEDED)
and the folder does not hold. The starter and the node do not see the folder's libraries, so for them all that
is needed comes from the system. SDL opens the screen's libraries by name while it runs (`SCREEN`).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from elftools.common.exceptions import ELFError
from elftools.elf.dynamic import DynamicSection
from elftools.elf.elffile import ELFFile

__all__ = ["PROGRAMS", "SCREEN", "closure", "found", "main", "needed", "needs"]

PROGRAMS = "_internal/node/bin/"
"""The programs that Inkproof starts stand here, below the starter's folder."""

SCREEN = ("libX11.so.6", "libXext.so.6")
"""Opened by SDL while it runs: without one of them there is no window on X11."""

_FOLDERS = (
    "/lib/x86_64-linux-gnu",
    "/usr/lib/x86_64-linux-gnu",
    "/lib64",
    "/usr/lib64",
    "/lib",
    "/usr/lib",
)
"""Where distributions keep their libraries."""


def needs(file: Path) -> list[str] | None:
    """The libraries that an ELF file names as needed; None if it is no ELF file."""
    with file.open("rb") as stream:
        if stream.read(4) != b"\x7fELF":
            return None
        try:
            section = ELFFile(stream).get_section_by_name(".dynamic")
        except ELFError:
            return None
        if not isinstance(section, DynamicSection):
            return []
        return [
            str(getattr(tag, "needed", "")) for tag in section.iter_tags() if tag.entry.d_tag == "DT_NEEDED"
        ]


def needed(folder: Path) -> dict[str, list[str]]:
    """Each system library that is needed, and the files below `folder` (the starter's) that need it."""
    inside = {path.name for path in folder.rglob("*") if path.is_file()}
    users: dict[str, list[str]] = {}
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or not path.is_file():
            continue
        place = path.relative_to(folder).as_posix()
        for name in needs(path) or ():
            if name not in inside or "/" not in place or place.startswith(PROGRAMS):
                users.setdefault(name, []).append(place)
    return users


def found(name: str) -> Path | None:
    """Where this system keeps a library."""
    return next((path for folder in _FOLDERS if (path := Path(folder) / name).is_file()), None)


def closure(names: Sequence[str]) -> Iterator[Path]:
    """The files of these system libraries and of all that they need in turn; OSError if one is missing."""
    waiting, seen = list(names), set()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        path = found(name)
        if path is None:
            raise OSError(f"{name} is not on this system.")
        waiting += needs(path) or ()
        yield path


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m tools.libraries", description=__doc__)
    parser.add_argument("program", type=Path, help="dist/inkproof/inkproof")
    options = parser.parse_args(arguments)
    folder = options.program.resolve().parent
    print("| library | needed by |\n|---|---|")
    for name, users in sorted({**needed(folder), **{one: ["the window (SDL)"] for one in SCREEN}}.items()):
        others = f" and {len(users) - 1} more" if len(users) > 1 else ""
        print(f"| `{name}` | {users[0]}{others} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
