"""Figures quoted in README.md and docs/, each with a note of where it comes from.

Right behind a figure stands an HTML comment, which readers of the page do not see:

    reads 98.59 %<!-- figure: assets/handwriting/report.json; test_accuracy; *100 --> of the test images
    a script of 250 KB<!-- figure: inkproof contract info; script_bytes; /1000 -->
    takes at most 500,000 bytes<!-- figure: app.script.run; SCRIPT_LIMIT -->

The parts are: the source, the key, and (where the page quotes another unit) a factor. The source is a JSON
file of the project, a command that prints JSON with `--json`, or a module of `app`. A key goes down by dots,
with numbers into lists. What is compared is the last number before the comment, at as many decimals as the
page quotes; a text is compared with the word before the comment, a hash at as many letters as are quoted
(8 at least).
"""

from __future__ import annotations

import functools
import importlib
import json
import re
import shlex
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import call

ROOT = Path(__file__).resolve().parents[1]

_NOTE = re.compile(r"<!--\s*figure:(.*?)-->", re.DOTALL)
_FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_NUMBER = re.compile(r"(?<![\w.])[-−]?\d[\d,]*(?:\.\d+)?")
_WORD = re.compile(r"[0-9A-Za-z._+-]+")
_HASH = re.compile(r"[0-9a-f]{32,}")
_REACH = 40  # characters before the comment in which the figure stands, its unit included


@dataclass(frozen=True)
class Figure:
    """One note: the text before it, and the source that it names."""

    page: str
    line: int
    before: str
    source: str
    key: str
    factor: Decimal

    def __str__(self) -> str:
        return f"{self.page}:{self.line} {self.source} {self.key}"


def pages() -> list[Path]:
    """Every page that a reader sees."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def figures() -> list[Figure]:
    """Every figure of every page."""
    found = []
    for path in pages():
        found += figures_in(path.read_text(encoding="utf-8"), path.relative_to(ROOT).as_posix())
    return found


def figures_in(text: str, page: str) -> list[Figure]:
    """The figures of one page. ValueError if a note is not written as it should be."""
    return list(_figures(text, page))


def _figures(text: str, page: str) -> Iterator[Figure]:
    # In a block of code a comment would be seen: what stands there is an example of a note.
    text = _FENCE.sub(lambda block: "\n" * block[0].count("\n"), text)
    for note in _NOTE.finditer(text):
        line = text.count("\n", 0, note.start()) + 1
        parts = [part.strip() for part in note[1].split(";")]
        if len(parts) not in (2, 3):
            raise ValueError(f"{page}:{line}: a figure's note is `source; key` or `source; key; factor`")
        before = _COMMENT.sub("", text[: note.start()])[-_REACH:]
        factor = _factor(parts[2]) if len(parts) == 3 else Decimal(1)
        yield Figure(page, line, before, parts[0], parts[1], factor)


def _factor(text: str) -> Decimal:
    sign, number = text[:1], Decimal(text[1:])
    if sign not in ("*", "/"):
        raise ValueError(f"a factor is *number or /number, not {text!r}")
    return number if sign == "*" else 1 / number


def check(figure: Figure) -> None:
    """AssertionError, with both values, if the page quotes another figure than its source holds."""
    value = lookup(figure.source, figure.key)
    if isinstance(value, str):
        word = _WORD.findall(figure.before)[-1]
        shortened = _HASH.fullmatch(value) and len(word) >= 8 and value.startswith(word)
        assert value == word or shortened, f"{figure}: the page says {word}, the source {value}"
        return
    assert isinstance(value, (int, float)) and not isinstance(value, bool), (
        f"{figure}: {value!r} is no figure"
    )
    quoted = quoted_number(figure.before)
    exact = Decimal(str(value)) * figure.factor
    decimals = Decimal(1).scaleb(int(quoted.as_tuple().exponent))
    # A value that stands exactly between two may be quoted as either.
    rounded = {exact.quantize(decimals, rounding) for rounding in (ROUND_HALF_UP, ROUND_HALF_EVEN)}
    assert quoted in rounded, f"{figure}: the page says {quoted}, the source {exact}"


def quoted_number(text: str) -> Decimal:
    """The last number in a text."""
    numbers = _NUMBER.findall(text)
    if not numbers:
        raise AssertionError(f"there is no figure in {text!r}")
    return Decimal(numbers[-1].replace(",", "").replace("−", "-"))


def lookup(source: str, key: str) -> Any:
    """The value that a source holds under a key."""
    value = _module(source) if source.startswith("app.") else _document(source)
    for step in key.split("."):
        value = value[int(step)] if isinstance(value, list) else value[step]
    return value


def _module(name: str) -> dict[str, Any]:
    return vars(importlib.import_module(name))


@functools.cache
def _document(source: str) -> Any:
    if source.startswith("inkproof "):
        return _printed(source)
    return json.loads((ROOT / source).read_text(encoding="utf-8"))


def _printed(command: str) -> Any:
    with tempfile.TemporaryDirectory() as home, pytest.MonkeyPatch.context() as patch:
        patch.setenv("INKPROOF_HOME", home)
        patch.chdir(ROOT)
        ran = call(*shlex.split(command)[1:], "--json")
    assert ran.returncode == 0, ran.stderr
    return ran.json()
