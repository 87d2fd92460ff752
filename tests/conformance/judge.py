"""The HL7 validator as a test asks it: built once, kept running, one line a question.

What is built lies in the user's cache folder and is built anew when the program or its
dependencies change. Nothing here knows what a bundle of ours looks like.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
TOOLS = ("java", "javac", "mvn")


@dataclass(frozen=True)
class Finding:
    """One thing the judge says; ``place`` is the element without ids and indices."""

    severity: str
    id: str
    place: str
    message: str


def missing_tools() -> list[str]:
    """What of the JDK and Maven is not installed here."""
    return [tool for tool in TOOLS if shutil.which(tool) is None]


def build() -> Path:
    """The folder that holds the program and its libraries, built when it has to be.

    Raises CalledProcessError, with what the tool wrote, when building fails.
    """
    sources = [HERE / "pom.xml", HERE / "BundleJudge.java"]
    stamp = hashlib.sha256(b"\0".join(each.read_bytes() for each in sources))
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    home = cache / "transition-adapter" / f"judge-{stamp.hexdigest()[:12]}"
    if (home / "complete").exists():
        return home
    home.mkdir(parents=True, exist_ok=True)
    run = {"check": True, "capture_output": True, "text": True}
    goal = ["dependency:copy-dependencies", f"-DoutputDirectory={home / 'lib'}"]
    subprocess.run(["mvn", "-B", "-q", "-f", str(HERE / "pom.xml"), *goal], **run)
    subprocess.run(
        ["javac", "-nowarn", "-cp", f"{home / 'lib'}/*", "-d", str(home / "classes")]
        + [str(HERE / "BundleJudge.java")],
        **run,
    )
    (home / "complete").touch()
    return home


class Judge:
    """The running validator; ``unread`` are definitions that it could not use."""

    def __init__(
        self,
        home: Path,
        definitions: Sequence[Path],
        codes: Mapping[str, Mapping[str, str]],
    ) -> None:
        command = ["java", "-Xmx2g", "-XX:+UseSerialGC", "-Duser.timezone=UTC"]
        command += ["-cp", f"{home / 'classes'}:{home / 'lib'}/*", "BundleJudge"]
        self._program = subprocess.Popen(
            [*command, *map(str, definitions)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
        )
        self.unread: list[str] = self._ask(codes)["unread"]

    def _ask(self, question: Any) -> Any:
        assert self._program.stdin is not None
        assert self._program.stdout is not None
        self._program.stdin.write(json.dumps(question) + "\n")
        self._program.stdin.flush()
        return json.loads(self._program.stdout.readline())

    def findings(self, resource: Mapping[str, Any]) -> list[Finding]:
        """What the validator finds in a resource, mere information left out."""
        return [
            Finding(
                issue["severity"],
                issue["id"] or "",
                _place(issue["location"] or ""),
                _IDS.sub("…", issue["message"]),
            )
            for issue in self._ask(resource)["issues"]
        ]

    def close(self) -> None:
        assert self._program.stdin is not None
        assert self._program.stdout is not None
        self._program.stdin.close()
        self._program.stdout.close()
        self._program.wait(timeout=30)


_IDS = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|@[0-9a-f]{6,8}\b")
_IN_ENTRY = re.compile(r"Bundle\.entry\[\d+\]\.resource/\*(\w+)/[^*]*\*/")


def _place(location: str) -> str:
    return re.sub(r"\[\d+\]", "", _IN_ENTRY.sub(r"\1", location)).rstrip(".")
