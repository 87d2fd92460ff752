"""The first tables: records, views, deliveries and what goes with them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit",
        sa.Column(
            "number",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("event", sa.String(length=64), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("ods_code", sa.String(length=16)),
        sa.Column("record_id", sa.Text()),
        sa.Column("record_version", sa.Integer()),
        sa.Column("recipient_id", sa.Text()),
        sa.Column("view_id", sa.String(length=36)),
        sa.Column("view_version", sa.Integer()),
        sa.Column("delivery_id", sa.String(length=36)),
        sa.Column("task_id", sa.String(length=36)),
        sa.Column("correlation_id", sa.String(length=36)),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("previous_hash", sa.String(length=64)),
        sa.Column("hash", sa.String(length=64)),
        sa.PrimaryKeyConstraint("number", name="pk_audit"),
    )
    op.create_index("audit_of_record", "audit", ["ods_code", "record_id", "number"])
    op.create_table(
        "endpoints",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("stopped_at", sa.BigInteger()),
        sa.Column("reason", sa.String(length=64)),
        sa.Column("probe_at", sa.BigInteger()),
        sa.Column("probes", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_endpoints"),
    )
    op.create_table(
        "lanes",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("endpoint", sa.Text(), nullable=False),
        sa.Column("last_sequence", sa.Integer(), nullable=False),
        sa.Column("next_due", sa.BigInteger()),
        sa.Column("lease_token", sa.BigInteger(), nullable=False),
        sa.Column("lease_owner", sa.Text()),
        sa.Column("lease_until", sa.BigInteger()),
        sa.PrimaryKeyConstraint("key", name="pk_lanes"),
    )
    op.create_index(
        "lanes_due",
        "lanes",
        ["next_due"],
        sqlite_where=sa.text("next_due IS NOT NULL"),
        postgresql_where=sa.text("next_due IS NOT NULL"),
    )
    op.create_table(
        "meta",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_meta"),
    )
    op.create_table(
        "records",
        sa.Column("ods_code", sa.String(length=16), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=64), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("body_encoding", sa.String(length=16), nullable=False),
        sa.Column("receipt", sa.LargeBinary(), nullable=False),
        sa.Column("receipt_encoding", sa.String(length=16), nullable=False),
        sa.Column("person_key", sa.String(length=64), nullable=False),
        sa.Column("correlation_id", sa.String(length=36), nullable=False),
        sa.Column("accepted_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("ods_code", "record_id", "version", name="pk_records"),
    )
    op.create_index("records_by_person", "records", ["person_key"])
    op.create_table(
        "views",
        sa.Column("view_id", sa.String(length=36), nullable=False),
        sa.Column("ods_code", sa.String(length=16), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("recipient_id", sa.Text(), nullable=False),
        sa.Column("recipient_kind", sa.String(length=64), nullable=False),
        sa.Column("recipient_ods", sa.String(length=16)),
        sa.Column("standing", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("content_hash", sa.String(length=64)),
        sa.Column("stamped_at", sa.BigInteger()),
        sa.Column("record_version", sa.Integer(), nullable=False),
        sa.Column("prepared_at", sa.BigInteger(), nullable=False),
        sa.Column("valid_until", sa.BigInteger()),
        sa.Column("policy_version", sa.Text(), nullable=False),
        sa.Column("directory_version", sa.Text(), nullable=False),
        sa.Column("mapping_version", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "standing IN ('current', 'empty', 'invalid')", name="ck_views_standing"
        ),
        sa.PrimaryKeyConstraint("view_id", name="pk_views"),
        sa.UniqueConstraint(
            "ods_code", "record_id", "recipient_id", name="uq_views_ods_code"
        ),
    )
    op.create_index(
        "views_by_policy",
        "views",
        ["recipient_ods", "policy_version", "directory_version"],
    )
    op.create_index("views_by_valid_until", "views", ["recipient_ods", "valid_until"])
    op.create_table(
        "worklist",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("ods_code", sa.String(length=16), nullable=False),
        sa.Column("purpose", sa.String(length=64), nullable=False),
        sa.Column("person_key", sa.String(length=64), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("due", sa.BigInteger()),
        sa.Column("about", sa.JSON(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.BigInteger()),
        sa.Column("closed_by", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_worklist"),
    )
    op.create_index("worklist_by_due", "worklist", ["ods_code", "due"])
    op.create_index(
        "worklist_open",
        "worklist",
        ["ods_code", "person_key", "purpose"],
        unique=True,
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_table(
        "decisions",
        sa.Column(
            "number",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("ods_code", sa.String(length=16), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("record_version", sa.Integer(), nullable=False),
        sa.Column("recipient_id", sa.Text(), nullable=False),
        sa.Column("recipient_kind", sa.String(length=64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("valid_until", sa.BigInteger()),
        sa.Column("policy_version", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("body_encoding", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(
            ["ods_code", "record_id", "record_version"],
            ["records.ods_code", "records.record_id", "records.version"],
            name="fk_decisions_ods_code",
        ),
        sa.PrimaryKeyConstraint("number", name="pk_decisions"),
    )
    op.create_index(
        "decisions_of_record",
        "decisions",
        ["ods_code", "record_id", "record_version", "recipient_id", "number"],
    )
    op.create_table(
        "deliveries",
        sa.Column(
            "number",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("ods_code", sa.String(length=16), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("record_version", sa.Integer(), nullable=False),
        sa.Column("recipient_id", sa.Text(), nullable=False),
        sa.Column("recipient_kind", sa.String(length=64), nullable=False),
        sa.Column("recipient_ods", sa.String(length=16)),
        sa.Column("view_id", sa.String(length=36), nullable=False),
        sa.Column("view_version", sa.Integer(), nullable=False),
        sa.Column("lane", sa.String(length=64)),
        sa.Column("sequence", sa.Integer()),
        sa.Column("endpoint", sa.Text()),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=64)),
        sa.Column("issues", sa.JSON()),
        sa.Column("body", sa.LargeBinary()),
        sa.Column("body_encoding", sa.String(length=16)),
        sa.Column("request_id", sa.String(length=36), nullable=False),
        sa.Column("correlation_id", sa.String(length=36), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("few_tries", sa.Integer(), nullable=False),
        sa.Column("retry_since", sa.BigInteger()),
        sa.Column("next_attempt_at", sa.BigInteger()),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("state_since", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["lane"], ["lanes.key"], name="fk_deliveries_lane"),
        sa.ForeignKeyConstraint(
            ["view_id"], ["views.view_id"], name="fk_deliveries_view_id"
        ),
        sa.PrimaryKeyConstraint("number", name="pk_deliveries"),
        sa.UniqueConstraint("id", name="uq_deliveries_id"),
        sa.UniqueConstraint("lane", "sequence", name="uq_deliveries_lane"),
    )
    op.create_index("deliveries_by_state", "deliveries", ["state", "number"])
    op.create_index(
        "deliveries_of_record",
        "deliveries",
        ["ods_code", "record_id", "record_version"],
    )
    op.create_index("deliveries_of_sender", "deliveries", ["ods_code", "number"])
    op.create_index("deliveries_of_view", "deliveries", ["view_id", "view_version"])
    op.create_table(
        "tasks",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("view_id", sa.String(length=36), nullable=False),
        sa.Column("view_version", sa.Integer(), nullable=False),
        sa.Column("recipient_ods", sa.String(length=16)),
        sa.Column("recipient_kind", sa.String(length=64), nullable=False),
        sa.Column("patient_id", sa.String(length=36)),
        sa.Column("nhs_hash", sa.String(length=64)),
        sa.Column("status", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("authored_on", sa.BigInteger(), nullable=False),
        sa.Column("last_updated", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("body_encoding", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(
            ["view_id"], ["views.view_id"], name="fk_tasks_view_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_tasks"),
        sa.UniqueConstraint("view_id", "view_version", name="uq_tasks_view_id"),
    )
    op.create_index(
        "tasks_by_instant", "tasks", ["recipient_ods", "last_updated", "id"]
    )
    op.create_index("tasks_by_number", "tasks", ["recipient_ods", "nhs_hash"])
    op.create_index("tasks_by_patient", "tasks", ["recipient_ods", "patient_id"])
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
        sa.Column("patient_id", sa.String(length=36)),
        sa.Column("nhs_hash", sa.String(length=64)),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("body_encoding", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(
            ["view_id"], ["views.view_id"], name="fk_view_resources_view_id"
        ),
        sa.PrimaryKeyConstraint("view_id", "type", "id", name="pk_view_resources"),
    )
    op.create_index("view_resources_by_id", "view_resources", ["type", "id"])
    op.create_index(
        "view_resources_by_instant",
        "view_resources",
        ["recipient_ods", "type", "last_updated", "id"],
    )
    op.create_index(
        "view_resources_by_number",
        "view_resources",
        ["recipient_ods", "type", "nhs_hash"],
    )
    op.create_index(
        "view_resources_by_patient",
        "view_resources",
        ["recipient_ods", "type", "patient_id"],
    )
    op.create_table(
        "view_versions",
        sa.Column("view_id", sa.String(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("standing", sa.String(length=64), nullable=False),
        sa.Column("content_hash", sa.String(length=64)),
        sa.Column("stamped_at", sa.BigInteger(), nullable=False),
        sa.Column("record_version", sa.Integer(), nullable=False),
        sa.Column("mapping_version", sa.Text(), nullable=False),
        sa.Column("resources", sa.JSON(), nullable=False),
        sa.Column("collection", sa.LargeBinary()),
        sa.Column("collection_encoding", sa.String(length=16)),
        sa.ForeignKeyConstraint(
            ["view_id"], ["views.view_id"], name="fk_view_versions_view_id"
        ),
        sa.PrimaryKeyConstraint("view_id", "version", name="pk_view_versions"),
    )
    op.create_table(
        "attempts",
        sa.Column("delivery_id", sa.String(length=36), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("duration_us", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=False),
        sa.Column("http_status", sa.Integer()),
        sa.Column("worker", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["deliveries.id"], name="fk_attempts_delivery_id"
        ),
        sa.PrimaryKeyConstraint("delivery_id", "attempt", name="pk_attempts"),
    )


def downgrade() -> None:
    op.drop_table("attempts")
    op.drop_table("view_versions")
    op.drop_index("view_resources_by_patient", table_name="view_resources")
    op.drop_index("view_resources_by_number", table_name="view_resources")
    op.drop_index("view_resources_by_instant", table_name="view_resources")
    op.drop_index("view_resources_by_id", table_name="view_resources")
    op.drop_table("view_resources")
    op.drop_index("tasks_by_patient", table_name="tasks")
    op.drop_index("tasks_by_number", table_name="tasks")
    op.drop_index("tasks_by_instant", table_name="tasks")
    op.drop_table("tasks")
    op.drop_index("deliveries_of_view", table_name="deliveries")
    op.drop_index("deliveries_of_sender", table_name="deliveries")
    op.drop_index("deliveries_of_record", table_name="deliveries")
    op.drop_index("deliveries_by_state", table_name="deliveries")
    op.drop_table("deliveries")
    op.drop_index("decisions_of_record", table_name="decisions")
    op.drop_table("decisions")
    op.drop_index(
        "worklist_open",
        table_name="worklist",
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.drop_index("worklist_by_due", table_name="worklist")
    op.drop_table("worklist")
    op.drop_index("views_by_valid_until", table_name="views")
    op.drop_index("views_by_policy", table_name="views")
    op.drop_table("views")
    op.drop_index("records_by_person", table_name="records")
    op.drop_table("records")
    op.drop_table("meta")
    op.drop_index(
        "lanes_due",
        table_name="lanes",
        sqlite_where=sa.text("next_due IS NOT NULL"),
        postgresql_where=sa.text("next_due IS NOT NULL"),
    )
    op.drop_table("lanes")
    op.drop_table("endpoints")
    op.drop_index("audit_of_record", table_name="audit")
    op.drop_table("audit")
