"""Merkle paths held to a tree computed in plain Python."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.chain.backends.base import BlockProof
from app.chain.proof.merkle import Leaf, MerklePath
from app.chain.proof.reader import Reader, varint
from app.errors import ProofError


def double(data: bytes) -> bytes:
    return hashlib.sha256(hashlib.sha256(data).digest()).digest()


def tree(leaves: list[bytes]) -> list[list[bytes]]:
    """All levels of a block's Merkle tree; an odd level's last node is paired with itself."""
    levels = [leaves]
    while len(levels[-1]) > 1:
        below = levels[-1]
        pairs = [(below[i], below[min(i + 1, len(below) - 1)]) for i in range(0, len(below), 2)]
        levels.append([double(left + right) for left, right in pairs])
    return levels


def branch(levels: list[list[bytes]], index: int) -> tuple[bytes | None, ...]:
    siblings = []
    for level in levels[:-1]:
        other = index ^ 1
        siblings.append(level[other] if other < len(level) else None)
        index >>= 1
    return tuple(siblings)


blocks = st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=40, unique=True)


@given(blocks, st.data())
def test_a_branch_leads_to_the_root_of_its_tree_and_survives_the_file(leaves, data):
    index = data.draw(st.integers(0, len(leaves) - 1))
    levels = tree(leaves)
    siblings = branch(levels, index)
    path = MerklePath.of_branch(7, index, leaves[index], siblings)
    assert path.root == levels[-1][0]
    assert path.index_of(leaves[index]) == index
    assert MerklePath.read(Reader(path.to_bytes())) == path
    assert BlockProof(bytes(80), 7, index, siblings).root(leaves[index]) == levels[-1][0]


@given(blocks.filter(lambda leaves: len(leaves) > 1), st.data())
def test_a_path_with_one_hash_changed_leads_elsewhere(leaves, data):
    index = data.draw(st.integers(0, len(leaves) - 1))
    siblings = list(branch(tree(leaves), index))
    places = [place for place, sibling in enumerate(siblings) if sibling is not None]
    if not places:
        return
    place = data.draw(st.sampled_from(places))
    siblings[place] = double(siblings[place])
    assert MerklePath.of_branch(7, index, leaves[index], siblings).root != tree(leaves)[-1][0]


@pytest.mark.parametrize(
    ("levels", "words"),
    [
        (((Leaf(0, bytes(32)),), (Leaf(1, bytes(32)),)), "lacks the sibling"),
        (((Leaf(0, None), Leaf(1, bytes(32))),), "copy without its original"),
        (((Leaf(0, bytes(32)), Leaf(1, None), Leaf(2, bytes(32)), Leaf(3, None)),), "one root"),
        (((Leaf(0, bytes(32)), Leaf(1, None)), (Leaf(0, bytes(32)), Leaf(1, None))), "contradicts itself"),
    ],
)
def test_an_invalid_path_is_refused(levels, words):
    with pytest.raises(ProofError, match=words):
        MerklePath(1, levels)


@given(st.integers(0, 2**64 - 1))
def test_numbers_are_read_as_they_are_written(number):
    assert Reader(varint(number)).varint() == number


@given(st.binary(max_size=300))
def test_any_bytes_are_a_path_or_refused(data):
    try:
        path = MerklePath.read(Reader(data))
    except ProofError:
        return
    assert len(path.root) == 32
