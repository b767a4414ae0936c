"""The rooms stand in the order of the data's way, and a room knows only those before it."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import app

ROOT = Path(app.__file__).parent
ROOMS = ["drawing", "network", "fixedpoint", "script", "contract", "chain", "verdict", "window", "cli"]
EVERYBODY = {"errors", "models", "paths", "version"}


def imported_rooms(path: Path) -> set[str]:
    """Rooms that a module imports anywhere in it, inside functions too."""
    rooms = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module] + [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        rooms |= {name.split(".")[1] for name in names if name.startswith("app.")}
    return rooms & set(ROOMS)


def modules(room: str) -> list[Path]:
    return sorted((ROOT / room).rglob("*.py")) if (ROOT / room).is_dir() else [ROOT / f"{room}.py"]


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_none_that_comes_after_it(room):
    later = set(ROOMS[ROOMS.index(room) + 1 :])
    for path in modules(room):
        assert not imported_rooms(path) & later, path


def test_the_integer_engine_and_the_generators_know_nothing_of_the_float_network_or_the_drawing():
    for room in ("fixedpoint", "script"):
        for path in modules(room):
            assert not imported_rooms(path) & {"drawing", "network"}, path


def test_everything_in_app_is_a_room_or_serves_all():
    known = set(ROOMS) | EVERYBODY | {"__init__", "__main__", "bundled"}
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
        ("app.chain.service", {"tensorflow", "keras", "pygame"}),
        ("app.cli.parser", {"tensorflow", "keras", "pygame", "requests", "bitcoinx", "numpy"}),
    ],
)
def test_importing_a_room_brings_nothing_heavy_or_foreign(module, forbidden):
    code = f"import sys, {module}; print(*[name for name in {sorted(forbidden)!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
