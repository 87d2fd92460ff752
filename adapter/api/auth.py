"""Who calls: the callers file, bearer tokens, and what each kind of caller may open.

A token is kept nowhere: the callers file holds its SHA-256 alone. Nothing is open
unless it says so with ``@open_to_anyone``; a route that says nothing is refused to all.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar, cast

import yaml
from flask import Flask, current_app, g, request

from adapter.errors import Issue, NotAuthenticated, NotPermitted, SettingsInvalid
from adapter.record.vocabulary import RECIPIENT_KINDS

ODS_CODE = re.compile(r"[A-Z0-9]{3,10}")
SHA256_HEX = re.compile(r"[0-9a-f]{64}")
CALLER_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
LONGEST_TOKEN = 1024
SOURCE_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
KNOWN_KEYS = ("name", "role", "ods_code", "kinds", "source", "token_sha256")


class Role(StrEnum):
    """What a caller does here: send records, or fetch and answer what it receives."""

    SENDER = "sender"
    RECEIVER = "receiver"


@dataclass(frozen=True)
class Caller:
    """One system that may call: its name in our log, its role and whom it acts for.

    ``kinds`` are the recipient kinds whose views a receiver may open; none for senders.
    ``source`` names the source mapping of what a sender sends; records when empty.
    """

    name: str
    role: Role
    ods_code: str
    kinds: frozenset[str] = frozenset()
    source: str = ""


@dataclass(frozen=True)
class Callers:
    """Everybody who may call, found by the SHA-256 of their token."""

    by_digest: tuple[tuple[str, Caller], ...] = ()

    def find(self, token: str) -> Caller | None:
        """The caller whose token this is, or None.

        Compares with every caller in constant time, so that the time taken tells
        neither how far a guess was right nor which caller it was.
        """
        digest = digest_of(token)
        found = None
        for known, caller in self.by_digest:
            if hmac.compare_digest(known, digest):
                found = caller
        return found


def digest_of(token: str) -> str:
    """The SHA-256 of a token, as 64 hexadecimal characters."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


def mint_token() -> tuple[str, str]:
    """A new bearer token of 256 bits, and the hash that the callers file takes."""
    token = secrets.token_urlsafe(32)
    return token, digest_of(token)


def load_callers(text: str, *, sources: Collection[str] = ()) -> Callers:
    """Who may call, from the text of a callers file; an empty text gives nobody.

    The file is YAML: ``callers:`` over a list of ``name``, ``role`` (sender or
    receiver), ``ods_code``, ``kinds`` (a receiver's), ``source`` (a sender's that does
    not send records: one of ``sources``) and ``token_sha256``. SettingsInvalid names
    every fault with its line.
    """
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        raise SettingsInvalid(
            "the callers file is not YAML",
            issues=[_fault(mark.line + 1 if mark else 1, "not YAML from here on")],
        ) from None
    except yaml.YAMLError:
        raise SettingsInvalid(
            "the callers file is not YAML", issues=[_fault(1, "not YAML")]
        ) from None
    if root is None:
        return Callers()
    reader = _Reader(sources)
    callers = reader.callers(root)
    if reader.faults:
        raise SettingsInvalid("the callers file has faults", issues=reader.faults)
    return Callers(tuple(callers))


def _fault(line: int, message: str) -> Issue:
    return Issue("error", "CALLERS_INVALID", f"line {line}", message)


class _Reader:
    """Reads the nodes of a callers file and gathers every fault with its line."""

    def __init__(self, sources: Collection[str]) -> None:
        self.sources = sources
        self.faults: list[Issue] = []
        self.names: set[str] = set()
        self.digests: set[str] = set()

    def fault(self, node: yaml.Node, message: str) -> None:
        self.faults.append(_fault(node.start_mark.line + 1, message))

    def callers(self, root: yaml.Node) -> list[tuple[str, Caller]]:
        top = self.members(root, "the file", ("callers",))
        listed = top.get("callers")
        if listed is None:
            return []
        if not isinstance(listed, yaml.SequenceNode):
            self.fault(listed, "callers must be a list")
            return []
        read = (
            self.caller(node, f"callers[{index}]")
            for index, node in enumerate(listed.value)
        )
        return [each for each in read if each is not None]

    def caller(self, node: yaml.Node, place: str) -> tuple[str, Caller] | None:
        before = len(self.faults)
        given = self.members(node, place, KNOWN_KEYS)
        name = self.text(node, given, place, "name", CALLER_NAME)
        role = self.text(node, given, place, "role", re.compile("sender|receiver"))
        ods_code = self.text(node, given, place, "ods_code", ODS_CODE)
        digest = self.text(node, given, place, "token_sha256", SHA256_HEX)
        kinds = self.kinds(node, given, place, role)
        source = self.source(node, given, place, role)
        if name in self.names:
            self.fault(given["name"], f"{place}.name stands twice")
        if digest in self.digests:
            self.fault(given["token_sha256"], f"{place}.token_sha256 stands twice")
        self.names.add(name)
        self.digests.add(digest)
        if len(self.faults) > before:
            return None
        return digest, Caller(name, Role(role), ods_code, kinds, source)

    def members(
        self, node: yaml.Node, place: str, known: tuple[str, ...]
    ) -> dict[str, yaml.Node]:
        if not isinstance(node, yaml.MappingNode):
            self.fault(node, f"{place} must have names and values")
            return {}
        found: dict[str, yaml.Node] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.value not in known:
                self.fault(key, f"{place} may only have {', '.join(known)}")
            elif key.value in found:
                self.fault(key, f"{place}.{key.value} stands twice")
            else:
                found[key.value] = value
        return found

    def text(
        self,
        parent: yaml.Node,
        given: dict[str, yaml.Node],
        place: str,
        name: str,
        pattern: re.Pattern[str],
    ) -> str:
        node = given.get(name)
        if node is None:
            self.fault(parent, f"{place}.{name} is missing")
        elif not isinstance(node, yaml.ScalarNode) or not pattern.fullmatch(node.value):
            self.fault(node, f"{place}.{name} must match {pattern.pattern}")
        else:
            return str(node.value)
        return ""

    def source(
        self, parent: yaml.Node, given: dict[str, yaml.Node], place: str, role: str
    ) -> str:
        node = given.get("source")
        if node is None:
            return ""
        if role != Role.SENDER:
            self.fault(node, f"{place}.source is for senders only")
            return ""
        found = self.text(parent, given, place, "source", SOURCE_NAME)
        if found and found not in self.sources:
            self.fault(node, f"{place}.source is no file of mappings/sources")
        return found

    def kinds(
        self, parent: yaml.Node, given: dict[str, yaml.Node], place: str, role: str
    ) -> frozenset[str]:
        node = given.get("kinds")
        if role != Role.RECEIVER:
            if node is not None:
                self.fault(node, f"{place}.kinds is for receivers only")
            return frozenset()
        if not isinstance(node, yaml.SequenceNode) or not node.value:
            self.fault(node or parent, f"{place}.kinds must list recipient kinds")
            return frozenset()
        found = set()
        for each in node.value:
            if (
                not isinstance(each, yaml.ScalarNode)
                or each.value not in RECIPIENT_KINDS
            ):
                self.fault(each, f"{place}.kinds has what is no recipient kind")
            else:
                found.add(each.value)
        return frozenset(found)


View = TypeVar("View", bound=Callable[..., Any])
ANYONE = frozenset[Role]()
ACCESS = "access"


def open_to(*roles: Role) -> Callable[[View], View]:
    """Marks a route as one for callers of these roles."""

    def mark(view: View) -> View:
        setattr(view, ACCESS, frozenset(roles))
        return view

    return mark


def open_to_anyone(view: View) -> View:
    """Marks a route as open without a token: health and metadata only."""
    setattr(view, ACCESS, ANYONE)
    return view


def access_of(app: Flask, endpoint: str | None) -> frozenset[Role] | None:
    """The roles that may open an endpoint: ANYONE for all, None when none was said."""
    view = app.view_functions.get(endpoint or "")
    return cast("frozenset[Role] | None", getattr(view, ACCESS, None))


def require_authentication(callers: Callers) -> None:
    """Set the caller of this request, or refuse it.

    Stands before routing errors too, so that a caller without a token learns nothing
    of what exists. Raises NotAuthenticated and NotPermitted.
    """
    access = access_of(current_app, request.endpoint)
    if access is not None and not access:
        return
    token = _bearer_token()
    caller = callers.find(token) if token else None
    if caller is None:
        raise NotAuthenticated("a bearer token that is known here is needed")
    g.caller = caller
    if request.routing_exception is not None:
        return
    if access is None or caller.role not in access:
        raise NotPermitted("this address is for callers of another role")


def _bearer_token() -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or len(token) > LONGEST_TOKEN:
        return ""
    return token


def current_caller() -> Caller:
    """The caller of this request, on every route that needs a token."""
    return cast("Caller", g.caller)


def protected_endpoints(app: Flask) -> Iterator[tuple[str, frozenset[Role] | None]]:
    """Each endpoint of the application with the roles that may open it."""
    for rule in app.url_map.iter_rules():
        yield rule.endpoint, access_of(app, rule.endpoint)
