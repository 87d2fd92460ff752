"""The audit trail's chain; what a person did on the worklist; brakes; the sweep."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit_chain",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("first_number", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_audit_chain"),
    )
    with op.batch_alter_table("worklist") as table:
        table.add_column(sa.Column("taken_at", sa.BigInteger()))
        table.add_column(sa.Column("settled", sa.JSON()))
        table.add_column(sa.Column("history", sa.LargeBinary()))
        table.add_column(sa.Column("history_encoding", sa.String(length=16)))
    op.create_index(
        "worklist_of_person", "worklist", ["ods_code", "person_key", "purpose"]
    )
    op.create_table(
        "brakes",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("scope", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("set_at", sa.BigInteger(), nullable=False),
        sa.Column("released_at", sa.BigInteger()),
        sa.Column("words", sa.LargeBinary(), nullable=False),
        sa.Column("words_encoding", sa.String(length=16), nullable=False),
        sa.CheckConstraint(
            "scope IN ('endpoint', 'kind', 'all')", name="ck_brakes_scope"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_brakes"),
    )
    op.create_index(
        "brakes_on",
        "brakes",
        ["scope", "name"],
        unique=True,
        sqlite_where=sa.text("released_at IS NULL"),
        postgresql_where=sa.text("released_at IS NULL"),
    )
    op.create_table(
        "reminders",
        sa.Column("ods_code", sa.String(length=16), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("purpose", sa.String(length=64), nullable=False),
        sa.Column("due", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "ods_code", "record_id", "purpose", name="pk_reminders"
        ),
    )
    op.create_index("reminders_by_due", "reminders", ["due"])
    op.create_table(
        "sweeps",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("lease_owner", sa.Text()),
        sa.Column("lease_until", sa.BigInteger()),
        sa.Column("swept_at", sa.BigInteger()),
        sa.Column("policy_version", sa.Text()),
        sa.Column("directory_version", sa.Text()),
        sa.PrimaryKeyConstraint("name", name="pk_sweeps"),
    )
    op.create_index("views_due", "views", ["valid_until"])


def downgrade() -> None:
    op.drop_index("views_due", table_name="views")
    op.drop_table("sweeps")
    op.drop_table("reminders")
    op.drop_table("brakes")
    op.drop_index("worklist_of_person", table_name="worklist")
    with op.batch_alter_table("worklist") as table:
        for name in ("history_encoding", "history", "settled", "taken_at"):
            table.drop_column(name)
    op.drop_table("audit_chain")
