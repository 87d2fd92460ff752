"""What a receiver holds: ends of what was sent, supersession, and when duty moves."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "views",
        sa.Column("served_from", sa.Integer(), nullable=False, server_default="1"),
    )
    op.add_column(
        "deliveries",
        sa.Column(
            "purpose", sa.String(length=64), nullable=False, server_default="share"
        ),
    )
    op.add_column(
        "deliveries",
        sa.Column(
            "patient", sa.String(length=64), nullable=False, server_default="own"
        ),
    )
    op.add_column("deliveries", sa.Column("retires", sa.JSON()))
    op.add_column("deliveries", sa.Column("moves_at", sa.BigInteger()))
    op.add_column("deliveries", sa.Column("alarmed_at", sa.BigInteger()))
    op.create_index(
        "deliveries_to_alarm",
        "deliveries",
        ["moves_at"],
        sqlite_where=sa.text("moves_at IS NOT NULL AND alarmed_at IS NULL"),
        postgresql_where=sa.text("moves_at IS NOT NULL AND alarmed_at IS NULL"),
    )
    op.create_index(
        "lanes_leased",
        "lanes",
        ["endpoint", "lease_until"],
        sqlite_where=sa.text("lease_until IS NOT NULL"),
        postgresql_where=sa.text("lease_until IS NOT NULL"),
    )
    op.create_table(
        "supersessions",
        sa.Column("ods_code", sa.String(length=16), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("by_record_id", sa.Text(), nullable=False),
        sa.Column("by_version", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("ods_code", "record_id", name="pk_supersessions"),
    )
    op.create_index("supersessions_by", "supersessions", ["ods_code", "by_record_id"])


def downgrade() -> None:
    op.drop_table("supersessions")
    op.drop_index("lanes_leased", table_name="lanes")
    op.drop_index("deliveries_to_alarm", table_name="deliveries")
    with op.batch_alter_table("deliveries") as table:
        for name in ("alarmed_at", "moves_at", "retires", "patient", "purpose"):
            table.drop_column(name)
    with op.batch_alter_table("views") as table:
        table.drop_column("served_from")
