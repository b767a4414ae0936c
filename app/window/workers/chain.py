"""The chain's process: node, contract and ledger, behind a pipe.

One thread receives requests, the main thread carries them out. When the window asks the process to stop, or
has ended, short work is finished and long work is abandoned; the service stops the node.
"""

from __future__ import annotations

import contextlib
import queue
import signal
import threading
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING

from app import models
from app.errors import InkproofError, UnreachableError
from app.window.model.bounty_values import BountyFailed, BountyRequest, claimed_by
from app.window.model.protocol import (
    Account,
    Answer,
    Ask,
    ChainStatus,
    Checked,
    CheckTxid,
    ClaimJudged,
    Failed,
    History,
    LoadProgress,
    MakeProof,
    Message,
    NotJudged,
    Ready,
    Request,
    Said,
    StageReached,
    Stop,
    SubmitClaim,
    SwitchModel,
)
from app.window.model.values import Check, Mark, Row, SubmissionStage, Who
from app.window.options import WindowOptions
from app.window.workers.bounties import BountyDesk
from app.window.workers.checking import checked_again, proof_file
from app.window.workers.judging import notice_of, start_worker
from app.window.workers.leftovers import release_node

if TYPE_CHECKING:
    from app.chain.deploying import Approve
    from app.chain.ledger.records import Verification
    from app.chain.ledger.store import Ledger
    from app.chain.service import Service
    from app.fixedpoint import IntegerModel

__all__ = ["serve_chain"]

HISTORY = 60
_REFRESH, _REFRESH_PUBLIC = 4.0, 20.0
"""Seconds between looks at the chain while nothing is asked; less often where others are asked for it."""
_RETRY = (2.0, 5.0, 15.0, 30.0)
"""Seconds before the node is tried again."""


class _Stopping(BaseException):
    """The window is closing. Not an Exception, so that no handler of errors on the way catches it."""


def serve_chain(connection: Connection, options: WindowOptions) -> None:
    """The process's target: keep a service open and submit claims to it, until asked to stop."""
    start_worker()
    # A signal to the whole process group must not end the process that stops the node: the window tells it.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    line = _Line(connection, options.model)
    line.start()
    try:
        _serve(line, options)
    except (_Stopping, BrokenPipeError, ConnectionResetError):
        # Stop may have come while the node was being started: then no lease on it is held yet.
        release_node(options)


class _Line:
    """The pipe to the window, read by a thread so that a request to stop is noticed at any moment.

    `model` is the one named by the latest `SwitchModel` that was taken.
    """

    def __init__(self, connection: Connection, model: str) -> None:
        self.model = model
        self._connection = connection
        self.requests: queue.SimpleQueue[Request] = queue.SimpleQueue()
        self.answers: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self.stopping = threading.Event()

    def start(self) -> None:
        threading.Thread(target=self._listen, name="chain-line", daemon=True).start()

    def post(self, message: Message) -> None:
        self._connection.send(message)

    def next(self, seconds: float) -> Request | None:
        """The next request, or None if none comes in time."""
        try:
            request = self.requests.get(timeout=seconds)
        except queue.Empty:
            return None
        if isinstance(request, Stop):
            raise _Stopping
        if isinstance(request, SwitchModel):
            self.model = request.model
        return request

    def check(self) -> None:
        """Give up here if the window is closing."""
        if self.stopping.is_set():
            raise _Stopping

    def _listen(self) -> None:
        while not self.stopping.is_set():
            try:
                request = self._connection.recv()
            except (EOFError, OSError):
                request = Stop()
            if isinstance(request, Stop):
                self.stopping.set()
                self.answers.put(False)
            if isinstance(request, Answer):
                self.answers.put(request.yes)
            else:
                self.requests.put(request)


def _serve(line: _Line, options: WindowOptions) -> None:
    """Keep a service open, of one model after the other; after a failure, open it again."""
    _post_account(line, options)
    approve = _approval(line, options)
    desk = BountyDesk(line.post, approve, options.limit)
    failures = 0
    while True:
        try:
            _post_ledger(line)
            with contextlib.ExitStack() as at_work:
                while True:
                    opened = contextlib.ExitStack()
                    service = opened.enter_context(_open(line, options, _model(line), approve))
                    # The previous service is closed only now: a node without a lease would stop.
                    at_work.close()
                    at_work.enter_context(opened)
                    session = _Session(line, service, desk)
                    session.open()
                    failures = 0
                    session.run()
        except InkproofError as error:
            line.check()
            line.post(Failed(Who.CHAIN, notice_of(error), again=True))
            pause = _RETRY[min(failures, len(_RETRY) - 1)]
            failures += 1
            _refuse_until(line, pause, error)


def _model(line: _Line) -> IntegerModel:
    """The chosen model."""
    from app import fixedpoint

    line.post(LoadProgress(Who.CHAIN, f"Building the contract of {line.model}"))
    return fixedpoint.load(models.named(line.model).integers_path)


def _approval(line: _Line, options: WindowOptions) -> Approve:
    """How the person is asked before coins that cost money are spent."""

    def approve(satoshis: int, purpose: str) -> bool:
        if options.approve:
            return True
        line.post(Ask(satoshis, purpose))
        answer = line.answers.get()
        line.check()
        return answer

    return approve


def _open(
    line: _Line, options: WindowOptions, model: IntegerModel, approve: Approve
) -> contextlib.AbstractContextManager[Service]:
    from app.chain.connection import NodeChoice
    from app.chain.service import open_service
    from app.script import Kind

    def progress(note: str, share: float | None) -> None:
        line.check()
        line.post(LoadProgress(Who.CHAIN, note, share))

    choice = NodeChoice(
        rpc_url=options.rpc_url,
        rpc_user=options.rpc_user,
        rpc_password=options.rpc_password,
        keep_node=options.keep_node,
        network=options.network,
    )
    return open_service(model, Kind.PACKED, choice, progress, approve=approve, limit=options.limit)


def _refuse_until(line: _Line, seconds: float, error: InkproofError) -> None:
    """Wait, or until a request comes; a claim is answered with the reason why it cannot be submitted."""
    request = line.next(seconds)
    if isinstance(request, SubmitClaim):
        line.post(NotJudged(request.job, notice_of(error)))
    if isinstance(request, CheckTxid):
        line.post(Checked(Check(request.txid, failure=str(error))))
    if isinstance(request, BountyRequest):
        line.post(BountyFailed(claimed_by(request), notice_of(error)))


@dataclass
class _Session:
    """Requests carried out while one service is open."""

    line: _Line
    service: Service
    desk: BountyDesk
    _shown: tuple[Row, ...] = ()

    def open(self) -> None:
        """Show what is known and, where it costs nothing and nothing else is wanted yet, deploy ahead."""
        self._refresh()
        if not self.service.connection.network.costs_money and self.line.requests.empty():
            self._deploy_ahead()
        self.line.post(Ready(Who.CHAIN))
        self.desk.open(self.service)

    def run(self) -> None:
        """Carry requests out until another model is chosen; between them, refresh status and history."""
        private = self.service.connection.network.may_mine
        while True:
            request = self.line.next(_REFRESH if private else _REFRESH_PUBLIC)
            if isinstance(request, SwitchModel):
                return
            if isinstance(request, SubmitClaim):
                self._put(request)
            if isinstance(request, CheckTxid):
                self.line.post(Checked(checked_again(request, self.service)))
            if isinstance(request, MakeProof):
                self.line.post(Said(proof_file(request, self.service)))
            if isinstance(request, BountyRequest):
                self.desk.handle(request)
            self._refresh()
            self.desk.refresh()

    def _deploy_ahead(self) -> None:
        try:
            self.service.prepare(self._progress)
            self._refresh()
        except UnreachableError:
            raise
        except InkproofError as error:
            # For example, no coins: the person is told, and the next claim tries again.
            self.line.post(Said(notice_of(error)))

    def _progress(self, note: str, share: float | None) -> None:
        self.line.check()
        self.line.post(LoadProgress(Who.CHAIN, note, share))

    def _put(self, claim: SubmitClaim) -> None:
        from app.chain.service import ClaimStage, Readings

        stages = {
            ClaimStage.READY: (SubmissionStage.READY, False),
            ClaimStage.SIGNED: (SubmissionStage.SIGNED, False),
            ClaimStage.ACCEPTED: (SubmissionStage.JUDGED, False),
            ClaimStage.REFUSED: (SubmissionStage.JUDGED, True),
            ClaimStage.CONFIRMED: (SubmissionStage.CONFIRMED, False),
        }

        def on_stage(reached: ClaimStage, text: str) -> None:
            stage, refused = stages[reached]
            self.line.post(StageReached(claim.job, stage, text, refused))

        readings = Readings(claim.float_digit, claim.probabilities, claim.fixed_digit, claim.logits)
        try:
            verdict = self.service.submit(
                claim.picture,
                claim.digit,
                readings,
                name="drawn in the window",
                # A verification under way is always finished: it takes about a second.
                progress=lambda _note, _share: None,
                on_stage=on_stage,
            )
        except InkproofError as error:
            self.line.post(NotJudged(claim.job, notice_of(error)))
            if isinstance(error, UnreachableError):
                raise
            return
        self.line.post(
            ClaimJudged(
                claim.job,
                verdict.accepted,
                verdict.txid,
                verdict.reason or "",
                verdict.block_height,
                verdict.fee,
                verdict.size,
            )
        )

    def _refresh(self) -> None:
        """Send status and history as they are now, after looking up what waits for a block."""
        self.service.reconcile()
        status = self.service.status()
        network, wallet = self.service.connection.network, self.service.connection.wallet
        self.line.post(
            ChainStatus(
                status.network,
                status.node,
                status.height,
                status.balance,
                self.line.model,
                status.contract_sha256,
                network.explorer_tx,
                wallet.address,
            )
        )
        rows = _rows(self.service.ledger)
        if rows != self._shown:
            self._shown = rows
            self.line.post(History(rows))


def _post_account(line: _Line, options: WindowOptions) -> None:
    """Send the address on a public network: it is known before any service has answered."""
    from app.chain.networks import network_named
    from app.chain.wallet.key import public_address
    from app.paths import home

    if options.network is not None and not options.embedded:
        with contextlib.suppress(InkproofError):  # there is no wallet yet: it is made when first used
            line.post(Account(options.network, public_address(home(), network_named(options.network))))


def _post_ledger(line: _Line) -> None:
    """Send the history before the node is up."""
    from app.chain.ledger.store import Ledger
    from app.chain.service import ledger_path

    line.post(LoadProgress(Who.CHAIN, "Reading the ledger"))
    if not ledger_path().exists():
        line.post(History(()))
        return
    with Ledger(ledger_path()) as ledger:
        line.post(History(_rows(ledger)))


def _rows(ledger: Ledger) -> tuple[Row, ...]:
    """The history as the window shows it, the latest first."""
    records = ledger.history(HISTORY)
    hashes = ledger.model_hashes(records)
    return tuple(_row(record, models.name_of(hashes[record.deployment_id])) for record in records)


def _row(record: Verification, model: str) -> Row:
    marks = {
        "prepared": Mark.OPEN,
        "accepted": Mark.ACCEPTED,
        "confirmed": Mark.CONFIRMED,
        "refused": Mark.REFUSED,
        "lost": Mark.LOST,
        "error": Mark.ERROR,
    }
    return Row(
        txid=record.txid,
        picture=record.image,
        claim=record.claim,
        digit=record.fixed_digit,
        mark=marks[record.state.value],
        reason=record.reason,
        block=record.block_height,
        when=record.created.astimezone().strftime("%d %b %Y, %H:%M"),
        network=record.chain_id.partition("@")[0],
        model=model,
    )
