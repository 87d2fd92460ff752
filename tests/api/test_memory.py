"""What a large body stood in is given back once its answer has left."""

import gc

from flask import Flask

from adapter.api.memory import LARGE, give_back_after_large_bodies


def test_a_large_body_ends_with_a_collection_and_a_small_one_does_not() -> None:
    app = Flask("a test")
    app.add_url_rule("/", "take", lambda: "taken", methods=["POST"])
    give_back_after_large_bodies(app)
    collected = []
    gc.callbacks.append(lambda phase, info: collected.append(info["generation"]))
    try:
        client = app.test_client()
        with client.post("/", data=b"x" * LARGE) as answer:
            assert answer.data == b"taken"
        after_large = collected.count(2)
        with client.post("/", data=b"x") as answer:
            assert answer.data == b"taken"
    finally:
        gc.callbacks.pop()
    assert after_large >= 2
    assert collected.count(2) == after_large
