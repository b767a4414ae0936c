"""The contract: its compiler, its description, its scripts, and a local check of a spend."""

from app.contract.classifier import DigitContract, contract_for
from app.contract.local import Judgement, ScriptJudge, judge_spend
from app.contract.spend import Claim, SpendPlan, build_spend, read_claim
from app.contract.statement import Statement, statement_in

__all__ = [
    "Claim",
    "DigitContract",
    "Judgement",
    "ScriptJudge",
    "SpendPlan",
    "Statement",
    "build_spend",
    "contract_for",
    "judge_spend",
    "read_claim",
    "statement_in",
]
