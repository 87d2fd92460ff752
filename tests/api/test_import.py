"""Many records from a file: each taken in, each told of, none in another's way."""

from __future__ import annotations

import gzip
import io
import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from api_house import FIXTURES, NOW, House
from exports import shipped_source

from adapter.errors import Conflict, UnreadableRequest
from adapter.generate import generate_many
from adapter.importing.lines import Line, read_lines, read_zips
from adapter.importing.report import Report
from adapter.importing.run import Counts, import_records
from adapter.store.records import record_history

LIMIT = 200_000


def ndjson(*records: Any) -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def lines_of(content: bytes, limit: int = LIMIT) -> list[Line]:
    file = io.BufferedReader(io.BytesIO(content))  # type: ignore[arg-type]
    return list(read_lines(file, limit))


def take_in(house: House, content: bytes, report: Path, **how: Any) -> Counts:
    with Report(report) as told:
        lines = iter(lines_of(content))
        return import_records(lines, told, house.parts, **how)


def entries(report: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in report.read_text().splitlines()]


@pytest.fixture(scope="module")
def six() -> list[dict[str, Any]]:
    return list(generate_many(5, 6, now=NOW))


def test_each_record_is_taken_in_and_has_its_line(
    house: House, tmp_path: Path, six: list[dict[str, Any]]
) -> None:
    content = ndjson(*six[:3], {"not": "a record"}) + b"not json\n\n" + ndjson(six[3])
    counts = take_in(house, content, tmp_path / "report")
    assert counts.by_status == {"accepted": 4, "repeated": 0, "refused": 2, "failed": 0}
    told = entries(tmp_path / "report")
    assert [each["line"] for each in told] == [1, 2, 3, 4, 5, 7]
    assert [each["status"] for each in told].count("refused") == 2
    assert told[4]["issues"][0]["code"] == "E_JSON"
    for record in six[:4]:
        ods_code = record["source_system"]["ods_code"]
        assert record_history(house.parts.store, ods_code, record["record_id"])


def test_it_goes_on_where_it_was_stopped(
    house: House, tmp_path: Path, six: list[dict[str, Any]]
) -> None:
    report = tmp_path / "report"
    take_in(house, ndjson(*six[:2]), report)
    with report.open("ab") as file:
        file.write(b'{"line":3,"digest":"12')  # a kill in the middle of a line
    counts = take_in(house, ndjson(*six), report)
    assert counts.by_status["accepted"] == 4
    assert [each["line"] for each in entries(report)] == [1, 2, 3, 4, 5, 6]
    assert take_in(house, ndjson(*six), report).read == 0


def test_what_was_taken_in_and_not_told_of_is_found_to_be_held(
    house: House, tmp_path: Path, six: list[dict[str, Any]]
) -> None:
    take_in(house, ndjson(*six[:2]), tmp_path / "first")
    counts = take_in(house, ndjson(*six[:3]), tmp_path / "second")
    assert counts.by_status == {"accepted": 1, "repeated": 2, "refused": 0, "failed": 0}


def test_the_report_of_another_file_is_refused(
    house: House, tmp_path: Path, six: list[dict[str, Any]]
) -> None:
    take_in(house, ndjson(*six[:2]), tmp_path / "report")
    with pytest.raises(Conflict, match="another file"):
        take_in(house, ndjson(six[1], six[0]), tmp_path / "report")


@pytest.mark.parametrize("content", ['{"a": 1}', '{"a": 1}\n', "words\nwords\n"])
def test_what_is_no_report_is_left_as_it_is(tmp_path: Path, content: str) -> None:
    path = tmp_path / "precious"
    path.write_text(content)
    with pytest.raises(Conflict):
        Report(path)
    assert path.read_text() == content


def test_a_caller_imports_its_own_records_alone(
    house: House, tmp_path: Path, six: list[dict[str, Any]]
) -> None:
    counts = take_in(house, ndjson(six[0]), tmp_path / "report", ods_code="ZZ9X9")
    assert counts.by_status["refused"] == 1
    assert entries(tmp_path / "report")[0]["issues"][0]["code"] == "NotPermitted"


def test_an_older_version_is_told_of_and_not_in_the_way(
    house: House, tmp_path: Path, six: list[dict[str, Any]]
) -> None:
    newer = {**six[0], "record_version": 9}
    older = {**six[0], "record_version": 8}
    newer.pop("supersedes", None)
    older.pop("supersedes", None)
    counts = take_in(house, ndjson(newer, older, six[1]), tmp_path / "report")
    assert counts.by_status == {"accepted": 2, "repeated": 0, "refused": 1, "failed": 0}


class Faulty:
    """A mapping with a fault of its own when it is asked for the second time."""

    version = "faulty-1"

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        self.asked = 0

    def apply(self, context: Any, shared: Any = None) -> Any:
        self.asked += 1
        if self.asked == 2:
            raise RuntimeError(str(context))
        return self.inner.apply(context, shared)


def test_a_fault_of_the_adapter_in_one_record_keeps_no_other_out(
    house: House,
    tmp_path: Path,
    six: list[dict[str, Any]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    mapping = Faulty(house.parts.tools.mapping)
    tools = replace(house.parts.tools, mapping=mapping)  # type: ignore[arg-type]
    parts = replace(house.parts, tools=tools)
    report = tmp_path / "report"
    with Report(report) as told:
        counts = import_records(iter(lines_of(ndjson(*six))), told, parts)
    assert counts.by_status == {"accepted": 5, "repeated": 0, "refused": 0, "failed": 1}
    assert not counts.all_taken
    assert [each["status"] for each in entries(report)].count("failed") == 1
    written = capsys.readouterr()
    assert "RuntimeError" in written.out + written.err
    for record in six:
        family = record["young_person"]["names"][0].get("family", "Testley")
        assert family not in report.read_text() + written.out + written.err


def test_a_line_that_is_too_long_is_refused_and_passed_over() -> None:
    small = b'{"a":1}\n'
    found = lines_of(small + b"x" * 500_000 + b"\n" + small, limit=1_000)
    assert [(line.number, line.body) for line in found] == [
        (1, b'{"a":1}'),
        (2, None),
        (3, b'{"a":1}'),
    ]
    edge = b"y" * 1_000
    assert lines_of(edge + b"\r\n", limit=1_000)[0].body == edge
    assert lines_of(edge + b"y\n", limit=1_000)[0].body is None


def test_gzip_is_read_as_it_comes_and_broken_gzip_told_of() -> None:
    content = ndjson({"a": 1}, {"b": 2})
    assert lines_of(gzip.compress(content)) == lines_of(content)
    for broken in (gzip.compress(content)[:-9], gzip.compress(content)[:20] + b"xx"):
        with pytest.raises(UnreadableRequest):
            lines_of(broken)


def test_a_gzip_bomb_costs_no_more_than_a_line() -> None:
    bomb = gzip.compress(b"0" * 30_000_000)
    (line,) = lines_of(bomb, limit=1_000)
    assert line.body is None


def test_suppliers_exports_are_imported_too(house: House, tmp_path: Path) -> None:
    folder = FIXTURES / "supplier-invented-quill"
    cases = sorted(folder.glob("*.json"))
    content = ndjson(*(json.loads(path.read_text()) for path in cases))
    quill = shipped_source("invented-quill")
    counts = take_in(house, content, tmp_path / "report", source=quill)
    assert counts.by_status["accepted"] == 4
    zips = tmp_path / "zips"
    zips.mkdir()
    for case in cases:
        tables = FIXTURES / "supplier-invented-tarn" / case.stem
        with zipfile.ZipFile(zips / f"{case.stem}.zip", "w") as archive:
            for path in tables.glob("*.csv"):
                archive.write(path, path.name)
    tarn = shipped_source("invented-tarn")
    with Report(tmp_path / "tables") as told:
        lines = read_zips(zips, LIMIT)
        counts = import_records(lines, told, house.parts, source=tarn)
    assert counts.by_status["repeated"] == 4, entries(tmp_path / "tables")


def test_a_kill_loses_nothing_and_tells_everything_once(
    tmp_path: Path, six: list[dict[str, Any]]
) -> None:
    file = tmp_path / "records.ndjson"
    file.write_bytes(ndjson(*generate_many(6, 60, now=NOW)))
    report = tmp_path / "records.ndjson.report.ndjson"
    environ = {**os.environ, "DATABASE_URL": f"sqlite:///{tmp_path}/store.db"}
    command = [sys.executable, "-m", "adapter"]
    subprocess.run([*command, "migrate"], env=environ, check=True, capture_output=True)
    importing = subprocess.Popen(
        [*command, "import", str(file)], env=environ, stdout=subprocess.DEVNULL
    )
    waited = time.monotonic()
    while not report.exists() or report.read_bytes().count(b"\n") < 5:
        assert time.monotonic() - waited < 60
        time.sleep(0.01)
    importing.send_signal(signal.SIGKILL)
    importing.wait()
    before = report.read_bytes().count(b"\n")
    again = subprocess.run(
        [*command, "import", str(file)], env=environ, capture_output=True, check=False
    )
    told = entries(report)
    assert [each["line"] for each in told] == list(range(1, 61))
    summary = json.loads(again.stdout)
    assert summary["read"] == 60 - before
    assert not [each for each in told if each["status"] == "refused"]
    assert again.returncode == 0
