"""The wallet: one private key, its coins, and the transactions that it signs."""
