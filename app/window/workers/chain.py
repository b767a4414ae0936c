"""The chain's process: node, contract and ledger, behind a pipe.

One thread listens to the window, the main thread works. When the window asks it to stop, or is gone, the
work under way is finished if it is short and given up if it is long; the node is stopped by the service.
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
from app.window.model.state import Check, Mark, Row, SubmissionStage, Who
from app.window.options import WindowOptions
from app.window.workers.checking import checked_again
from app.window.workers.judging import notice_of, start_worker
from app.window.workers.leftovers import release_node

if TYPE_CHECKING:
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
    """The window is closing. No Exception: nothing on the way may take it for an error of its own."""


def serve_chain(connection: Connection, options: WindowOptions) -> None:
    """The process: until it is told to stop, keep a service open and put claims to it."""
    start_worker()
    # A signal to the whole process group must not end the process that stops the node: the window tells it.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    line = _Line(connection, options.model)
    line.start()
    try:
        _serve(line, options)
    except (_Stopping, BrokenPipeError, ConnectionResetError):
        # It may have been told in the middle of starting the node, which is then held by nobody.
        release_node(options)


class _Line:
    """The pipe to the window, heard by a thread so that a request to stop is noticed at any moment.

    `model` is the model that is wanted as far as requests have been taken.
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
    failures = 0
    while True:
        try:
            _post_ledger(line)
            with contextlib.ExitStack() as at_work:
                while True:
                    opened = contextlib.ExitStack()
                    service = opened.enter_context(_open(line, options, _model(line)))
                    # Only now the one before goes: a node that nobody holds would stop.
                    at_work.close()
                    at_work.enter_context(opened)
                    counter = _Counter(line, service)
                    counter.open()
                    failures = 0
                    counter.run()
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


def _open(
    line: _Line, options: WindowOptions, model: IntegerModel
) -> contextlib.AbstractContextManager[Service]:
    from app.chain.connection import NodeChoice
    from app.chain.service import open_service
    from app.script import Kind

    def progress(note: str, share: float | None) -> None:
        line.check()
        line.post(LoadProgress(Who.CHAIN, note, share))

    def approve(satoshis: int, purpose: str) -> bool:
        if options.approve:
            return True
        line.post(Ask(satoshis, purpose))
        answer = line.answers.get()
        line.check()
        return answer

    choice = NodeChoice(
        rpc_url=options.rpc_url,
        rpc_user=options.rpc_user,
        rpc_password=options.rpc_password,
        keep_node=options.keep_node,
        network=options.network,
    )
    return open_service(model, Kind.PACKED, choice, progress, approve=approve, limit=options.limit)


def _refuse_until(line: _Line, seconds: float, error: InkproofError) -> None:
    """Let time pass, until something is asked; a claim is told why it cannot be put."""
    request = line.next(seconds)
    if isinstance(request, SubmitClaim):
        line.post(NotJudged(request.job, notice_of(error)))
    if isinstance(request, CheckTxid):
        line.post(Checked(Check(request.txid, failure=str(error))))


@dataclass
class _Counter:
    """Where claims are taken while the service is open."""

    line: _Line
    service: Service
    _shown: tuple[Row, ...] = ()

    def open(self) -> None:
        """Show what is known and, where it costs nothing and nothing else is wanted yet, deploy ahead."""
        self._refresh()
        if not self.service.connection.network.costs_money and self.line.requests.empty():
            self._deploy_ahead()
        self.line.post(Ready(Who.CHAIN))

    def run(self) -> None:
        """Until another model is chosen: put claims, and look at the chain between them."""
        private = self.service.connection.network.may_mine
        while True:
            request = self.line.next(_REFRESH if private else _REFRESH_PUBLIC)
            if isinstance(request, SwitchModel):
                return
            if isinstance(request, SubmitClaim):
                self._put(request)
            if isinstance(request, CheckTxid):
                self.line.post(Checked(checked_again(request, self.service)))
            self._refresh()

    def _deploy_ahead(self) -> None:
        try:
            self.service.prepare(self._progress)
            self._refresh()
        except UnreachableError:
            raise
        except InkproofError as error:
            # No coins, for one: the person is told, and a claim will try again.
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
                # A verification under way is brought to its end: it takes a second, and it is worth it.
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
        """Status and history as they are now; what waits for a block is looked up."""
        self.service.reconcile()
        status = self.service.status()
        network, wallet = self.service.connection.network, self.service.connection.wallet
        self.line.post(
            ChainStatus(
                status.network,
                status.node,
                status.height,
                status.balance,
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
    """Where coins are sent to on a public network is known before anybody has answered."""
    from app.chain.networks import network_named
    from app.chain.wallet.key import public_address
    from app.paths import home

    if options.network is not None and not options.embedded:
        with contextlib.suppress(InkproofError):  # there is no wallet yet: it is made when it is needed
            line.post(Account(options.network, public_address(home(), network_named(options.network))))


def _post_ledger(line: _Line) -> None:
    """The past is shown before the node is up."""
    from app.chain.ledger.store import Ledger
    from app.chain.service import ledger_path

    line.post(LoadProgress(Who.CHAIN, "Reading the ledger"))
    if not ledger_path().exists():
        line.post(History(()))
        return
    with Ledger(ledger_path()) as ledger:
        line.post(History(_rows(ledger)))


def _rows(ledger: Ledger) -> tuple[Row, ...]:
    """The past as the window shows it, the latest first."""
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
