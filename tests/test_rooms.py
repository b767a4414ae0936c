"""The rooms stand in the order of the data's way, and a room knows only those before it."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import app

ROOT = Path(app.__file__).parent
ROOMS = [
    "drawing",
    "floats",
    "fixedpoint",
    "training",
    "script",
    "contract",
    "importing",
    "chain",
    "verdict",
    "window",
    "bench",
    "cli",
]
SERVICES = {"environment", "errors", "models", "paths", "picture", "progress", "text", "version"}
INNER = {
    "chain": ["networks", "wallet", "backends", "node", "ledger", "proof"],
    "window": ["model", "view", "workers"],
}
"""The rooms within a room, in order; the modules beside them stand after all of them."""
LAST = {"chain": ["bounty"]}
"""Rooms within a room that stand after the modules beside it, in order."""


OPTIONS = {"app.window.options", "app.window.options.WindowOptions"}
"""What a window is started with: plain data that its workers read as well."""


def imported_modules(path: Path) -> set[str]:
    """Dotted names that a module imports anywhere in it, inside functions too."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module if is_module(node.module) else ""}
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found - {""}


def is_module(name: str) -> bool:
    """Whether a dotted name is a module and not a package, from which modules are imported by name."""
    return not (ROOT.parent / Path(*name.split("."))).is_dir()


def imported_rooms(path: Path) -> set[str]:
    """Rooms that a module imports anywhere in it, inside functions too."""
    return {name.split(".")[1] for name in imported_modules(path) if name.startswith("app.")} & set(ROOMS)


def modules(room: str) -> list[Path]:
    return sorted((ROOT / room).rglob("*.py")) if (ROOT / room).is_dir() else [ROOT / f"{room}.py"]


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_none_that_comes_after_it(room):
    later = set(ROOMS[ROOMS.index(room) + 1 :])
    for path in modules(room):
        assert not imported_rooms(path) & later, path


def inner_room(room: str, module: str) -> str | None:
    """The inner room that a dotted module name such as `app.chain.wallet.coins` belongs to."""
    parts = module.split(".")
    inside = parts[:2] == ["app", room] and len(parts) > 2 and parts[2] in INNER[room]
    return parts[2] if inside else None


@pytest.mark.parametrize(("room", "inner"), [(room, inner) for room in INNER for inner in INNER[room]])
def test_an_inner_room_imports_none_that_comes_after_it_nor_a_module_beside_it(room, inner):
    allowed = set(INNER[room][: INNER[room].index(inner) + 1])
    place = ROOT / room / inner
    for path in sorted(place.rglob("*.py")) if place.is_dir() else [place.with_suffix(".py")]:
        own = {name for name in imported_modules(path) if name.startswith(f"app.{room}.")}
        foreign = {name for name in own if inner_room(room, name) not in allowed} - OPTIONS
        assert not foreign, path


@pytest.mark.parametrize(("room", "last"), [(room, last) for room in LAST for last in LAST[room]])
def test_a_room_that_stands_last_within_another_is_imported_by_none_before_it(room, last):
    places = [ROOT / room / name for name in LAST[room][LAST[room].index(last) :]]
    for path in modules(room):
        if not any(path.is_relative_to(place) for place in places):
            assert not {name for name in imported_modules(path) if name.startswith(f"app.{room}.{last}")}, (
                path
            )


def test_every_room_within_another_has_its_place():
    for room in INNER:
        found = {path.parent.name for path in (ROOT / room).glob("*/__init__.py")}
        assert found <= set(INNER[room]) | set(LAST.get(room, []))


def test_the_integer_engine_and_the_generators_know_nothing_of_the_float_model_or_the_drawing():
    for room in ("fixedpoint", "script"):
        for path in modules(room):
            assert not imported_rooms(path) & {"drawing", "floats", "training"}, path


def test_everything_in_app_is_a_room_or_serves_all():
    known = set(ROOMS) | SERVICES | {"__init__", "__main__", "bundled"}
    found = {path.stem for path in ROOT.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert found <= known


@pytest.mark.parametrize(
    ("module", "forbidden"),
    [
        ("app.drawing", {"tensorflow", "keras", "pygame", "requests", "bitcoinx"}),
        ("app.floats.judge", {"tensorflow", "keras", "pygame", "bitcoinx"}),
        ("app.fixedpoint", {"tensorflow", "keras", "pygame", "requests", "bitcoinx"}),
        ("app.script", {"tensorflow", "keras", "pygame", "requests"}),
        ("app.contract", {"tensorflow", "keras", "pygame", "requests"}),
        ("app.importing.reading", {"tensorflow", "keras", "pygame", "requests", "bitcoinx", "h5py", "onnx"}),
        ("app.importing.sandbox", {"tensorflow", "keras", "pygame", "requests", "bitcoinx"}),
        ("app.chain.service", {"tensorflow", "keras", "pygame"}),
        ("app.cli.parser", {"tensorflow", "keras", "pygame", "requests", "bitcoinx", "numpy"}),
    ],
)
def test_importing_a_room_brings_nothing_heavy_or_foreign(module, forbidden):
    code = f"import sys, {module}; print(*[name for name in {sorted(forbidden)!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


SOURCES = sorted(ROOT.rglob("*.py"))


def test_a_module_has_at_most_400_lines():
    lines = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in SOURCES}
    assert len(lines) > 100
    assert {path: count for path, count in lines.items() if count > 400} == {}


def test_a_function_has_at_most_60_lines():
    found = {
        f"{path.relative_to(ROOT)}: {node.name}": node.end_lineno - node.lineno + 1
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert len(found) > 1000
    assert {name: lines for name, lines in found.items() if lines > 60} == {}
