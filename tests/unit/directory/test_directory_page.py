"""The reference page says what is so."""

from __future__ import annotations

from pathlib import Path

import yaml

from adapter.directory import authentication, load, load_directory, nodes
from adapter.directory.model import Endpoint
from adapter.receiver.faults import KINDS

DOCS = Path(__file__).resolve().parents[3] / "docs"
PAGE = (DOCS / "reference" / "directory.md").read_text("utf-8")
RECEIVER_PAGE = (DOCS / "how-to" / "test-a-receiver.md").read_text("utf-8")


def example(page: str) -> str:
    return page.split("```yaml\n", 1)[1].split("```", 1)[0]


def test_the_examples_are_directories():
    for page in (PAGE, RECEIVER_PAGE):
        directory = load_directory(
            example(page), secrets=lambda name: "secret", is_file=lambda path: True
        )
        assert directory.endpoints


def test_the_example_shows_every_key_and_the_page_tells_of_it():
    shown = yaml.safe_load(example(PAGE))["endpoints"]["fenwick"]

    told = {line.split("`")[1] for line in PAGE.splitlines() if line.startswith("| `")}
    assert set(shown) <= told


def test_the_page_tells_every_word_type_and_code():
    words = [
        *(word for pair in (load.TRANSPORTS, load.FORMS, load.PATIENTS)
          for words in pair for word in words),
        *authentication.KEYS,
        *(key for keys in authentication.KEYS.values() for part in keys
          for key in part),
        nodes.UNREADABLE, nodes.INVALID, nodes.UNKNOWN_KEY, nodes.MISSING,
        nodes.DUPLICATE, nodes.SECRET_MISSING, nodes.NOT_THERE_YET,
    ]  # fmt: skip
    for word in words:
        assert f"`{word}`" in PAGE, word


def test_the_defaults_are_those_of_the_page():
    assert f"{{connect: {Endpoint.connect_timeout:g}, read: " in PAGE
    assert f"read: {Endpoint.read_timeout:g}}}" in PAGE
    assert f"max_response_bytes: {Endpoint.max_response_bytes}}}" in PAGE


def test_every_fault_to_order_is_told():
    for kind, does in KINDS.items():
        assert f"| `{kind}` | {does} |" in RECEIVER_PAGE
