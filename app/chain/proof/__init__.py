"""Proof files: a claim, the deployment that it spends, and their Merkle paths, readable without a chain.

The format is BEEF (BRC-62, BRC-96) with the claim as the subject (Atomic BEEF, BRC-95) and BUMP (BRC-74) for
the Merkle paths. bsv-sdk and npm's @bsv/sdk read these files; the tests have them do it. The readers here are
our own, since a file comes from a stranger: every count is checked against the bytes that are left.
"""
