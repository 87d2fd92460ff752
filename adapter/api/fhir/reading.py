"""What a caller may see now: its own current views, and the trail of what it saw.

Everything under /fhir that shows a resource comes through here, so that an unknown id
and another's id are one case, and nothing leaves before its audit row is committed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from flask import g

from adapter.api.auth import Caller
from adapter.api.fhir.brakes import unbraked
from adapter.api.fhir.parameters import FHIR_ID
from adapter.api.problems import report
from adapter.delivery.renewal import present_of, renew
from adapter.errors import NotReady, UnknownRecord
from adapter.store import audit, views
from adapter.store.history import resource_history
from adapter.store.paging import Page
from adapter.store.views import ALL, About, Bound, Present, StoredBundle, StoredResource

if TYPE_CHECKING:
    from adapter.wiring import Parts


VIEWS_AT_ONCE = 1000
Found = TypeVar("Found")


@dataclass(frozen=True)
class Conditions:
    """What a search asks of resources of one type, in the store's words."""

    ids: tuple[str, ...] | None = None
    patient: tuple[str, ...] | None = None
    nhs_hash: str | None = None
    status: tuple[str, ...] | None = None
    last_updated: tuple[Bound, ...] = ()


class Reading:
    """One caller's look at its own views, at one instant.

    What is no longer current is never shown. Where what is asked for is not found, or
    may be found in more than one view, what the question is about is prepared again
    first.
    """

    def __init__(self, parts: Parts, caller: Caller, at: datetime) -> None:
        self.parts = parts
        self.caller = unbraked(parts, caller)
        self.at = at
        self.present: Present = present_of(parts, at)

    def resource(self, resource_type: str, resource_id: str) -> StoredResource:
        """That resource. UnknownRecord when there is none in the caller's own views."""
        if not FHIR_ID.fullmatch(resource_id):
            resource_id = ""
        found = self._found(
            lambda: views.read_resource(
                self.parts.store,
                self.caller.ods_code,
                self.caller.kinds,
                resource_type,
                resource_id,
                present=self.present,
            )
        )
        if found is None:
            raise UnknownRecord
        self._keep("read", [found])
        return found

    def versions(
        self, resource_type: str, resource_id: str, version: str | None = None
    ) -> list[StoredResource]:
        """The versions of that resource that are served, newest first, or one of them.

        UnknownRecord when there is none in the caller's own views as they are now.
        """
        if not FHIR_ID.fullmatch(resource_id):
            resource_id = ""
        served = self._found(
            lambda: resource_history(
                self.parts.store,
                self.caller.ods_code,
                self.caller.kinds,
                resource_type,
                resource_id,
                present=self.present,
            )
        )
        found = [
            each for each in served if version is None or str(each.version) == version
        ]
        if not found:
            raise UnknownRecord
        self._keep("history" if version is None else "vread", found)
        return found

    def bundle(self, view_id: str) -> StoredBundle:
        """That view as a collection. UnknownRecord when it is not the caller's own."""
        if not FHIR_ID.fullmatch(view_id):
            view_id = ""
        found = self._found(
            lambda: views.read_bundle(
                self.parts.store,
                self.caller.ods_code,
                self.caller.kinds,
                view_id,
                present=self.present,
            ),
            About(view_id=view_id),
        )
        if found is None:
            raise UnknownRecord
        entry = audit.Entry(
            audit.VIEW_READ,
            self.at,
            self.caller.name,
            ods_code=found.ods_code,
            record_id=found.record_id,
            recipient_id=found.recipient_id,
            view_id=found.view_id,
            view_version=found.version,
            correlation_id=g.correlation_id,
        )
        audit.record_audit(self.parts.store, entry)
        return found

    def page(
        self,
        resource_type: str,
        asked: Conditions,
        *,
        after: str | None,
        limit: int,
    ) -> Page[StoredResource]:
        """A page of the caller's own resources of a type, oldest change first."""
        self.renew(About(patient=asked.patient, nhs_hash=asked.nhs_hash))
        return self._search(resource_type, asked, after=after, limit=limit)

    def named(self, resource_type: str, ids: Sequence[str]) -> list[StoredResource]:
        """The caller's own resources of these ids, those that are in current views."""
        if not ids:
            return []
        asked = Conditions(ids=tuple(ids))
        return list(self._search(resource_type, asked, limit=len(ids)).items)

    def keep(self, shown: Sequence[StoredResource]) -> None:
        """Write down what a search shows; an answer must not leave before this."""
        self._keep("search", shown)

    def _found(self, read: Callable[[], Found], about: About = ALL) -> Found:
        """What is read; a second time, once what it may be in was prepared again."""
        found = read()
        if not found:
            self.renew(about)
            found = read()
        return found

    def renew(self, about: About = ALL) -> None:
        """Prepare again what is no longer current; what cannot be is not shown.

        One that fails neither hides the others nor shows in the answer: an error would
        tell a silent recipient that there is something.
        """
        failed: set[str] = set()
        while True:
            stale = [
                view_id
                for view_id in views.stale_views(
                    self.parts.store,
                    self.caller.ods_code,
                    self.caller.kinds,
                    self.present,
                    about,
                    limit=VIEWS_AT_ONCE + len(failed),
                )
                if view_id not in failed
            ]
            if not stale:
                return
            for view_id in stale:
                try:
                    renew(view_id, self.parts, self.at, actor=self.caller.name)
                except NotReady:
                    raise
                except Exception as error:
                    report(error)
                    failed.add(view_id)

    def _search(
        self,
        resource_type: str,
        asked: Conditions,
        *,
        limit: int,
        after: str | None = None,
    ) -> Page[StoredResource]:
        return views.search_resources(
            self.parts.store,
            self.caller.ods_code,
            self.caller.kinds,
            resource_type,
            present=self.present,
            ids=asked.ids,
            patient=asked.patient,
            nhs_hash=asked.nhs_hash,
            status=asked.status,
            last_updated=asked.last_updated,
            after=after,
            limit=limit,
        )

    def _keep(self, interaction: str, shown: Sequence[StoredResource]) -> None:
        by_view: dict[str | None, Counter[str]] = {}
        for resource in shown:
            by_view.setdefault(resource.view_id, Counter())[resource.type] += 1
        entries = [
            self._entry(view_id, interaction, counts)
            for view_id, counts in (by_view or {None: Counter()}).items()
        ]
        audit.record_audit(self.parts.store, *entries)

    def _entry(
        self, view_id: str | None, interaction: str, counts: Counter[str]
    ) -> audit.Entry:
        detail: dict[str, Any] = {"interaction": interaction, "types": dict(counts)}
        return audit.Entry(
            audit.RESOURCES_READ,
            self.at,
            self.caller.name,
            view_id=view_id,
            correlation_id=g.correlation_id,
            detail=detail,
        )
