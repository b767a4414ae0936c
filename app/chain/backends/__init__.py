"""The ways to ask a chain: one node by JSON-RPC, or public services by HTTP."""
