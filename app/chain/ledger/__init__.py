"""The record of deployments and verifications, in one SQLite file."""
