"""Deliveries that the clock watches until clinical responsibility moves."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("deliveries", sa.Column("watched_for", sa.String(length=64)))
    op.execute(
        "UPDATE deliveries SET watched_for = 'arrival' WHERE moves_at IS NOT NULL"
        " AND state NOT IN ('accepted', 'declined', 'superseded', 'withdrawn')"
    )
    op.drop_index("deliveries_to_alarm", table_name="deliveries")
    op.create_index(
        "deliveries_to_watch",
        "deliveries",
        ["watched_for", "moves_at"],
        sqlite_where=sa.text("watched_for IS NOT NULL"),
        postgresql_where=sa.text("watched_for IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("deliveries_to_watch", table_name="deliveries")
    op.create_index(
        "deliveries_to_alarm",
        "deliveries",
        ["moves_at"],
        sqlite_where=sa.text("moves_at IS NOT NULL AND alarmed_at IS NULL"),
        postgresql_where=sa.text("moves_at IS NOT NULL AND alarmed_at IS NULL"),
    )
    with op.batch_alter_table("deliveries") as table:
        table.drop_column("watched_for")
