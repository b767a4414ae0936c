"""The layout of the ledger's SQLite file."""

from __future__ import annotations

__all__ = ["APPLICATION", "MIGRATIONS"]

APPLICATION = 0x494E4B50
"""SQLite's application id of our files: "INKP"."""

# One entry per version of the file's layout; the file's user_version counts those applied.
MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE deployments (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            created TEXT NOT NULL,
            network TEXT NOT NULL,
            kind TEXT NOT NULL,
            contract_sha256 TEXT NOT NULL CHECK (length(contract_sha256) = 64),
            network_sha256 TEXT NOT NULL CHECK (length(network_sha256) = 64),
            owner TEXT NOT NULL CHECK (length(owner) = 40),
            txid TEXT NOT NULL CHECK (length(txid) = 64),
            output_index INTEGER NOT NULL CHECK (output_index >= 0),
            value INTEGER NOT NULL CHECK (value >= 0),
            raw_tx BLOB NOT NULL,
            state TEXT NOT NULL
                CHECK (state IN ('prepared', 'sent', 'confirmed', 'spent', 'lost', 'refused')),
            reason TEXT NOT NULL DEFAULT '',
            UNIQUE (network, txid, output_index)
        )""",
        """CREATE TABLE verifications (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            created TEXT NOT NULL,
            network TEXT NOT NULL,
            kind TEXT NOT NULL,
            deployment_id INTEGER NOT NULL REFERENCES deployments (id),
            image_name TEXT NOT NULL,
            image BLOB NOT NULL CHECK (length(image) = 784),
            claim INTEGER NOT NULL CHECK (claim BETWEEN 0 AND 9),
            float_digit INTEGER NOT NULL CHECK (float_digit BETWEEN 0 AND 9),
            fixed_digit INTEGER NOT NULL CHECK (fixed_digit BETWEEN 0 AND 9),
            probabilities TEXT NOT NULL,
            logits TEXT NOT NULL,
            txid TEXT NOT NULL CHECK (length(txid) = 64),
            raw_tx BLOB NOT NULL,
            fee INTEGER NOT NULL CHECK (fee >= 0),
            size INTEGER NOT NULL CHECK (size >= 0),
            script_bytes INTEGER NOT NULL CHECK (script_bytes >= 0),
            state TEXT NOT NULL
                CHECK (state IN ('prepared', 'accepted', 'confirmed', 'refused', 'lost', 'error')),
            reason TEXT NOT NULL DEFAULT '',
            block_hash TEXT,
            block_height INTEGER
        )""",
        # An output can be spent once: at most one verification at a time may count on a deployment.
        """CREATE UNIQUE INDEX one_spend ON verifications (deployment_id)
            WHERE state IN ('prepared', 'accepted', 'confirmed')""",
        "CREATE INDEX deployments_by_state ON deployments (state, network)",
        "CREATE INDEX verifications_by_state ON verifications (state, network)",
        "CREATE INDEX verifications_by_txid ON verifications (txid)",
    ),
    (
        """CREATE TABLE spending (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            created TEXT NOT NULL,
            network TEXT NOT NULL,
            satoshis INTEGER NOT NULL CHECK (satoshis >= 0),
            purpose TEXT NOT NULL
        )""",
        "CREATE INDEX spending_by_time ON spending (network, created)",
    ),
    (
        # What the columns hold: which chain, and which neural network (a model).
        "ALTER TABLE deployments RENAME COLUMN network TO chain_id",
        "ALTER TABLE deployments RENAME COLUMN network_sha256 TO model_sha256",
        "ALTER TABLE verifications RENAME COLUMN network TO chain_id",
        "ALTER TABLE spending RENAME COLUMN network TO chain_id",
    ),
    (
        """CREATE TABLE bounties (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            created TEXT NOT NULL,
            chain_id TEXT NOT NULL,
            txid TEXT NOT NULL CHECK (length(txid) = 64),
            output_index INTEGER NOT NULL CHECK (output_index >= 0),
            model_sha256 TEXT NOT NULL CHECK (length(model_sha256) = 64),
            posted_here INTEGER NOT NULL CHECK (posted_here IN (0, 1)),
            UNIQUE (chain_id, txid, output_index)
        )""",
        """CREATE TABLE bounty_steps (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            bounty_id INTEGER NOT NULL REFERENCES bounties (id),
            created TEXT NOT NULL,
            chain_id TEXT NOT NULL,
            kind TEXT NOT NULL CHECK (kind IN ('post', 'commit', 'reveal', 'reopen', 'reclaim')),
            txid TEXT NOT NULL CHECK (length(txid) = 64),
            spends TEXT NOT NULL,
            raw_tx BLOB NOT NULL,
            value INTEGER NOT NULL CHECK (value >= 0),
            fee INTEGER NOT NULL CHECK (fee >= 0),
            image BLOB NOT NULL CHECK (length(image) IN (0, 784)),
            salt BLOB NOT NULL CHECK (length(salt) IN (0, 32)),
            ours INTEGER NOT NULL CHECK (ours IN (0, 1)),
            state TEXT NOT NULL CHECK (state IN ('prepared', 'sent', 'confirmed', 'refused', 'lost')),
            reason TEXT NOT NULL DEFAULT '',
            block_hash TEXT,
            block_height INTEGER,
            UNIQUE (chain_id, txid)
        )""",
        "CREATE INDEX bounty_steps_by_bounty ON bounty_steps (bounty_id)",
        "CREATE INDEX bounty_steps_by_state ON bounty_steps (state, chain_id)",
    ),
    (
        # Deployments of one transaction share its bytes. They have a table of their own, so that a change of
        # state does not write them again; the column `raw_tx` stays empty.
        """CREATE TABLE transactions (
            chain_id TEXT NOT NULL,
            txid TEXT NOT NULL,
            raw_tx BLOB NOT NULL,
            UNIQUE (chain_id, txid)
        )""",
        """INSERT OR IGNORE INTO transactions
            SELECT chain_id, txid, raw_tx FROM deployments WHERE length(raw_tx) > 0""",
        "UPDATE deployments SET raw_tx = x''",
        """CREATE VIEW deployments_with_bytes AS SELECT id, created, chain_id, kind, contract_sha256,
            model_sha256, owner, txid, output_index, value, coalesce((SELECT raw_tx FROM transactions
                WHERE chain_id = d.chain_id AND txid = d.txid), x'') AS raw_tx, state, reason
            FROM deployments AS d""",
        # What is asked at every verification costs the same however many there have been.
        "CREATE INDEX verifications_by_deployment ON verifications (deployment_id)",
        "CREATE INDEX verifications_by_block ON verifications (chain_id, state, block_height, id)",
        "CREATE INDEX deployments_by_reason ON deployments (chain_id, state, reason)",
        "CREATE INDEX deployments_by_txid ON deployments (chain_id, txid)",
    ),
)
