"""The callers file and its tokens."""

import pytest

from adapter.api.auth import Role, digest_of, load_callers, mint_token
from adapter.errors import SettingsInvalid

DIGEST = digest_of("a token")


def faults(text: str) -> list[tuple[str, str]]:
    with pytest.raises(SettingsInvalid) as refusal:
        load_callers(text)
    return [(issue.path, issue.message) for issue in refusal.value.issues]


def test_a_receiver_is_known_by_its_token() -> None:
    callers = load_callers(
        "callers:\n"
        "- {name: ward, role: sender, ods_code: RX1, "
        f"token_sha256: {digest_of('s')}}}\n"
        "- name: community-team\n"
        "  role: receiver\n"
        "  ods_code: RX2\n"
        "  kinds: [adult_mh_service, crisis_team]\n"
        f"  token_sha256: {DIGEST}\n"
    )
    caller = callers.find("a token")
    assert caller is not None
    assert (caller.name, caller.role, caller.ods_code) == (
        "community-team",
        Role.RECEIVER,
        "RX2",
    )
    assert caller.kinds == {"adult_mh_service", "crisis_team"}
    assert callers.find("another token") is None


def test_an_empty_file_knows_nobody() -> None:
    assert load_callers("").find("a token") is None


def test_every_fault_is_told_with_its_line() -> None:
    found = faults(
        "callers:\n"
        "- name: one\n"
        "  role: boss\n"
        "  ods_code: rx1\n"
        "  token_sha256: secret\n"
        "- name: two\n"
        "  role: receiver\n"
        "  ods_code: RX2\n"
        "  colour: red\n"
        "  kinds: [adult_mh_service, friend]\n"
        f"  token_sha256: {DIGEST}\n"
        "- name: two\n"
        "  role: sender\n"
        "  kinds: [gp]\n"
        f"  token_sha256: {DIGEST}\n"
    )
    assert [line for line, _ in found] == [
        "line 3",
        "line 4",
        "line 5",
        "line 9",
        "line 10",
        "line 12",
        "line 14",
        "line 12",
        "line 15",
    ]
    assert not any("secret" in message or "rx1" in message for _, message in found)


@pytest.mark.parametrize(
    "text",
    ["callers: {", "- a", "callers: yes", "callers: [a]", "callers: []\ncallers: []"],
)
def test_what_is_no_callers_file_is_refused(text: str) -> None:
    assert faults(text)


def test_a_minted_token_is_long_and_its_hash_fits() -> None:
    token, digest = mint_token()
    assert len(token) >= 43
    assert digest == digest_of(token)
    assert mint_token()[0] != token
