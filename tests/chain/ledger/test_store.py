"""The ledger: what is written is on the disk, whole, and only legal steps are taken."""

from __future__ import annotations

import os
import signal
import sqlite3
import stat
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.chain.ledger.records import (
    DEPLOYMENT_STEPS,
    VERIFICATION_STEPS,
    Deployment,
    DeploymentState,
    NewDeployment,
    NewVerification,
    Verification,
    VerificationState,
)
from app.chain.ledger.schema import APPLICATION, MIGRATIONS
from app.chain.ledger.store import Ledger, set_aside
from app.errors import DeploymentTakenError, LedgerError

D, V = DeploymentState, VerificationState
BLOCK: dict[str, Any] = {"block_hash": "ab" * 32, "block_height": 7}

_numbers = iter(range(1, 10**9))


def deploy(ledger: Ledger, **changes: Any) -> Deployment:
    values: dict[str, Any] = {
        "chain_id": "regtest",
        "kind": "packed",
        "contract_sha256": "c1" * 32,
        "model_sha256": "e1" * 32,
        "owner": "0f" * 20,
        "txid": f"{next(_numbers):064x}",
        "output_index": 0,
        "value": 5_000,
        "raw_tx": b"\x01\x00",
    }
    return ledger.add_deployment(NewDeployment(**(values | changes)))


def verify(ledger: Ledger, deployment: Deployment, **changes: Any) -> Verification:
    values: dict[str, Any] = {
        "deployment_id": deployment.id,
        "image_name": "seven.png",
        "image": bytes(range(256)) * 3 + bytes(16),
        "claim": 7,
        "float_digit": 7,
        "fixed_digit": 7,
        "probabilities": [0.1] * 10,
        "logits": list(range(10)),
        "txid": f"{next(_numbers):064x}",
        "raw_tx": b"\x02",
        "fee": 60,
        "size": 1100,
        "script_bytes": 250_000,
    }
    return ledger.add_verification(NewVerification(**(values | changes)))


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger(tmp_path / "ledger.sqlite") as opened:
        yield opened


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    with Ledger(tmp_path_factory.mktemp("shared") / "ledger.sqlite") as opened:
        yield opened


verification_values = st.fixed_dictionaries(
    {
        "image_name": st.text(max_size=40).filter(lambda name: name.isprintable()),
        "image": st.binary(min_size=784, max_size=784),
        "claim": st.integers(0, 9),
        "float_digit": st.integers(0, 9),
        "fixed_digit": st.integers(0, 9),
        "probabilities": st.lists(st.floats(0, 1), min_size=10, max_size=10).map(tuple),
        "logits": st.lists(st.integers(-(2**200), 2**200), min_size=10, max_size=10).map(tuple),
        "raw_tx": st.binary(max_size=2000),
        "fee": st.integers(0, 2**62),
        "size": st.integers(0, 2**40),
        "script_bytes": st.integers(0, 2**40),
    }
)


@given(verification_values)
def test_a_verification_comes_back_as_it_was_written(shared: Ledger, values: dict[str, Any]) -> None:
    written = verify(shared, deploy(shared), **values)
    read = shared.verification(written.id)
    assert read == written
    assert {name: getattr(read, name) for name in values} == values
    assert read.state is V.PREPARED
    assert shared.history(1) == [written]


@given(st.binary(max_size=5000), st.integers(0, 2**62), st.integers(0, 2**32 - 1))
def test_a_deployment_comes_back_as_it_was_written(
    shared: Ledger, raw: bytes, value: int, index: int
) -> None:
    written = deploy(shared, raw_tx=raw, value=value, output_index=index)
    assert shared.deployment(written.id) == written
    assert (written.raw_tx, written.value, written.output_index) == (raw, value, index)
    assert written.created.utcoffset() is not None


def put_deployment(ledger: Ledger, state: D) -> Deployment:
    """A deployment that has come to `state` by legal steps."""
    made = deploy(ledger)
    return made if state is D.PREPARED else ledger.mark_deployment(made.id, state)


def put_verification(ledger: Ledger, state: V) -> Verification:
    made = verify(ledger, deploy(ledger))
    if state is V.PREPARED:
        return made
    return ledger.mark_verification(made.id, state, **(BLOCK if state is V.CONFIRMED else {}))


@given(st.sampled_from(D), st.sampled_from(D), st.text(max_size=30))
def test_deployments_take_legal_steps_only(shared: Ledger, before: D, after: D, reason: str) -> None:
    made = put_deployment(shared, before)
    if after is before or after in DEPLOYMENT_STEPS[before]:
        assert shared.mark_deployment(made.id, after, reason=reason).state is after
    else:
        with pytest.raises(LedgerError, match="cannot become"):
            shared.mark_deployment(made.id, after)
        assert shared.deployment(made.id) == made


@given(st.sampled_from(V), st.sampled_from(V))
def test_verifications_take_legal_steps_only(shared: Ledger, before: V, after: V) -> None:
    made = put_verification(shared, before)
    block = BLOCK if after is V.CONFIRMED else {}
    if after is before or after in VERIFICATION_STEPS[before]:
        moved = shared.mark_verification(made.id, after, reason="because", **block)
        assert (moved.state, moved.reason) == (after, "because")
        assert (moved.block_height == 7) == (after is V.CONFIRMED)
    else:
        with pytest.raises(LedgerError, match="cannot become"):
            shared.mark_verification(made.id, after, **block)
        assert shared.verification(made.id) == made


def test_a_refused_claim_changes_only_if_it_is_found_and_a_refused_deployment_may_be_tried_again() -> None:
    assert VERIFICATION_STEPS[V.REFUSED] == {V.ACCEPTED, V.CONFIRMED}
    assert {D.PREPARED} == DEPLOYMENT_STEPS[D.REFUSED]


def test_what_is_asked_for_a_recheck_comes_highest_block_first(ledger: Ledger) -> None:
    made = [verify(ledger, deploy(ledger)) for _ in range(3)]
    for record, height in zip(made, (5, 9, 7), strict=True):
        ledger.mark_verification(record.id, V.CONFIRMED, block_hash="ab" * 32, block_height=height)
    found = ledger.newest_in(made[0].chain_id, V.CONFIRMED)
    assert [record.block_height for record in found] == [9, 7, 5]
    assert ledger.newest_in(made[0].chain_id, V.CONFIRMED, 1) == found[:1]
    assert ledger.newest_in("another chain", V.CONFIRMED) == []


def test_a_deployment_is_found_by_its_outpoint_on_its_own_chain(ledger: Ledger) -> None:
    made = deploy(ledger)
    assert ledger.deployment_of(made.chain_id, made.txid, made.output_index) == made
    assert ledger.deployment_of("another chain", made.txid, made.output_index) is None
    assert ledger.deployment_of(made.chain_id, made.txid, made.output_index + 1) is None


def test_bytes_of_buried_deployments_are_dropped_and_no_others(ledger: Ledger) -> None:
    made = [deploy(ledger) for _ in range(3)]
    for deployment, height in zip(made[:2], (10, 200), strict=True):
        record = verify(ledger, deployment)
        ledger.mark_verification(record.id, V.CONFIRMED, block_hash="ab" * 32, block_height=height)
    assert ledger.shrink("another chain", 100) == 0
    assert ledger.shrink(made[0].chain_id, 100) == 1
    assert ledger.shrink(made[0].chain_id, 100) == 0
    assert [len(ledger.deployment(d.id).raw_tx) > 0 for d in made] == [False, True, True]


def test_the_file_becomes_smaller_when_many_bytes_are_dropped(tmp_path: Path) -> None:
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        for number in range(60):
            made = deploy(ledger, txid=f"{number:064x}", raw_tx=bytes(50_000))
            record = verify(ledger, made)
            ledger.mark_verification(record.id, V.CONFIRMED, block_hash="ab" * 32, block_height=1)
        before = sum(path.stat().st_size for path in tmp_path.iterdir())
        assert ledger.shrink(made.chain_id, 1) == 60
        assert sum(path.stat().st_size for path in tmp_path.iterdir()) < before / 10
        ledger.check()


def test_every_verification_of_a_deployment_is_found(ledger: Ledger) -> None:
    deployment = deploy(ledger)
    first = verify(ledger, deployment)
    ledger.mark_verification(first.id, V.ERROR)
    second = verify(ledger, deployment)
    assert [record.id for record in ledger.verifications_on(deployment.id)] == [first.id, second.id]


def test_a_confirmed_verification_has_a_block_and_no_other_has(ledger: Ledger) -> None:
    made = verify(ledger, deploy(ledger))
    with pytest.raises(LedgerError, match="block"):
        ledger.mark_verification(made.id, V.CONFIRMED)
    with pytest.raises(LedgerError, match="block"):
        ledger.mark_verification(made.id, V.ACCEPTED, **BLOCK)
    ledger.mark_verification(made.id, V.CONFIRMED, **BLOCK)
    back = ledger.mark_verification(made.id, V.ACCEPTED)
    assert back.block_hash is None and back.block_height is None


@pytest.mark.parametrize("state", [V.ACCEPTED, V.CONFIRMED])
def test_an_accepted_verification_has_spent_its_deployment(ledger: Ledger, state: V) -> None:
    made = put_verification(ledger, state)
    assert ledger.deployment(made.deployment_id).state is D.SPENT


@pytest.mark.parametrize("state", [V.REFUSED, V.ERROR, V.LOST])
def test_other_ends_leave_the_deployment_free(ledger: Ledger, state: V) -> None:
    deployment = put_deployment(ledger, D.SENT)
    made = verify(ledger, deployment)
    assert ledger.open_deployments("regtest") == []
    ledger.mark_verification(made.id, state)
    assert ledger.open_deployments("regtest") == [deployment]
    assert verify(ledger, deployment).deployment_id == deployment.id


def test_two_verifications_cannot_count_on_one_deployment(ledger: Ledger) -> None:
    deployment = put_deployment(ledger, D.SENT)
    verify(ledger, deployment)
    with pytest.raises(DeploymentTakenError):
        verify(ledger, deployment)
    assert len(ledger.history()) == 1


def test_open_deployments_are_the_spendable_ones_oldest_first(ledger: Ledger) -> None:
    made = {state: put_deployment(ledger, state) for state in D}
    assert ledger.open_deployments("regtest") == [made[D.SENT], made[D.CONFIRMED]]
    other = ledger.mark_deployment(deploy(ledger, kind="unrolled", contract_sha256="dd" * 32).id, D.SENT)
    assert ledger.open_deployments("regtest", kind="unrolled") == [other]
    assert ledger.open_deployments("regtest", contract_sha256="dd" * 32) == [other]
    assert ledger.open_deployments("regtest", kind="packed", contract_sha256="dd" * 32) == []
    assert ledger.open_deployments("main") == []


def test_what_may_have_been_sent_is_unreconciled(ledger: Ledger) -> None:
    deployments = {state: put_deployment(ledger, state) for state in D}
    verifications = {state: put_verification(ledger, state) for state in V}
    open_deployments, open_verifications = ledger.unreconciled("regtest")
    assert set(deployments.values()) & set(open_deployments) == {deployments[D.PREPARED], deployments[D.SENT]}
    assert open_verifications == [verifications[V.PREPARED], verifications[V.ACCEPTED]]
    assert ledger.unreconciled("main") == ([], [])


def test_history_is_newest_first_and_limited(ledger: Ledger) -> None:
    made = [verify(ledger, deploy(ledger)) for _ in range(5)]
    far = verify(ledger, deploy(ledger, chain_id="testnet"))
    assert ledger.history(3) == [far, made[4], made[3]]
    assert ledger.history(chain_id="regtest") == made[::-1]
    assert ledger.history(0) == []


def test_a_verification_takes_chain_and_kind_from_its_deployment(ledger: Ledger) -> None:
    made = verify(ledger, deploy(ledger, chain_id="testnet", kind="unrolled"))
    assert (made.chain_id, made.kind) == ("testnet", "unrolled")


@pytest.mark.parametrize(
    "wrong",
    [
        {"image": b"\x00" * 783},
        {"claim": 10},
        {"claim": -1},
        {"float_digit": 11},
        {"txid": "ab"},
        {"fee": -1},
        {"probabilities": [float("nan")] * 10},
        {"deployment_id": 10_000},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_impossible_records_are_refused(ledger: Ledger, wrong: dict[str, Any]) -> None:
    with pytest.raises(LedgerError):
        verify(ledger, deploy(ledger), **wrong)
    assert ledger.history() == []


def test_the_same_output_is_recorded_once(ledger: Ledger) -> None:
    first = deploy(ledger)
    with pytest.raises(LedgerError, match="already"):
        deploy(ledger, txid=first.txid)


def test_a_file_name_that_is_no_text_is_kept_readable(ledger: Ledger) -> None:
    assert verify(ledger, deploy(ledger), image_name="a\udcff.png").image_name == "a\\udcff.png"


@pytest.mark.parametrize("number", [0, 99, -1])
def test_an_unknown_record_is_said_to_be_missing(ledger: Ledger, number: int) -> None:
    for ask in (ledger.deployment, ledger.verification):
        with pytest.raises(LedgerError, match="holds no"):
            ask(number)


def test_the_ledger_outlives_the_program(tmp_path: Path) -> None:
    path = tmp_path / "new" / "ledger.sqlite"
    with Ledger(path) as first:
        made = verify(first, deploy(first))
    with Ledger(path) as second:
        assert second.history() == [made]
        second.check()
    with pytest.raises(LedgerError, match="closed"):
        second.history()


@pytest.mark.skipif(sys.platform == "win32", reason="permissions are POSIX")
def test_the_files_are_for_their_owner_only(ledger: Ledger) -> None:
    deploy(ledger)
    for path in ledger.path.parent.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("damage", [b"not a database at all" * 400, b"SQLite format 3\x00" + b"\xff" * 4000])
def test_a_damaged_file_is_named_and_kept(tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "ledger.sqlite"
    path.write_bytes(damage)
    with pytest.raises(LedgerError, match="damaged"):
        Ledger(path)
    assert path.read_bytes() == damage
    aside = set_aside(path)
    assert aside.read_bytes() == damage
    with Ledger(path) as fresh:
        assert fresh.history() == []


def test_damage_inside_the_file_is_found(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with Ledger(path) as ledger:
        for _ in range(50):
            verify(ledger, deploy(ledger, raw_tx=os.urandom(4000)))
    content = bytearray(path.read_bytes())
    content[4096:] = os.urandom(len(content) - 4096)
    path.write_bytes(content)
    with pytest.raises(LedgerError, match="damaged"), Ledger(path) as ledger:
        ledger.check()
    assert path.read_bytes() == content


def test_a_record_that_makes_no_sense_is_damage(ledger: Ledger) -> None:
    made = verify(ledger, deploy(ledger))
    outside = sqlite3.connect(ledger.path)
    outside.execute("UPDATE verifications SET logits = '[1, 2'")
    outside.commit()
    outside.close()
    with pytest.raises(LedgerError, match="damaged"):
        ledger.verification(made.id)


def test_another_programs_file_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE letters (a)")
    other.commit()
    other.close()
    before = path.read_bytes()
    with pytest.raises(LedgerError, match="another program"):
        Ledger(path)
    assert path.read_bytes() == before


def test_a_newer_ledger_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    Ledger(path).close()
    newer = sqlite3.connect(path)
    newer.execute("PRAGMA user_version = 99")
    newer.close()
    with pytest.raises(LedgerError, match="newer"):
        Ledger(path)


def test_a_folder_in_the_files_place_is_named(tmp_path: Path) -> None:
    (tmp_path / "ledger.sqlite").mkdir()
    with pytest.raises(LedgerError, match="cannot be opened"):
        Ledger(tmp_path / "ledger.sqlite")


def test_threads_and_connections_write_together(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    failures: list[Exception] = []

    def write(ledger: Ledger) -> None:
        try:
            for _ in range(10):
                made = verify(ledger, deploy(ledger))
                ledger.mark_verification(made.id, V.CONFIRMED, **BLOCK)
        except LedgerError as error:
            failures.append(error)

    with Ledger(path) as one, Ledger(path) as two:
        threads = [threading.Thread(target=write, args=(ledger,)) for ledger in (one, one, two, two)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not failures
        assert [entry.state for entry in one.history(100)] == [V.CONFIRMED] * 40


WRITER = textwrap.dedent(
    """
    import secrets, sys
    from pathlib import Path
    from app.chain.ledger.store import Ledger
    from tests.chain.ledger.test_store import deploy, verify
    from app.chain.ledger.records import VerificationState
    ledger = Ledger(Path(sys.argv[1]))
    while True:
        made = verify(ledger, deploy(ledger, txid=secrets.token_hex(32)))
        ledger.mark_verification(made.id, VerificationState.ACCEPTED)
        print(made.id, flush=True)
    """
)


@pytest.mark.parametrize(
    "records", [3, *(pytest.param(count, marks=pytest.mark.exhaustive) for count in (1, 8))]
)
def test_a_killed_writer_loses_nothing_it_has_written(tmp_path: Path, records: int) -> None:
    path = tmp_path / "ledger.sqlite"
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    promised = [int(writer.stdout.readline()) for _ in range(records)]
    os.kill(writer.pid, signal.SIGKILL if sys.platform != "win32" else signal.SIGTERM)
    promised += [int(line) for line in writer.communicate()[0].splitlines()]
    with Ledger(path) as ledger:
        ledger.check()
        for number in promised:
            assert ledger.verification(number).state is V.ACCEPTED
        assert len(ledger.history(10**6)) - len(promised) in (0, 1), "at most the one in the works"
        verify(ledger, deploy(ledger, txid="ff" * 32))


def test_what_is_written_together_is_kept_whole_or_not_at_all(ledger: Ledger) -> None:
    with ledger.together():
        made = [deploy(ledger) for _ in range(3)]
    assert [ledger.deployment(d.id) for d in made] == made
    held = verify(ledger, made[0])
    with pytest.raises(DeploymentTakenError), ledger.together():
        verify(ledger, made[1])
        verify(ledger, made[0])
    assert ledger.history() == [held]
    verify(ledger, made[1])


def test_deployments_of_one_transaction_share_its_bytes_until_all_are_buried(tmp_path: Path) -> None:
    raw = bytes(range(256)) * 800
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        made = [deploy(ledger, txid="aa" * 32, output_index=index, raw_tx=raw) for index in range(10)]
        assert all(ledger.deployment(d.id).raw_tx == raw for d in made)
        assert sum(path.stat().st_size for path in tmp_path.iterdir()) < 4 * len(raw)
        ledger.mark_deployments([d.id for d in made], D.SENT)
        assert [len(d.raw_tx) for d in ledger.open_deployments("regtest", with_bytes=False, limit=4)] == [
            0
        ] * 4
        for deployment in made:
            assert ledger.shrink("regtest", 1) == 0
            record = verify(ledger, deployment)
            ledger.mark_verification(record.id, V.CONFIRMED, block_hash="ab" * 32, block_height=1)
        assert ledger.shrink("regtest", 1) == 1
        assert ledger.deployment(made[0].id).raw_tx == b""


def test_a_block_confirms_what_was_sent_and_accepted_and_nothing_else(ledger: Ledger) -> None:
    states = (V.ACCEPTED, V.ACCEPTED, V.REFUSED, V.PREPARED)
    records = [put_verification(ledger, state) for state in states]
    waiting, refused = put_deployment(ledger, D.SENT), put_deployment(ledger, D.REFUSED)
    held = [*(record.txid for record in records if record is not records[1]), waiting.txid, refused.txid]
    ledger.confirm("regtest", "ab" * 32, 7, held)
    after = [ledger.verification(record.id) for record in records]
    assert [r.state for r in after] == [V.CONFIRMED, V.ACCEPTED, V.REFUSED, V.PREPARED]
    assert (after[0].block_hash, after[0].block_height) == ("ab" * 32, 7)
    assert ledger.deployment(waiting.id).state is D.CONFIRMED
    assert ledger.deployment(refused.id).state is D.REFUSED
    ledger.confirm("another chain", "cd" * 32, 8, [records[1].txid])
    assert ledger.verification(records[1].id).state is V.ACCEPTED


def test_no_question_of_a_verification_looks_through_all_earlier_ones(ledger: Ledger) -> None:
    """Every query is answered from an index; a scan would cost more with each verification."""
    asked: list[str] = []
    with ledger.transaction() as db:
        db.set_trace_callback(asked.append)
    record = put_verification(ledger, V.CONFIRMED)
    ledger.open_deployments("regtest", kind="packed", contract_sha256="c1" * 32, with_bytes=False, limit=5)
    ledger.unreconciled("regtest")
    ledger.newest_in("regtest", V.CONFIRMED)
    ledger.spent_for("regtest", "somebody")
    ledger.verifications_on(record.deployment_id)
    ledger.confirm("regtest", "ab" * 32, 7, [record.txid])
    with ledger.transaction() as db:
        db.set_trace_callback(None)
        for statement in asked:
            if statement.startswith(("SELECT", "UPDATE")):
                plan = [row["detail"] for row in db.execute(f"EXPLAIN QUERY PLAN {statement}")]
                assert not [step for step in plan if step.startswith("SCAN ") and "json" not in step], (
                    statement
                )
                if "AND reason =" in statement:
                    assert "reason=?" in plan[0], "all that are spent would be read"
                if "block_height DESC" in statement:
                    assert not [step for step in plan if "TEMP B-TREE" in step], "all of them would be sorted"


def test_a_ledger_of_the_version_before_keeps_the_bytes_of_its_deployments(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with sqlite3.connect(path) as old:
        for statements in MIGRATIONS[:3]:
            for statement in statements:
                old.execute(statement)
        old.execute(f"PRAGMA application_id = {APPLICATION}")
        old.execute("PRAGMA user_version = 3")
        old.execute(
            """INSERT INTO deployments VALUES (1, '2026-01-01T00:00:00+00:00', 'regtest', 'packed', ?, ?, ?,
                ?, 0, 5000, x'0102', 'sent', '')""",
            ("aa" * 32, "bb" * 32, "cc" * 20, "dd" * 32),
        )
    old.close()
    with Ledger(path) as ledger:
        (kept,) = ledger.open_deployments("regtest")
        assert (kept.raw_tx, kept.txid, kept.state) == (b"\x01\x02", "dd" * 32, D.SENT)
