"""What redaction keeps back from other kinds than health, under any decision.

Their routes are not built, so the decisions here are made by hand: whatever a decision
will say one day, these rules narrow it.
"""

import copy

import pytest
from disclosure_builders import NOON, add_recipient, make_disclosed, values_in

from adapter.disclosure.model import SILENT_KINDS, CategoryDecision, Decision, Outcome
from adapter.disclosure.redact import redact
from adapter.policy import DEFAULT_POLICY
from adapter.record.vocabulary import CATEGORIES, HEALTH_KINDS, RECIPIENT_KINDS

SHARE, MINIMUM, WITHHOLD = Outcome.SHARE, Outcome.SHARE_MINIMUM, Outcome.WITHHOLD
SILENT = sorted(SILENT_KINDS - {"young_person"})
CONFIDED = {"family_confidential": WITHHOLD, "third_party": WITHHOLD}


def sent(kind, change=None, *, case="planned-handover", person_ref=None, **outcomes):
    """What a recipient of that kind would get: all shared but what is said."""

    def changed(tree):
        who = {"person_ref": person_ref} if person_ref else {}
        add_recipient(tree, kind=kind, care_relationship="none", **who)
        if change is not None:
            change(tree)

    record = make_disclosed(changed, case=case)
    wanted = {**dict.fromkeys(CATEGORIES, SHARE), **CONFIDED, **outcomes}
    decision = Decision(
        recipient_id="r-new",
        kind=kind,
        record_version=record.version,
        at=NOON,
        policy_version=DEFAULT_POLICY.version,
        categories={
            name: CategoryDecision(outcome, "CONSENT_PERMIT", "", "D3")
            for name, outcome in wanted.items()
        },
        items=(),
        obligations=(),
        valid_until=None,
    )
    before = copy.deepcopy(record.tree)
    redacted = redact(record, decision, policy=DEFAULT_POLICY)
    assert record.tree == before
    return redacted


def person_of(redacted):
    return redacted.tree["young_person"]


@pytest.mark.parametrize("kind", sorted(set(RECIPIENT_KINDS) - set(HEALTH_KINDS)))
def test_the_nhs_number_goes_to_few(kind):
    person = person_of(sent(kind))
    may_have = kind in ("la_safeguarding", "social_care", "young_person")
    assert ("nhs_number" in person) is may_have
    assert ("nhs_number_status" in person) is may_have


def test_an_imca_may_have_the_nhs_number():
    def instruct(tree):
        tree["consent_and_sharing"]["competence"] = {
            "capacity": "lacks_capacity",
            "assessed_on": "2026-10-14",
        }
        tree["transition"]["advocacy"] = {
            "type": "imca",
            "offered": "accepted",
            "advocate_ref": "m-cc",
        }

    assert "nhs_number" in person_of(sent("advocate", instruct, person_ref="m-cc"))
    assert "nhs_number" not in person_of(sent("advocate", instruct, person_ref="m-tw"))


@pytest.mark.parametrize("kind", SILENT)
def test_a_preferred_name_is_not_used_unless_said(kind):
    def change(tree):
        tree["young_person"]["names"].append(
            {"id": "n-2", "use": "preferred", "given": "Mo"}
        )
        tree["young_person"]["pronouns"] = "they"

    def said(tree):
        change(tree)
        tree["young_person"]["names"][1]["use_with"] = [kind, "gp"]
        tree["young_person"]["pronouns_use_with"] = [kind, "gp"]

    assert "Mo" not in set(values_in(sent(kind, change).tree))
    assert "pronouns" not in person_of(sent(kind, change))
    person = person_of(sent(kind, said))
    assert [name["given"] for name in person["names"]] == ["Amara", "Mo"]
    assert person["pronouns"] == "they"
    assert "gp" not in set(values_in(person))


def test_the_young_person_is_called_by_the_preferred_name_first():
    def change(tree):
        tree["young_person"]["names"].append(
            {"id": "n-2", "use": "preferred", "given": "Mo", "use_with": ["gp"]}
        )

    names = person_of(sent("young_person", change))["names"]
    assert [name["given"] for name in names] == ["Mo", "Amara"]


@pytest.mark.parametrize("kind", sorted(set(RECIPIENT_KINDS) - set(HEALTH_KINDS)))
def test_a_sensitive_address_leaves_no_trace(kind):
    def change(tree):
        tree["young_person"]["address_is_sensitive"] = True

    def without(tree):
        for name in ("address_text", "postcode", "address_is_sensitive"):
            tree["young_person"].pop(name, None)

    if kind == "la_safeguarding":
        assert person_of(sent(kind, change))["address_text"]
    else:
        assert sent(kind, change) == sent(kind, without)


@pytest.mark.parametrize("kind", SILENT)
def test_others_in_the_family_are_a_name_and_a_relation(kind):
    def trust(tree):
        tree["transition"]["trusted_people"] = ["p-mum"]

    def nobody(tree):
        tree["transition"].pop("trusted_people", None)
        tree["safety"]["safety_plan"].pop("who_i_want_contacted", None)
        tree["transition"].pop("differences_between_settings", None)
        tree["transition"].pop("visit", None)
        tree["transition"].pop("joint_meetings", None)
        for risk in tree["safety"]["risks"]:
            risk.pop("co_produced_with", None)

    (person,) = sent(kind, trust).tree["family_and_carers"]["people"]
    assert person == {"id": "p-mum", "name": "Dana Whitlock", "relation": "mother"}
    assert "Dana Whitlock" not in set(values_in(sent(kind, nobody).tree))


def test_a_relative_learns_what_concerns_themself():
    redacted = sent("family_member", person_ref="p-mum")
    (person,) = redacted.tree["family_and_carers"]["people"]
    assert person["phone"]
    assert person["told"]
    assert person["involvement"]
    assert "views" not in person


@pytest.mark.parametrize("kind", SILENT)
def test_silent_kinds_get_no_control_data_and_no_log_of_others(kind):
    redacted = sent(kind)
    sharing = redacted.tree.get("consent_and_sharing", {})
    assert set(sharing) <= {"privacy_explained_on"}
    assert "communications" not in redacted.tree
    assert "outcomes_monitoring" not in redacted.tree
    assert redacted.author is None
    assert redacted.gaps == ()
    assert redacted.notices == ()
    assert redacted.pointers == ()


def test_a_recipient_sees_its_own_line_of_the_log():
    def change(tree):
        tree["communications"].append(
            {
                "id": "co-9",
                "recipient_ref": "r-new",
                "status": "planned",
                "medium": "letter",
                "summary": "A letter",
            }
        )

    assert sent("housing", change).tree["communications"] == [
        {
            "id": "co-9",
            "recipient_ref": "r-new",
            "status": "planned",
            "medium": "letter",
            "summary": "A letter",
        }
    ]


@pytest.mark.parametrize("kind", [*SILENT, "young_person"])
def test_what_would_harm_the_young_person_is_kept_from_all_who_might_pass_it_on(kind):
    def change(tree):
        tree["safety"]["risks"][0].update(
            withhold_from_young_person=True, withhold_reason="Serious harm"
        )

    tree = sent(kind, change).tree
    assert "risks" not in tree["safety"]
    assert "mitigations" not in tree["safety"]
    assert "Serious harm" not in set(values_in(tree))


@pytest.mark.parametrize("kind", [*SILENT, "young_person"])
def test_what_was_confided_stays_confided_whatever_was_agreed(kind):
    def change(tree):
        tree["safety"]["risks"][0].update(
            given_in_confidence=True,
            information_source="family",
            informant_agrees_to_share_with=[kind],
        )
        tree["family_and_carers"]["people"][0][
            "views_informant_agrees_to_share_with"
        ] = [kind]

    redacted = sent(kind, change, person_ref="p-mum")
    assert "risks" not in redacted.tree["safety"]
    assert "I worry about the new friends" not in set(values_in(redacted.tree))


def test_complaints_go_to_the_young_person_and_their_advocate():
    def instruct(tree):
        tree["transition"]["advocacy"] = {
            "type": "imha",
            "offered": "accepted",
            "advocate_ref": "m-cc",
        }

    def kinds(kind, **who):
        tree = sent(kind, instruct, case="shared-lives-version-2", **who).tree
        return [each["kind"] for each in tree["safeguarding"]["concerns"]]

    alone = ["safeguarding_alert"]
    both = [*alone, "complaint"]
    assert kinds("young_person") == both
    assert kinds("advocate", person_ref="m-cc") == both
    assert kinds("advocate", person_ref="m-tw") == alone
    assert kinds("la_safeguarding") == alone
    assert kinds("housing") == alone


def test_the_change_at_18_is_told_to_the_young_person():
    assert sent("young_person").tree["consent_and_sharing"]["change_at_18"]
    for kind in ("la_safeguarding", "social_care"):
        sharing = sent(kind).tree["consent_and_sharing"]
        assert set(sharing) == {"privacy_explained_on"}
