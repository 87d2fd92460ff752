"""Zips that mean harm, or are merely broken: refused, bounded, and never unpacked."""

from __future__ import annotations

import io
import struct
import zipfile

import pytest

from adapter.archive import MOST_FILES, read_archive
from adapter.errors import UnreadableRequest

LIMIT = 1_000_000


def zipped(*files: tuple[str, bytes]) -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return body.getvalue()


def refusal(body: bytes) -> str:
    with pytest.raises(UnreadableRequest) as refused:
        read_archive(body, limit=LIMIT)
    (issue,) = refused.value.issues
    assert issue.code == "E_ARCHIVE"
    return f"{issue.path}: {issue.message}"


def test_the_texts_come_by_name_without_their_mark() -> None:
    body = zipped(("risks.csv", b"\xef\xbb\xbfid\r\n1\r\n"), ("people.csv", b"id\n"))
    assert read_archive(body, limit=LIMIT) == {
        "risks.csv": "id\r\n1\r\n",
        "people.csv": "id\n",
    }


@pytest.mark.parametrize(
    "name",
    [
        "../risks.csv",
        "/etc/risks.csv",
        "folder/risks.csv",
        "..\\risks.csv",
        "C:risks.csv",
        "Jane Smith.csv",
        "risks.txt",
        ".csv",
        "a" * 80 + ".csv",
        "rísks.csv",
    ],
)
def test_a_name_that_is_more_than_a_name_is_refused_and_not_repeated(name: str) -> None:
    told = refusal(zipped(("people.csv", b"id\n"), (name, b"id\n")))
    assert told.startswith("entry 2: ")
    assert name not in told


def test_a_folder_is_no_file() -> None:
    assert "plain name" in refusal(zipped(("folder/", b"")))


def test_too_many_files_are_refused() -> None:
    files = [(f"f{number}.csv", b"") for number in range(MOST_FILES + 1)]
    assert "at most" in refusal(zipped(*files))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_stands_twice_is_refused() -> None:
    body = zipped(("risks.csv", b"id\n"), ("risks.csv", b"id\n"))
    assert "already" in refusal(body)


def test_a_bomb_is_stopped_by_its_ratio() -> None:
    body = zipped(("risks.csv", b"0" * 900_000))
    assert len(body) < 2_000
    assert "far larger" in refusal(body)


def test_what_is_too_large_together_is_refused() -> None:
    rows = b"\n".join(b"%d,%d" % (n, n * 7919 % 104_729) for n in range(60_000))
    files = [(f"f{number}.csv", rows) for number in range(3)]
    assert "together" in refusal(zipped(*files))


def test_a_size_that_lies_is_not_believed() -> None:
    content = b"".join(b"%d\n" % (n * 7919 % 1_000_003) for n in range(100_000))
    body = bytearray(zipped(("risks.csv", content)))
    # the sizes as the central directory and the local header claim them: ten bytes
    at = body.rindex(b"PK\x01\x02")
    body[at + 24 : at + 28] = struct.pack("<I", 10)
    body[22:26] = struct.pack("<I", 10)
    refusal(bytes(body))


def test_encrypted_is_refused() -> None:
    body = bytearray(zipped(("risks.csv", b"id\n")))
    body[6] |= 1
    at = body.rindex(b"PK\x01\x02")
    body[at + 8] |= 1
    assert "encrypted" in refusal(bytes(body))


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_packings_are_refused(method: int) -> None:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", method) as archive:
        archive.writestr("risks.csv", "id\n" * 100)
    assert "deflated" in refusal(body.getvalue())


def test_what_is_not_utf_8_is_refused() -> None:
    assert "UTF-8" in refusal(zipped(("risks.csv", b"\xe9\n")))


@pytest.mark.parametrize("cut", [0, 1, 20, 60, -1])
def test_what_is_cut_short_or_no_zip_at_all_is_refused(cut: int) -> None:
    body = zipped(("risks.csv", b"id\n" * 100))
    assert "not a zip" in refusal(body[:cut])


def test_damage_within_is_refused() -> None:
    body = bytearray(zipped(("risks.csv", bytes(range(32, 120)) * 50)))
    body[60] ^= 0xFF
    refusal(bytes(body))
