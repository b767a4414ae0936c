"""requirements/ holds what pyproject.toml asks for, by version and hash, for every platform and Python."""

import re
import sys

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from tools.third_party import ROOT

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCKS = ("run", "dev", "freeze", "build", "uv")
PYTHONS = ("3.10", "3.11", "3.12", "3.13")
SYSTEMS = {"linux": "Linux", "darwin": "Darwin", "win32": "Windows"}
PLACES = [
    {
        "python_version": python,
        "python_full_version": f"{python}.7",
        "sys_platform": system,
        "platform_system": name,
        "platform_python_implementation": "CPython",
        "implementation_name": "cpython",
        "extra": "",
    }
    for python in PYTHONS
    for system, name in SYSTEMS.items()
]
SETTLED = "run `make lock`"


def text(name: str) -> str:
    return (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")


def entries(name: str) -> list[tuple[Requirement, list[str]]]:
    """Each requirement of a lock, with its hashes."""
    joined = text(name).replace("\\\n", " ")
    lines = [line for line in joined.splitlines() if line and not line.startswith("#")]
    parts = [line.split(" --hash=") for line in lines]
    return [(Requirement(first.strip()), [one.strip() for one in rest]) for first, *rest in parts]


def locked(name: str, place: dict[str, str]) -> dict[str, Version]:
    """The version of every package in a lock, in one place."""
    found: dict[str, Version] = {}
    for requirement, _ in entries(name):
        if requirement.marker is None or requirement.marker.evaluate(place):
            key = canonicalize_name(requirement.name)
            assert key not in found, f"{key} has two versions for {place}"
            found[key] = Version(str(requirement.specifier).removeprefix("=="))
    return found


def asked(name: str) -> list[Requirement]:
    """What pyproject.toml asks for in that lock; extras of the project itself are followed."""
    if name in PROJECT["dependency-groups"]:
        return [Requirement(one) for one in PROJECT["dependency-groups"][name]]
    extras = PROJECT["project"]["optional-dependencies"]
    lines = [*PROJECT["project"]["dependencies"], *extras.get(name, [])]
    requirements = [Requirement(line) for line in lines]
    for own in [one for one in requirements if one.name == "inkproof"]:
        requirements.remove(own)
        requirements += [Requirement(line) for extra in own.extras for line in extras[extra]]
    return requirements


@pytest.mark.parametrize("name", LOCKS)
@pytest.mark.parametrize(
    "place", PLACES, ids=lambda place: f"{place['sys_platform']}-{place['python_version']}"
)
def test_the_lock_holds_every_dependency_within_its_bounds(name, place):
    versions = locked(name, place)
    for requirement in asked(name):
        if requirement.marker is None or requirement.marker.evaluate(place):
            version = versions.get(canonicalize_name(requirement.name))
            assert version is not None, f"{requirement.name} is not in requirements/{name}.txt: {SETTLED}"
            assert requirement.specifier.contains(version), f"{requirement} is locked at {version}: {SETTLED}"


@pytest.mark.parametrize("name", LOCKS)
def test_every_version_is_exact_and_has_hashes(name):
    assert len(entries(name)) >= len(asked(name))
    for requirement, hashes in entries(name):
        assert re.fullmatch(r"==[\w.!+]+", str(requirement.specifier)), requirement
        assert hashes, requirement
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", one) for one in hashes), requirement


@pytest.mark.parametrize("name", LOCKS)
def test_no_lock_names_a_host_or_a_path(name):
    assert not re.search(r"https?:|file:|://|@|^\s*-(?!-hash=)|--(?!hash=sha256:)", text(name), re.MULTILINE)


@pytest.mark.parametrize("name", ["run", "freeze", "build"])
@pytest.mark.parametrize(
    "place", PLACES, ids=lambda place: f"{place['sys_platform']}-{place['python_version']}"
)
def test_a_package_has_one_version_in_all_locks(name, place):
    tested = locked("dev", place)
    assert {key: value for key, value in locked(name, place).items() if tested.get(key, value) != value} == {}


def test_the_project_itself_is_built_with_what_is_locked_for_builds():
    needed = [Requirement(one) for one in PROJECT["build-system"]["requires"]]
    group = {one.name: one.specifier for one in asked("build")}
    assert {one.name: one.specifier for one in needed}.items() <= group.items()


def test_the_places_are_the_pythons_that_the_project_allows():
    allowed = SpecifierSet(PROJECT["project"]["requires-python"])
    minors = [f"3.{minor}" for minor in range(30)]
    assert tuple(minor for minor in minors if allowed.contains(f"{minor}.7")) == PYTHONS
