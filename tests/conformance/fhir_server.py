"""A receiving FHIR server that nobody here wrote: HAPI FHIR's, from Maven Central.

Built once into the user's cache folder, and built anew when what it is made of changes.
It takes most of a minute to start and about a GiB while it runs. ``FHIR_SERVER_URL``
names one that runs already, to be used instead.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

HERE = Path(__file__).resolve().parent
SOURCES = (HERE / "fhir_server_pom.xml", HERE / "FhirServer.java")

_LOGGING = """\
<configuration>
  <appender name="E" class="ch.qos.logback.core.ConsoleAppender">
    <target>System.err</target>
    <encoder><pattern>%d{HH:mm:ss} %level %logger{20} %msg%n</pattern></encoder>
  </appender>
  <root level="WARN"><appender-ref ref="E"/></root>
</configuration>
"""


def build() -> Path:
    """The folder that holds the program and its libraries, built when it has to be.

    Raises CalledProcessError, with what the tool wrote, when building fails.
    """
    stamp = hashlib.sha256(b"\0".join(each.read_bytes() for each in SOURCES))
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    home = cache / "transition-adapter" / f"fhir-server-{stamp.hexdigest()[:12]}"
    if (home / "complete").exists():
        return home
    classes = home / "classes"
    classes.mkdir(parents=True, exist_ok=True)
    pom, program = map(str, SOURCES)
    run: dict[str, Any] = {"check": True, "capture_output": True, "text": True}
    goal = ["dependency:copy-dependencies", f"-DoutputDirectory={home / 'lib'}"]
    narrow = ["-DincludeScope=runtime", "-Denforcer.skip=true"]
    subprocess.run(["mvn", "-B", "-q", "-f", pom, *narrow, *goal], **run)
    command = ["javac", "-nowarn", "-cp", f"{home / 'lib'}/*", "-d", str(classes)]
    subprocess.run([*command, program], **run)
    (classes / "logback.xml").write_text(_LOGGING, encoding="utf-8")
    (home / "complete").touch()
    return home


@contextmanager
def running(log: Path) -> Iterator[str]:
    """The address of a server of its own, empty, ended when the block is left.

    Raises RuntimeError when it ends instead of answering; ``log`` then says why.
    """
    given = os.environ.get("FHIR_SERVER_URL")
    if given:
        yield given.rstrip("/")
        return
    home = build()
    command = ["java", "-Xmx2g", "-XX:+UseSerialGC", "-Duser.timezone=UTC"]
    # Otherwise HAPI throws dice for how many connections its database has.
    command += ["-Dunlimited_db_connection=true"]
    command += ["-cp", f"{home / 'classes'}:{home / 'lib'}/*", "FhirServer"]
    with log.open("wb") as errors:
        program = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    try:
        yield f"http://127.0.0.1:{_port_of(program)}/fhir"
    finally:
        assert program.stdin is not None
        program.stdin.close()
        try:
            program.wait(timeout=20)
        except subprocess.TimeoutExpired:
            program.kill()
            program.wait()


def _port_of(program: subprocess.Popen[str]) -> int:
    assert program.stdout is not None
    for line in program.stdout:
        word, _, port = line.strip().partition(" ")
        if word == "port":
            return int(port)
    raise RuntimeError("the FHIR server ended before it answered")


class FhirServer:
    """The running server as a test asks it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.session = requests.Session()
        self.session.trust_env = False

    def send(self, method: str, path: str, resource: Any = None) -> requests.Response:
        """Its answer to a request; the path is below its address."""
        return self.session.request(
            method,
            f"{self.url}/{path}".rstrip("/"),
            json=resource,
            headers={"Content-Type": "application/fhir+json"},
            timeout=120,
        )

    def keep(self, resource: dict[str, Any]) -> dict[str, Any]:
        """A resource of its own, as it now holds it."""
        answer = self.send("POST", resource["resourceType"], resource)
        assert answer.status_code == 201, answer.text
        kept: dict[str, Any] = answer.json()
        return kept

    def read(self, kind: str, name: str) -> dict[str, Any]:
        answer = self.send("GET", f"{kind}/{name}")
        assert answer.status_code == 200, answer.text
        read: dict[str, Any] = answer.json()
        return read

    def find(self, kind: str, **parameters: str) -> list[dict[str, Any]]:
        """Every resource that a search finds, as it stands now."""
        answer = self.session.get(
            f"{self.url}/{kind}",
            params={**parameters, "_count": "500"},
            # What another search found a moment ago is not to be given again.
            headers={"Cache-Control": "no-cache"},
            timeout=120,
        )
        assert answer.status_code == 200, answer.text
        return [
            entry["resource"]
            for entry in answer.json().get("entry", [])
            if entry["resource"]["resourceType"] == kind
        ]
