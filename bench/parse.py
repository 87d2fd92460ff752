"""Parsing a record of 250 values, beside marshmallow alone with the same fields.

"Alone" is a schema of marshmallow's own fields (String with Length and Regexp, Date,
AwareDateTime, OneOf, Nested, List) made from the same declarations, loading what
``json.loads`` read: no ids, refs, rules between fields, marks or Unicode, which
``parse`` does as well. Our fields under marshmallow's loop are shown beside it. Each
round takes all three in turn, so that a busy machine slows them alike.

Budget: 4 ms p50, and at most 1.25 times marshmallow alone.
"""

import json
import random
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from statistics import median
from typing import Any

from machine import describe
from marshmallow import Schema, fields, validate

from adapter.generate import generate
from adapter.policy import DEFAULT_POLICY
from adapter.record.containers import One, Several
from adapter.record.declarations import fields_of
from adapter.record.fields import LONGEST_LIST, Declared, Integer, LanguageTag, Section
from adapter.record.parse import check, parse
from adapter.record.walk import WHOLE

NOW = datetime(2026, 11, 5, 9, tzinfo=UTC)
VALUES = 250
ROUNDS = 400
BUDGET_MS = 4.0
BUDGET_TIMES = 1.25

KEY = validate.Regexp(r"^[A-Za-z0-9._-]{1,64}$")
PLAIN: dict[str, Callable[..., fields.Field[Any]]] = {
    "id": lambda **how: fields.String(validate=KEY, **how),
    "record_key": lambda **how: fields.String(validate=KEY, **how),
    "ref": lambda **how: fields.String(validate=KEY, **how),
    "ods_code": lambda **how: fields.String(
        validate=validate.Regexp(r"^[A-Z0-9]{3,10}$"), **how
    ),
    "nhs_number": lambda **how: fields.String(
        validate=validate.Regexp(r"^[0-9]{10}$"), **how
    ),
    "string": lambda **how: fields.String(validate=validate.Length(1, 200), **how),
    "text": lambda **how: fields.String(validate=validate.Length(1, 4_000), **how),
    "long_text": lambda **how: fields.String(
        validate=validate.Length(1, 20_000), **how
    ),
    "date": fields.Date,
    "datetime": fields.AwareDateTime,
    "boolean": lambda **how: fields.Boolean(truthy={True}, falsy={False}, **how),
}


def alone(section: Section) -> type[Schema]:
    """The schema of marshmallow's own fields for the same properties."""
    made: dict[str, Any] = {
        name: _field(field) for name, field in fields_of(section).items()
    }
    return Schema.from_dict(made)


def _field(field: Declared) -> fields.Field[Any]:
    how = {"required": field.is_asked}
    if isinstance(field, One):
        return fields.Nested(alone(field.section), **how)
    if isinstance(field, Several):
        longest = validate.Length(max=LONGEST_LIST)
        nested = fields.Nested(alone(field.section))
        return fields.List(nested, validate=longest, **how)
    if field.many:
        return fields.List(_plain(field), **how)
    return _plain(field, **how)


def _plain(field: Declared, **how: Any) -> fields.Field[Any]:
    if isinstance(field, Integer):
        bounds = validate.Range(field.lowest, field.highest)
        return fields.Integer(strict=True, validate=bounds, **how)
    if isinstance(field, LanguageTag):
        form = validate.Regexp(r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$")
        return fields.String(validate=form, **how)
    if field.kind == "code":
        return fields.String(validate=validate.OneOf(field.codes), **how)
    return PLAIN[field.kind](**how)


def values_in(node: Any) -> int:
    """How many plain values stand in a tree."""
    if isinstance(node, dict):
        return sum(map(values_in, node.values()))
    return sum(map(values_in, node)) if isinstance(node, list) else 1


def make_body() -> bytes:
    """The generated record that may leave with nearest to 250 values."""
    trees = (generate(random.Random(seed), now=NOW) for seed in range(600))
    active = [tree for tree in trees if tree["status"] == "active"]
    nearest = min(active, key=lambda tree: abs(values_in(tree) - VALUES))
    return json.dumps(nearest).encode()


def main() -> int:
    body = make_body()
    tree = parse(body, policy=DEFAULT_POLICY, now=NOW).tree
    schema = alone(WHOLE)()
    schema.load(tree)
    works: dict[str, Callable[[], object]] = {
        "parse and validate": lambda: check(body, policy=DEFAULT_POLICY, now=NOW),
        "marshmallow alone": lambda: schema.load(json.loads(body)),
        "our fields alone": lambda: WHOLE.load(json.loads(body)),
    }
    times: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(ROUNDS):
        for name, work in works.items():
            start = time.process_time()
            work()
            times[name].append((time.process_time() - start) * 1000)
    print(describe())
    print(f"{values_in(tree)} values, {len(body)} bytes, {ROUNDS} rounds, p50")
    for name, each in times.items():
        print(f"  {name:20} {median(each):6.2f} ms")
    ours, theirs = (median(times[name]) for name in list(works)[:2])
    times_theirs = ours / theirs
    print(f"  {times_theirs:.2f} times marshmallow alone (budget {BUDGET_TIMES})")
    print(f"  {ours:.2f} ms (budget {BUDGET_MS})")
    return 0 if ours <= BUDGET_MS and times_theirs <= BUDGET_TIMES else 1


if __name__ == "__main__":
    sys.exit(main())
