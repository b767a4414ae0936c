"""The contract: its compiler, its description, its scripts, and a local check of a spend."""

from app.contract.classifier import DigitContract, contract_for
from app.contract.local import Judgement, ScriptJudge, judge_spend
from app.contract.spend import Claim, SpendPlan, build_spend, read_claim

__all__ = [
    "Claim",
    "DigitContract",
    "Judgement",
    "ScriptJudge",
    "SpendPlan",
    "build_spend",
    "contract_for",
    "judge_spend",
    "read_claim",
]
