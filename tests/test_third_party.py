"""THIRD-PARTY.md names everything that ships, under the licence that it says itself."""

import re

import pytest

from app import paths
from tools.third_party import ROOT, copy_texts, direct, packages, render

PAGE = (ROOT / "THIRD-PARTY.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def installed():
    """Every package that ships, as it describes itself."""
    return packages()


def rows(page: str) -> dict[str, tuple[str, str]]:
    """Licence and home of each package on a page."""
    found = re.findall(
        r"^\| (?:\*\*)?([\w.-]+?)(?:\*\*)? \| [\w.+-]+ \| (.+?) \| (https?://\S+) \|$", page, re.MULTILINE
    )
    return {name: (licence, home) for name, licence, home in found}


@pytest.mark.parametrize("requirement", direct(), ids=lambda requirement: requirement.name)
def test_a_direct_dependency_stands_there_as_it_describes_itself_today(requirement, installed):
    name = requirement.name.lower()
    assert f"| **{name}** |" in PAGE
    today = rows(render([one for one in installed if one.name == name]))
    assert rows(PAGE)[name] == today[name]


def test_every_package_on_the_page_has_licence_and_home():
    table = PAGE.split("## Everything else")[0]
    lines = [line for line in table.splitlines() if line.startswith("| ")][1:]
    assert len(rows(table)) == len(lines) > len(direct())


@pytest.mark.parametrize(
    "other", ["Bitcoin SV node", "IBM Plex", "scryptc", "Python", "PyInstaller", "SDL 2"]
)
def test_what_is_no_python_package_is_there_too(other):
    assert re.search(rf"^\| .*{re.escape(other)}.* \| .+ \| .+ \|$", PAGE, re.MULTILINE)


def test_every_text_is_gathered(tmp_path, installed):
    found = installed
    count = copy_texts(found, tmp_path / "texts")
    assert count == sum(len(one.texts) for one in found) > len(found) / 2
    for one in found:
        gathered = list((tmp_path / "texts" / f"{one.name}-{one.version}").iterdir())
        assert len(gathered) == max(1, len(one.texts))
        assert all(path.stat().st_size for path in gathered)
    assert "LESSER GENERAL PUBLIC LICENSE" in (tmp_path / "texts" / "LGPL-2.1.txt").read_text(
        encoding="utf-8"
    )


def test_the_fonts_stand_beside_their_licence():
    fonts = {path.name.split("-")[0] for path in (paths.assets() / "fonts").glob("*.woff")}
    assert fonts == {"IBMPlexSans", "IBMPlexMono"}
    assert "SIL Open Font License" in (paths.assets() / "fonts" / "OFL.txt").read_text(encoding="utf-8")
