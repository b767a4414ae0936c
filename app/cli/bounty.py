"""`bounty`: posted, listed, earned, ended, collected."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from rich.text import Text

from app import models
from app.chain.bounty.costs import StepCosts, costs_of_all
from app.chain.bounty.drafting import Wish
from app.chain.bounty.following import Standing
from app.chain.bounty.readers import reader_named
from app.chain.bounty.service import Bounties, BountyStage, open_bounties
from app.chain.wallet.coins import QUOTED_RATES
from app.cli import OK
from app.cli.files import write_whole
from app.cli.judging import read_one
from app.cli.options import model_of, node_choice, spending, warn_of
from app.cli.output import Reporter, out, print_json, reporting
from app.errors import ChainError
from app.training.data import load_mnist
from app.training.paid import archive_of, data_set_of


def post(options: argparse.Namespace) -> int:
    """Post a bounty."""
    wish = Wish(options.digit, options.reward, options.margin, options.until, options.deposit, options.window)

    def act(bounties: Bounties, report: Reporter) -> Standing:
        reader = reader_named(model_of(options).name)
        return bounties.post(reader, bounties.draft(wish, reader, report), wish.reward, report)

    return _with_bounties(options, act)


def show(options: argparse.Namespace) -> int:
    """List the bounties that are known here."""
    with _opened(options) as (bounties, _):
        if options.bounty:
            bounties.named(options.bounty)
        found = bounties.all()
        if not found and not options.json:
            out.print("No bounty yet. Post one: inkproof bounty post; or look one up: --bounty")
        for standing in found:
            _show(options, bounties, standing)
    return OK


def costs(options: argparse.Namespace) -> int:
    """Print the table of sizes and fees."""
    with reporting(options) as report:
        report("Generating every model's Script")
        found = costs_of_all()
    if options.json:
        print_json({one.model: _costs(one) for one in found})
        return OK
    for one in found:
        _show_costs(one)
    return OK


def commit(options: argparse.Namespace) -> int:
    """Commit to an image."""
    image = read_one(options.image).tobytes()

    def act(bounties: Bounties, report: Reporter) -> Standing:
        chosen = _chosen(bounties, options.bounty, lambda one: one.state is not None and one.state.is_open)
        return bounties.commit(chosen, image, report, on_stage=_stages(report))

    return _with_bounties(options, act)


def reveal(options: argparse.Namespace) -> int:
    """Reveal the image and take the reward."""

    def act(bounties: Bounties, report: Reporter) -> Standing:
        chosen = _chosen(bounties, options.bounty, lambda one: one.held_by_us)
        return bounties.reveal(chosen, depth=options.depth, late=options.late, on_stage=_stages(report))

    return _with_bounties(options, act)


def reopen(options: argparse.Namespace) -> int:
    """Open an expired bounty again."""

    def act(bounties: Bounties, report: Reporter) -> Standing:
        chosen = _chosen(
            bounties, options.bounty, lambda one: one.state is not None and not one.state.is_open
        )
        return bounties.reopen(chosen, report)

    return _with_bounties(options, act)


def reclaim(options: argparse.Namespace) -> int:
    """Take a bounty back."""

    def act(bounties: Bounties, _report: Reporter) -> Standing:
        chosen = _chosen(
            bounties, options.bounty, lambda one: one.record.posted_here and one.place is not None
        )
        return bounties.reclaim(chosen)

    return _with_bounties(options, act)


def collect(options: argparse.Namespace) -> int:
    """Write the paid images as a data set."""
    base = None if options.data is None else load_mnist(options.data)
    with _opened(options) as (bounties, _):
        paid = [one for one in bounties.collected() if options.all or one.posted_here]
    data = data_set_of([one.image for one in paid], [one.digit for one in paid], base)
    write_whole(options.output, archive_of(data))
    if options.json:
        images = [{"digit": one.digit, "txid": one.txid} for one in paid]
        print_json({"file": str(options.output), "images": images, "training": len(data.x_train)})
    else:
        added = "" if base is None else f", added to {options.data}"
        out.print(f"{len(paid):,} paid images written to {options.output}{added}")
    return OK


@contextlib.contextmanager
def _opened(options: argparse.Namespace) -> Iterator[tuple[Bounties, Reporter]]:
    with (
        reporting(options) as report,
        open_bounties(node_choice(options), report, **spending(options)) as bounties,
    ):
        warn_of(bounties.connection.wallet)
        yield bounties, report


def _with_bounties(options: argparse.Namespace, act: Callable[[Bounties, Reporter], Standing]) -> int:
    """Do one step, and show how the bounty stands after it."""
    with _opened(options) as (bounties, report):
        _show(options, bounties, act(bounties, report))
    return OK


def _chosen(bounties: Bounties, text: str | None, suits: Callable[[Standing], bool]) -> Standing:
    """The bounty that was named, or else the only one that suits."""
    if text:
        return bounties.named(text)
    found = [one for one in bounties.all() if suits(one)]
    if len(found) != 1:
        raise ChainError(
            "Several bounties could be meant." if found else "No bounty that is known here suits that.",
            why=", ".join(f"{one.record.id}" for one in found),
            hint="Name one with --bounty; see `inkproof bounty list`.",
        )
    return found[0]


def _stages(report: Reporter) -> Callable[[BountyStage, str], None]:
    def on_stage(stage: BountyStage, text: str) -> None:
        report.note(f"{stage.value}: {text}")

    return on_stage


def _facts(bounties: Bounties, standing: Standing) -> dict[str, Any]:
    terms, place, last = standing.origin.bounty.terms, standing.place, standing.steps[-1]
    model = models.name_of(standing.record.model_sha256)
    state = standing.state
    return {
        "number": standing.record.id,
        "bounty": bounties.share(standing),
        "status": standing.status,
        "model": model,
        "digit": terms.digit,
        "margin": terms.margin,
        "sureness": bounties.sureness(standing),
        "reward": standing.origin.value,
        "holds": place.value if place else 0,
        "deposit": terms.deposit,
        "window": terms.window,
        "last_block": terms.last_block,
        "expires": None if state is None or state.is_open else state.expires,
        "ours": standing.record.posted_here,
        "held_by_us": standing.held_by_us,
        "outpoint": f"{place.txid}:{place.index}" if place else None,
        "txid": last.txid,
        "step": last.kind.value,
        "fee": last.fee,
        "block": last.block_height,
    }


def _show(options: argparse.Namespace, bounties: Bounties, standing: Standing) -> None:
    facts = _facts(bounties, standing)
    if options.json:
        print_json(facts)
        return
    line = Text(f"{facts['number']:>3}  ", style="dim")
    line.append(facts["status"], style="bold not dim")
    sure = "" if facts["sureness"] is None else f" by {100 * facts['sureness']:.1f} %"
    line.append(
        f"  a {facts['digit']}{sure} ({facts['model'] or 'unknown model'}) for {facts['reward']:,} satoshis",
        style="not dim",
    )
    out.print(line)
    held = "" if facts["expires"] is None else f"; committed until block {facts['expires']:,}"
    mine = " by you" if facts["ours"] else ""
    out.print(
        f"     holds {facts['holds']:,}; deposit {facts['deposit']:,} for {facts['window']:,} blocks; "
        f"posted{mine}, last block {facts['last_block']:,}{held}"
    )
    out.print(Text(f"     last step: {facts['step']} {facts['txid']}", style="dim"))
    out.print(f"     {facts['bounty']}")


def _costs(one: StepCosts) -> dict[str, Any]:
    fees = {f"fees_at_{rate}": one.fees(rate) for rate in QUOTED_RATES}
    return {"script_bytes": one.script_bytes, "sizes": one.sizes, **fees, "refusal": one.refusal or None}


def _show_costs(one: StepCosts) -> None:
    out.print(Text(f"{one.model}: {one.script_bytes:,} bytes of Script", style="bold"))
    if one.refusal:
        out.print(f"  no bounty: {one.refusal}")
        return
    rates = [one.fees(rate) for rate in QUOTED_RATES]
    out.print(f"  {'step':<8}{'bytes':>10}" + "".join(f"{f'fee at {rate}':>12}" for rate in QUOTED_RATES))
    for step, size in one.sizes.items():
        out.print(f"  {step:<8}{size:>10,}" + "".join(f"{fees[step]:>12,}" for fees in rates))
