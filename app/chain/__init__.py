"""The chain: a node, coins, what is sent to it, and the record of it."""
