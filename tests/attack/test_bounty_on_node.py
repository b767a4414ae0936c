"""The same forged steps of the bounty, judged by a real node with default policy, and sent to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from bitcoinx import Script, Tx, hash_to_hex_str, push_item

from app.chain.backends.base import Refusal
from app.chain.backends.node_transactions import send
from app.chain.funding import fund
from app.contract.bounty import OPEN, State
from app.contract.bounty_spends import Coin, build_reopen
from app.contract.spend import SIGHASH
from tests import bounties
from tests.attack import bounty, verifyscript
from tests.attack.bounty import Step
from tests.attack.conftest import TALLY
from tests.attack.verifyscript import CONSENSUS, POLICY
from tests.bounties import CLAIMANT, REWARD, pays
from tests.chain.payments import pay
from tests.conftest import Regtest, quiet
from tests.sizes import sized

RULES = ((POLICY, "policy"), (CONSENSUS, "block"))


def verdicts(regtest: Regtest, steps: Sequence[Step], flags: int) -> list[str]:
    """The node's word on each step, "ok" or "error", told the output that is spent."""
    return verifyscript.verdicts(regtest.rpc, [_spend(step) for step in steps], flags)


def _spend(step: Step) -> dict[str, object]:
    spent = {"lock": step.place.bounty.locking_script.hex(), "value": step.place.value}
    return {"tx": step.tx.to_hex(), "n": step.index, "txo": spent}


@sized("every", 4, 1)
def test_the_node_refuses_forged_steps_under_both_sets_of_rules(regtest, every):
    families = (bounty.commits, bounty.merged, bounty.reveals, bounty.reopens, bounty.reclaims, bounty.calls)
    forged = [step for family in families for step in family()]
    forged = [*forged, *list(bounty.short_of())[::3]][::every]
    honest = bounty.honest()
    for flags, name in RULES:
        found = verdicts(regtest, [*forged, *honest], flags)
        bad, good = found[: len(forged)], found[len(forged) :]
        TALLY.forged(f"bounty, node: {name}", len(bad), bad.count("ok"))
        TALLY.honest(f"bounty, node: {name}", len(good), good.count("ok"))
        passed = [step.name for step, word in zip(forged, bad, strict=True) if word != "error"]
        assert passed == []
        assert good == ["ok"] * 4


@pytest.mark.attack
@pytest.mark.timeout(3600)
def test_the_node_refuses_much_random_damage(regtest):
    forged = list(bounty.mutants(5, 4_000))
    for flags, name in RULES:
        found = verdicts(regtest, forged, flags)
        TALLY.forged(f"bounty, node: {name}", len(found), found.count("ok"))
        assert set(found) == {"error"}


class Stage:
    """A bounty that is really there, and a coin of the claimant's that pays for each step."""

    def __init__(self, regtest: Regtest, monkeypatch: pytest.MonkeyPatch) -> None:
        self.regtest = regtest
        self.patch = monkeypatch
        coin = self.pay(60_000, pays(CLAIMANT))
        self.patch.setattr(bounties, "COIN", Coin(coin, 0, 60_000))
        self.patch.setattr(bounties, "OUTPOINT", self.pay(REWARD, bounties.opened().locking_script))

    def pay(self, value: int, script: bytes) -> str:
        coins = fund(self.regtest.backend, self.regtest.wallet, 400_000, quiet)
        tx = pay(self.regtest.wallet, coins, [(value, script)])
        assert send(self.regtest.rpc, tx.to_bytes()).accepted
        return str(tx.hex_hash())

    def signed(self, tx: Tx) -> bytes:
        """With the coin's input signed, so that only the bounty's input can be at fault."""
        coin, lock = bounties.COIN, Script(pays(CLAIMANT))
        for index, source in enumerate(tx.inputs):
            if (hash_to_hex_str(source.prev_hash), source.prev_idx) == (coin.txid, coin.index):
                digest = tx.signature_hash(index, coin.value, lock, SIGHASH)
                signature = CLAIMANT.sign(digest, None) + bytes([SIGHASH])
                key = CLAIMANT.public_key.to_bytes()
                source.script_sig = Script(push_item(signature) + push_item(key))
        return tx.to_bytes()

    def refused(self, steps: Sequence[Step]) -> None:
        """Send forged steps; none may be taken."""
        answers = [send(self.regtest.rpc, self.signed(step.tx)) for step in steps]
        TALLY.forged("bounty, node: sent", len(answers), sum(answer.accepted for answer in answers))
        assert [step.name for step, one in zip(steps, answers, strict=True) if one.accepted] == []
        scripts = sum(one.refusal is Refusal.SCRIPT for one in answers)
        assert scripts > len(answers) // 2

    def taken(self, tx: Tx) -> None:
        """Send an honest step: it is taken, mined, and what follows spends it."""
        answer = send(self.regtest.rpc, self.signed(tx))
        TALLY.honest("bounty, node: sent", 1, int(answer.accepted))
        assert answer.accepted, answer.reason
        (block,) = self.regtest.rpc.call("generatetoaddress", 1, self.regtest.wallet.address)
        assert answer.txid in self.regtest.rpc.call("getblock", block)["tx"]
        self.patch.setattr(bounties, "OUTPOINT", answer.txid)
        self.patch.setattr(bounties, "COIN", Coin(answer.txid, 1, 50_000))


@sized("every", 6, 2)
def test_a_bounty_that_is_really_there_moves_by_honest_steps_only(regtest, monkeypatch, every):
    """Its commitment is as of block 100, long passed here: it can be revealed, and opened again."""
    stage = Stage(regtest, monkeypatch)
    regtest.backend.mine(regtest.wallet.address, 20)
    stage.refused(list(bounty.commits())[::every])
    stage.taken(bounties.commit())
    stage.refused([*list(bounty.reveals())[::every], *list(bounty.reopens())[::every]])
    stage.taken(build_reopen(bounties.committed(), 110, [bounties.COIN], [bounties.change(value=30_000)]))


def test_a_step_before_its_time_is_in_no_block(regtest, monkeypatch):
    """Its script is in order, for it names the right height: the lock time keeps it out."""
    stage = Stage(regtest, monkeypatch)
    height = regtest.backend.tip().height + 20
    terms = bounties.terms(last_block=height)
    for state, build in (
        (State(bounties.commitment(), height), lambda p: bounties.reopen(p, height)),
        (OPEN, lambda p: bounties.reclaim(p, height=height + 1)),
    ):
        place = bounties.at(state, chosen=terms)
        txid = stage.pay(REWARD, place.bounty.locking_script)
        early = build(replace(place, txid=txid))
        step = Step("early", early, replace(place, txid=txid))
        assert verdicts(regtest, [step], POLICY) == ["ok"]
        send(regtest.rpc, stage.signed(early))
        (block,) = regtest.rpc.call("generatetoaddress", 1, regtest.wallet.address)
        assert early.hex_hash() not in regtest.rpc.call("getblock", block)["tx"]
        assert regtest.rpc.call("gettxout", txid, 0, False) is not None
        TALLY.forged("bounty, node: early", 1, 0)
