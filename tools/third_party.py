"""The third-party software in Inkproof: `python -m tools.third_party` writes THIRD-PARTY.md.

The libraries are found, not listed by hand: what pyproject.toml asks for, what that asks for in turn, and
what each says of its own licence. What does not come from Python packages is described here.
`--texts FOLDER` also gathers the licence texts, for the frozen program.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
import sysconfig
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["Package", "copy_texts", "direct", "main", "packages", "render"]

ROOT = Path(__file__).resolve().parents[1]

_SPDX = {
    "3-Clause BSD License": "BSD-3-Clause",
    "Apache 2.0": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD 3-Clause": "BSD-3-Clause",
    "License :: OSI Approved :: MIT License": "MIT",
    "MIT Licence": "MIT",
    "MIT License": "MIT",
    "LGPL": "LGPL-2.1",  # pygame's own words leave the version to its documentation
}
_TEXTS = re.compile(r"(licen[cs]e|copying|notice|authors)[^/]*$", re.IGNORECASE)
_HEADS = (
    ("Apache License", "Apache-2.0"),
    ("MIT License", "MIT"),
    ("Permission is hereby granted, free of charge", "MIT"),
)


@dataclass(frozen=True)
class Package:
    """One Python package, and what it says of itself. `texts`: its licence files."""

    name: str
    version: str
    licence: str
    home: str
    texts: tuple[Path, ...]


def direct() -> list[Requirement]:
    """What pyproject.toml asks for on this platform, extras left out."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return [one for one in map(Requirement, project["dependencies"]) if _applies(one)]


def packages() -> list[Package]:
    """Everything that is installed because Inkproof asks for it, by name."""
    found: dict[str, Package] = {}
    waiting = direct()
    while waiting:
        requirement = waiting.pop()
        name = _normal(requirement.name)
        if name in found:
            continue
        distribution = metadata.distribution(requirement.name)
        found[name] = _package(distribution)
        waiting += [one for one in map(Requirement, distribution.requires or []) if _applies(one)]
    return [found[name] for name in sorted(found)]


def render(found: Sequence[Package]) -> str:
    """THIRD-PARTY.md."""
    asked = {_normal(one.name) for one in direct()}
    rows = []
    for one in found:
        name = f"**{one.name}**" if one.name in asked else one.name
        rows.append(f"| {name} | {one.version} | {one.licence} | {one.home} |")
    return (ROOT / "tools" / "third_party.md").read_text(encoding="utf-8").format(packages="\n".join(rows))


def copy_texts(found: Sequence[Package], folder: Path) -> int:
    """Gather the licence texts of packages and of Python; returns how many."""
    shutil.rmtree(folder, ignore_errors=True)
    count = 0
    for package in found:
        target = folder / f"{package.name}-{package.version}"
        target.mkdir(parents=True)
        for text in package.texts:
            # Two of a name are two licences: the folder tells whose, the number keeps both.
            place = target / text.name
            shutil.copyfile(text, place if not place.exists() else target / f"{count}-{text.name}")
            count += 1
        if not package.texts:
            (target / "LICENCE").write_text(f"{package.licence}\n{package.home}\n", encoding="utf-8")
    python = Path(sysconfig.get_path("stdlib")) / "LICENSE.txt"
    if python.is_file():
        shutil.copyfile(python, folder / "Python-LICENSE.txt")
    for text in sorted((ROOT / "assets" / "licences").iterdir()):
        shutil.copyfile(text, folder / text.name)
    return count


def _applies(requirement: Requirement) -> bool:
    return requirement.marker is None or requirement.marker.evaluate({"extra": ""})


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _package(distribution: metadata.Distribution) -> Package:
    about = distribution.metadata
    files = [file for file in distribution.files or [] if _TEXTS.search(file.name)]
    texts = [Path(str(file.locate())) for file in files if file.suffix not in (".py", ".pyc")]
    texts = sorted(text for text in texts if text.is_file())
    name = _normal(about["Name"])
    return Package(name, distribution.version, _licence(name, about, texts), _home(name, about), tuple(texts))


def _licence(name: str, about: metadata.PackageMetadata, texts: Sequence[Path]) -> str:
    """What the package states, as an SPDX expression where possible."""
    for expression in _values(about, "License-Expression"):
        return expression
    classes = [one for one in _values(about, "Classifier") if one.startswith("License ::")]
    said = [*_values(about, "License"), *(one.split("::")[-1].strip() for one in classes)]
    for one in said:
        if "\n" not in one and len(one) < 60:
            return _SPDX.get(one, one)
    for text in texts:
        head = text.read_text(encoding="utf-8", errors="replace")[:2000]
        for words, licence in _HEADS:
            if words in head:
                return licence
    raise SystemExit(
        f"{name} does not say under which licence it is: read it, and teach tools/third_party.py."
    )


def _home(name: str, about: metadata.PackageMetadata) -> str:
    named = dict(url.split(", ", 1) for url in _values(about, "Project-URL"))
    chosen = {key.lower(): value for key, value in named.items()}
    for key in ("homepage", "home", "repository", "source", "source code", "github"):
        if key in chosen:
            return chosen[key]
    return next(iter(_values(about, "Home-page")), f"https://pypi.org/project/{name}/")


def _values(about: metadata.PackageMetadata, key: str) -> list[str]:
    return [value.strip() for value in about.get_all(key) or [] if value.strip()]


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the page, and the texts where they are asked for."""
    parser = argparse.ArgumentParser(prog="python -m tools.third_party", description=__doc__)
    parser.add_argument("--output", type=Path, default=ROOT / "THIRD-PARTY.md", help="the page to write")
    parser.add_argument("--texts", type=Path, help="also gather the licence texts in this folder")
    options = parser.parse_args(arguments)
    found = packages()
    options.output.write_text(render(found), encoding="utf-8")
    print(f"{options.output}: {len(found)} packages")
    if options.texts:
        print(f"{options.texts}: {copy_texts(found, options.texts)} texts")
    return 0


if __name__ == "__main__":
    sys.exit(main())
