"""Views that wait for people to release them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "holds",
        sa.Column("delivery_id", sa.String(length=36), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("persons", sa.Integer(), nullable=False),
        sa.Column("releases", sa.LargeBinary()),
        sa.Column("releases_encoding", sa.String(length=16)),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["deliveries.id"], name="fk_holds_delivery_id"
        ),
        sa.PrimaryKeyConstraint("delivery_id", name="pk_holds"),
    )


def downgrade() -> None:
    op.drop_table("holds")
