"""The snippets of docs/how-to/post-a-record.md, run as they stand against a server."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "post-a-record.md"
TYPE = "inpatient_cyp_to_adult_community"


def snippet(language: str, *words: str) -> str:
    """The one block of that language that holds these words."""
    blocks = re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text(), re.S | re.M)
    (found,) = (block for block in blocks if all(word in block for word in words))
    return str(found)


def adapter(*arguments: str) -> str:
    command = [sys.executable, "-m", "adapter", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


COMPILED = "mcs -r:System.Net.Http.dll PostRecord.cs && mono PostRecord.exe"

SNIPPETS = {
    "curl": ("sh", ["curl --silent"], "post.sh", ["sh", "post.sh"]),
    "python": ("python", [], "post.py", [sys.executable, "post.py"]),
    "java": ("java", [], "PostRecord.java", ["java", "PostRecord.java"]),
    "mcs": ("csharp", [], "PostRecord.cs", ["sh", "-c", COMPILED]),
}


def run(name: str, folder: Path, environ: dict[str, str]) -> Any:
    language, words, file, command = SNIPPETS[name]
    (folder / file).write_text(snippet(language, *words))
    return subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        timeout=60,
    )


def tools() -> list[str]:
    """The snippets whose tool this machine has."""
    return [name for name in SNIPPETS if name == "python" or shutil.which(name)]


def test_each_snippet_posts_a_template_and_tells_how_to_mend_a_refusal(
    start: Callable[..., Any], tmp_path: Path
) -> None:
    made = json.loads(adapter("token"))
    caller = {"name": "our-ehr", "role": "sender", "ods_code": "ZZ9A1"}
    caller["token_sha256"] = made["token_sha256"]
    callers = tmp_path / "callers.yaml"
    callers.write_text(json.dumps({"callers": [caller]}))
    service = start("--web-only", CALLERS_FILE=str(callers))
    record = json.loads(adapter("template", "--type", TYPE, "--minimal"))
    assert service.is_ready()
    environ = {"ADAPTER_URL": service.url, "TOKEN": made["token"]}
    for name in tools():
        record["record_id"] = f"tr-{name}"
        (tmp_path / "record.json").write_text(json.dumps(record))
        taken = run(name, tmp_path, environ)
        assert taken.returncode == 0, (name, taken.stderr)
        assert "202" in taken.stdout, name
        assert '"accepted_at"' in taken.stdout, name
        damaged = {**record, "record_version": 2, "clinical_essentials": None}
        (tmp_path / "record.json").write_text(json.dumps(damaged))
        refused = run(name, tmp_path, environ)
        assert refused.returncode != 0, name
        assert "422" in refused.stdout, name
        assert "how_to_mend" in refused.stdout, name


def test_every_language_has_its_snippet() -> None:
    for language in ("sh", "python", "java", "csharp"):
        assert snippet(language, "record.json", "/records", "Bearer")
    assert "python" in tools()
