"""A resource is kept once, in its view's collection; a person is found by the view."""

from __future__ import annotations

import gzip
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


_KEPT = (
    "view_id, type, id, recipient_ods, recipient_kind, version, last_updated, status,"
    " content_hash"
)
_COLLECTIONS = sa.text(
    "SELECT views.view_id, collection FROM views JOIN view_versions AS kept"
    " ON kept.view_id = views.view_id AND kept.version = views.version"
    " WHERE collection IS NOT NULL"
)
_PERSON = (("number", "nhs_hash", 64), ("patient", "patient_id", 36))
_OF_VIEW = sa.text("SELECT * FROM view_resources_before WHERE view_id = :view_id")
_KEY = "WHERE view_id = :view_id AND type = :type AND id = :id"


def upgrade() -> None:
    for name, column, length in _PERSON:
        op.add_column("views", sa.Column(column, sa.String(length=length)))
        op.execute(
            f"UPDATE views SET {column} = (SELECT max({column})"
            " FROM view_resources AS held WHERE held.view_id = views.view_id)"
        )
        op.create_index(f"views_by_{name}", "views", ["recipient_ods", column])
    _replace_resources(
        sa.Column("starts_at", sa.Integer(), nullable=False),
        sa.Column("length", sa.Integer(), nullable=False),
        without=("by_id", "by_instant", "by_number", "by_patient"),
        with_rowid=False,
    )
    _find_places()
    op.drop_table("view_resources_before")
    for name, column, _ in _PERSON:
        op.drop_index(f"tasks_by_{name}", table_name="tasks")
        op.drop_column("tasks", column)


def downgrade() -> None:
    _replace_resources(
        *(sa.Column(column, sa.String(length=length)) for _, column, length in _PERSON),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("body_encoding", sa.String(length=16), nullable=False),
        without=("by_id", "by_instant"),
        with_rowid=True,
    )
    _copy_bodies()
    op.drop_table("view_resources_before")
    for name, column, length in _PERSON:
        op.add_column("tasks", sa.Column(column, sa.String(length=length)))
        op.execute(
            f"UPDATE tasks SET {column} = (SELECT {column} FROM views"
            " WHERE views.view_id = tasks.view_id)"
        )
        op.create_index(f"tasks_by_{name}", "tasks", ["recipient_ods", column])
        op.create_index(
            f"view_resources_by_{name}",
            "view_resources",
            ["recipient_ods", "type", column],
        )
        op.drop_index(f"views_by_{name}", table_name="views")
        op.drop_column("views", column)


def _replace_resources(
    *columns: sa.Column[Any], without: tuple[str, ...], with_rowid: bool
) -> None:
    """An empty ``view_resources`` with these columns; what it held stands beside it."""
    for name in without:
        op.drop_index(f"view_resources_{name}", table_name="view_resources")
    op.rename_table("view_resources", "view_resources_before")
    if op.get_bind().dialect.name == "postgresql":  # where names of keys are unique
        for name in ("pk_view_resources", "fk_view_resources_view_id"):
            op.drop_constraint(name, "view_resources_before")
    op.create_table(
        "view_resources",
        sa.Column("view_id", sa.String(length=36), nullable=False),
        sa.Column("type", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("recipient_ods", sa.String(length=16)),
        sa.Column("recipient_kind", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("last_updated", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(length=64)),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        *columns,
        sa.ForeignKeyConstraint(
            ["view_id"], ["views.view_id"], name="fk_view_resources_view_id"
        ),
        sa.PrimaryKeyConstraint("view_id", "type", "id", name="pk_view_resources"),
        sqlite_with_rowid=with_rowid,
    )
    op.create_index("view_resources_by_id", "view_resources", ["type", "id"])
    op.create_index(
        "view_resources_by_instant",
        "view_resources",
        ["recipient_ods", "type", "last_updated", "id"],
    )


def _find_places() -> None:
    """Where in its view's collection each resource stands: it was written there too."""
    connection = op.get_bind()
    keep = sa.text(
        f"INSERT INTO view_resources ({_KEPT}, starts_at, length)"
        f" SELECT {_KEPT}, :starts_at, :length FROM view_resources_before {_KEY}"
    )
    for view_id, collection in connection.execute(_COLLECTIONS).fetchall():
        whole = gzip.decompress(bytes(collection))
        for row in connection.execute(_OF_VIEW, {"view_id": view_id}).fetchall():
            body = gzip.decompress(bytes(row.body))
            place = {"starts_at": whole.index(body), "length": len(body)}
            key = {"view_id": view_id, "type": row.type, "id": row.id}
            connection.execute(keep, {**key, **place})


def _copy_bodies() -> None:
    connection = op.get_bind()
    keep = sa.text(
        f"INSERT INTO view_resources ({_KEPT}, patient_id, nhs_hash, body,"
        f" body_encoding) SELECT {_KEPT}, (SELECT patient_id FROM views WHERE"
        " views.view_id = :view_id), (SELECT nhs_hash FROM views WHERE views.view_id ="
        f" :view_id), :body, 'gzip' FROM view_resources_before {_KEY}"
    )
    for view_id, collection in connection.execute(_COLLECTIONS).fetchall():
        whole = gzip.decompress(bytes(collection))
        for row in connection.execute(_OF_VIEW, {"view_id": view_id}).fetchall():
            body = whole[row.starts_at : row.starts_at + row.length]
            key = {"view_id": view_id, "type": row.type, "id": row.id}
            connection.execute(keep, {**key, "body": gzip.compress(body, mtime=0)})
