"""The node's data folder is named so that bitcoind can open it."""

from pathlib import Path

import pytest

from app.chain.node.running import check_path, plain_path
from app.errors import NodeError


def test_a_plain_path_stays():
    assert plain_path(Path("a home"), lambda _: "OTHER~1") == "a home"


@pytest.mark.parametrize("name", ["Zoé", "Зоя"])
def test_another_path_gets_its_short_form(name):
    assert plain_path(Path(name), lambda path: "ZO~1" if path == name else "") == "ZO~1"


@pytest.mark.parametrize("short", ["", "Зоя~1"])
def test_a_path_without_a_plain_form_is_refused_with_a_way_out(short):
    flag = f"-datadir={plain_path(Path('Зоя'), lambda _: short)}"
    with pytest.raises(NodeError, match="plain letters") as refused:
        check_path(flag, Path("Зоя"))
    assert "INKPROOF_HOME" in str(refused.value)
    check_path("-datadir=ZO~1", Path("Зоя"))
