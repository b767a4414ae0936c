"""Bounties on one chain: posted, found by an outpoint, followed from step to step, claimed, collected."""
