"""The directory: what it gives, and how it refuses a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from adapter.directory import Directory, Endpoint, load_directory, secrets_from
from adapter.errors import Issue, SettingsInvalid

SECRETS = {"FENWICK_TOKEN": "s3cr3t-of-fenwick", "ROWAN_KEY": "s3cr3t-of-rowan"}

WHOLE = """\
version: "2026-11-05"
endpoints:
  fenwick:
    ods_code: ZZ9B2
    kinds: [adult_mh_service, crisis_team]
    transport: rest
    address: https://fhir.fenwick.example/fhir/
    form: transaction
    patient: own
    gzip: true
    auth: {type: bearer, token_secret: FENWICK_TOKEN}
    timeouts: {connect: 2.5, read: 8}
    limits: {concurrency: 2, max_response_bytes: 200000}
    tls: {ca: /etc/ssl/fenwick.pem}
    proxy: http://proxy.example:3128
  rowan:
    ods_code: ZZ9G1
    kinds: [gp]
    transport: rest
    address: http://127.0.0.1:8092/fhir
    auth: {type: header, name: X-Api-Key, value_secret: ROWAN_KEY}
  loopback:
    ods_code: ZZ9C3
    kinds: [gp]
    transport: rest
    address: http://localhost:8093/fhir
    auth: {type: none}
"""


def load(text: str, **options: Any) -> Directory:
    options.setdefault("is_file", lambda path: True)
    return load_directory(text, secrets=SECRETS.get, **options)


def faults(text: str, **options: Any) -> list[Issue]:
    with pytest.raises(SettingsInvalid) as refused:
        load(text, **options)
    return list(refused.value.issues)


def endpoint(**changes: str) -> str:
    """A directory of one good endpoint, with these keys put in or (None) left out."""
    keys: dict[str, Any] = {
        "ods_code": "ZZ9B2",
        "kinds": "[gp]",
        "transport": "rest",
        "address": "https://fhir.fenwick.example/fhir",
        "auth": "{type: bearer, token_secret: FENWICK_TOKEN}",
        **changes,
    }
    lines = [f"    {key}: {value}" for key, value in keys.items() if value is not None]
    return "\n".join(["endpoints:", "  fenwick:", *lines, ""])


def test_an_endpoint_is_found_by_organisation_and_kind():
    directory = load(WHOLE)

    found = directory.endpoint_for("ZZ9B2", "crisis_team")

    assert found == directory.endpoint_named("fenwick")
    assert directory.endpoint_for("ZZ9B2", "gp") is None
    assert directory.endpoint_for(None, "gp") is None
    assert directory.label == "2026-11-05"


def test_every_key_is_carried_to_the_endpoint():
    fenwick = load(WHOLE).endpoint_named("fenwick")

    assert isinstance(fenwick, Endpoint)
    assert fenwick.address == "https://fhir.fenwick.example/fhir"
    assert (fenwick.connect_timeout, fenwick.read_timeout) == (2.5, 8.0)
    assert (fenwick.concurrency, fenwick.max_response_bytes) == (2, 200_000)
    assert fenwick.gzip is True
    assert fenwick.ca == Path("/etc/ssl/fenwick.pem")
    assert fenwick.proxy == "http://proxy.example:3128"
    assert dict(fenwick.auth.headers) == {"Authorization": "Bearer s3cr3t-of-fenwick"}


def test_a_header_key_is_sent_under_its_own_name():
    rowan = load(WHOLE).endpoint_named("rowan")

    assert rowan is not None
    assert dict(rowan.auth.headers) == {"X-Api-Key": "s3cr3t-of-rowan"}


def test_nothing_prints_a_secret():
    directory = load(WHOLE)

    assert "s3cr3t" not in repr(directory)
    assert "s3cr3t" not in f"{directory.endpoints!s} {directory.endpoints[0].auth}"


def test_endpoints_can_be_told_apart_and_kept_in_a_set():
    assert len(set(load(WHOLE).endpoints)) == 3


def test_another_text_is_another_version():
    assert load(WHOLE).version == load(WHOLE).version
    assert load(WHOLE).version != load(WHOLE + "# moved\n").version


def test_every_fault_is_told_at_once_with_its_line():
    text = """\
endpoints:
  Fenwick:
    ods_code: zz
    kinds: [gp, hairdresser]
    transport: pigeon
    address: ftp://fenwick.example
    auth: {type: bearer}
    timeouts: {read: 900, write: 3}
    colour: blue
  rowan:
    ods_code: ZZ9G1
    transport: rest
"""
    found = faults(text)

    assert [(issue.path, issue.message.split(":")[0]) for issue in found] == [
        ("endpoints.Fenwick", "line 2"),
        ("endpoints.Fenwick.ods_code", "line 3"),
        ("endpoints.Fenwick.kinds", "line 4"),
        ("endpoints.Fenwick.transport", "line 5"),
        ("endpoints.Fenwick.address", "line 6"),
        ("endpoints.Fenwick.auth.token_secret", "line 7"),
        ("endpoints.Fenwick.timeouts.read", "line 8"),
        ("endpoints.Fenwick.timeouts.write", "line 8"),
        ("endpoints.Fenwick.colour", "line 9"),
        ("endpoints.rowan.kinds", "line 11"),
        ("endpoints.rowan.address", "line 11"),
        ("endpoints.rowan.auth", "line 11"),
    ]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("transport", "message"),
        ("transport", "mesh"),
        ("transport", "manual"),
        ("form", "document"),
        ("auth", "{type: basic, username: us, password_secret: FENWICK_TOKEN}"),
        ("auth", "{type: mtls, certificate_secret: C, private_key_secret: K}"),
        (
            "auth",
            "{type: client_credentials, token_url: 'https://a.example', client_id: us, "
            "private_key_secret: K, key_id: '1', algorithm: RS384}",
        ),
    ],
)
def test_what_is_planned_is_refused_as_not_there_yet(key: str, value: str):
    found = faults(endpoint(**{key: value}))

    refused = [issue for issue in found if issue.code == "NOT_THERE_YET"]
    assert len(refused) == 1
    assert "is not there yet" in refused[0].message


@pytest.mark.parametrize("word", ["own", "match", "reference"])
def test_an_endpoint_says_how_the_person_is_spoken_of(word: str):
    (found,) = load(endpoint(patient=word)).endpoints
    assert found.patient == word


def test_the_shape_of_what_is_planned_is_checked_too():
    found = faults(endpoint(auth="{type: mtls, colour: blue}"))

    assert {(issue.code, issue.path.rsplit(".", 1)[1]) for issue in found} == {
        ("NOT_THERE_YET", "type"),
        ("DIRECTORY_MISSING", "certificate_secret"),
        ("DIRECTORY_MISSING", "private_key_secret"),
        ("DIRECTORY_UNKNOWN_KEY", "colour"),
    }


@pytest.mark.parametrize("address", ["http://fhir.fenwick.example", "http://10.0.0.1"])
def test_https_is_required_off_the_loopback(address: str):
    assert [issue.path for issue in faults(endpoint(address=address))] == [
        "endpoints.fenwick.address"
    ]


@pytest.mark.parametrize(
    "address",
    ["http://127.0.0.1:8092", "http://localhost:80/x", "http://[::1]:8092/fhir"],
)
def test_no_authentication_is_for_the_loopback_only(address: str):
    assert load(endpoint(address=address, auth="{type: none}")).endpoints

    off = faults(endpoint(address="https://localhost.example", auth="{type: none}"))
    assert [issue.path for issue in off] == ["endpoints.fenwick.auth.type"]


@pytest.mark.parametrize(
    "address",
    [
        "https://user:pass@fhir.fenwick.example",
        "https://fhir.fenwick.example/fhir?key=1",
        "https://fhir.fenwick.example/#x",
        "https://fhir.fenwick.example:99999",
        "https://",
        "fhir.fenwick.example",
        '"https://fhir fenwick.example"',
    ],
)
def test_an_address_holds_no_credential_and_nothing_odd(address: str):
    found = faults(endpoint(address=address))

    assert [issue.path for issue in found] == ["endpoints.fenwick.address"]
    assert "pass" not in found[0].message


def test_one_recipient_has_one_endpoint():
    second = endpoint().split("\n", 1)[1].replace("fenwick:", "rowan:", 1)
    found = faults(endpoint() + second)

    assert [(issue.code, issue.path) for issue in found] == [
        ("DIRECTORY_DUPLICATE", "endpoints.rowan.kinds")
    ]


def test_a_name_stands_once():
    found = faults(endpoint() + endpoint().split("\n", 1)[1])

    assert [(issue.code, issue.path) for issue in found] == [
        ("DIRECTORY_DUPLICATE", "endpoints.fenwick")
    ]


def test_a_secret_that_is_not_there_is_a_fault():
    found = faults(endpoint(auth="{type: bearer, token_secret: NO_SUCH_TOKEN}"))

    assert [(issue.code, issue.path) for issue in found] == [
        ("SECRET_MISSING", "endpoints.fenwick.auth.token_secret")
    ]


@pytest.mark.parametrize("secret", ["two\nlines", "sp ace", "ünï"])
def test_a_secret_that_would_break_a_header_is_refused_unseen(secret: str):
    with pytest.raises(SettingsInvalid) as refused:
        load_directory(endpoint(), secrets=lambda name: secret)

    assert secret not in str(refused.value.issues)


@pytest.mark.parametrize(
    "token", ["s3cr3t-typed-into-the-file", "../../etc/passwd", "lower"]
)
def test_a_secret_is_given_by_name_and_never_repeated(token: str):
    found = faults(endpoint(auth=f"{{type: bearer, token_secret: {token}}}"))

    assert [issue.code for issue in found] == ["DIRECTORY_INVALID"]
    assert token not in found[0].message


@pytest.mark.parametrize("name", ["Content-Type", "x-request-id", "'X Key'", "'X:'"])
def test_a_header_key_cannot_replace_what_the_transport_sets(name: str):
    found = faults(
        endpoint(auth=f"{{type: header, name: {name}, value_secret: ROWAN_KEY}}")
    )
    assert [issue.path for issue in found] == ["endpoints.fenwick.auth.name"]


def test_a_certificate_file_must_be_there():
    found = faults(endpoint(tls="{ca: /no/such.pem}"), is_file=lambda path: False)

    assert [issue.code for issue in found] == ["DIRECTORY_MISSING"]
    assert faults(endpoint(tls="{ca: near.pem}"))[0].code == "DIRECTORY_INVALID"


def test_a_proxy_has_no_credential():
    assert faults(endpoint(proxy="http://us:pw@proxy.example:3128"))
    assert faults(endpoint(proxy="http://proxy.example/path"))


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("endpoints:\n  a: {b: [c\n", "DIRECTORY_UNREADABLE", "line 3"),
        ("endpoints:\n\t- x\n", "DIRECTORY_UNREADABLE", "line 2"),
        ("a: &x {b: c}\nd: *x\n", "DIRECTORY_UNREADABLE", "line 2"),
        ("\x00", "DIRECTORY_UNREADABLE", "line 1"),
        ("version: 3\n", "DIRECTORY_MISSING", "line 1"),
        ("- a\n", "DIRECTORY_INVALID", "line 1"),
        ("endpoints: 3\n", "DIRECTORY_INVALID", "line 1"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_line(text: str, code: str, line: str):
    found = faults(text)

    assert found[0].code == code
    assert found[0].message.startswith(line)


@pytest.mark.parametrize("text", ["endpoints: {}\n", "", "# nobody yet\n"])
def test_a_directory_without_endpoints_reaches_nobody(text: str):
    assert load(text).endpoints == ()


def test_a_word_that_yaml_would_turn_into_something_else_stays_a_word():
    found = load(endpoint(ods_code="012"))

    assert found.endpoint_for("012", "gp") is not None


class TestSecrets:
    def test_a_file_comes_before_the_environment(self, tmp_path: Path):
        (tmp_path / "TOKEN").write_text("from-file\n")
        find = secrets_from(tmp_path, {"TOKEN": "from-environment", "OTHER": "other"})

        assert find("TOKEN") == "from-file"
        assert find("OTHER") == "other"
        assert find("ABSENT") is None

    def test_no_name_leads_out_of_the_folder(self, tmp_path: Path):
        (tmp_path / "secrets").mkdir()
        (tmp_path / "PASSWD").write_text("outside")

        assert secrets_from(tmp_path / "secrets", {})("../PASSWD") is None

    def test_an_empty_or_unreadable_secret_counts_as_none(self, tmp_path: Path):
        (tmp_path / "EMPTY").write_text(" \n")
        (tmp_path / "BYTES").write_bytes(b"\xff\xfe")
        find = secrets_from(tmp_path, {"EMPTY": "not this one"})

        assert find("EMPTY") is None
        assert find("BYTES") is None
