"""A zip that somebody sent, read as texts: bounded in every way, and never unpacked.

Nothing is written anywhere, so a name can lead nowhere; only plain names of CSV files
are taken all the same. Sizes are counted as they are read, whatever the zip says.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib

from adapter.errors import Issue, UnreadableRequest

MOST_FILES = 64
LARGEST_RATIO = 100
"""How many times its size in the zip a file may have; tables of text reach 30."""
SMALL = 65_536
"""Below this many bytes, a ratio says nothing."""
CHUNK = 65_536

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}\.csv", re.ASCII)
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def read_archive(body: bytes, *, limit: int) -> dict[str, str]:
    """The texts of the CSV files in a zip, by name.

    ``limit`` bounds all of them together, in bytes. Raises UnreadableRequest for what
    is no such zip: each issue says which entry, by its number, and never its name.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            return _read_entries(archive, limit)
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        NotImplementedError,
        RuntimeError,
        ValueError,
        OSError,
    ):
        raise _refusal("not a zip that can be read") from None


def _read_entries(archive: zipfile.ZipFile, limit: int) -> dict[str, str]:
    entries = archive.infolist()
    if len(entries) > MOST_FILES:
        raise _refusal(f"a zip holds at most {MOST_FILES} files")
    texts: dict[str, str] = {}
    room = limit
    for number, entry in enumerate(entries, 1):
        place = f"entry {number}"
        if not _NAME.fullmatch(entry.orig_filename):
            raise _refusal("must be a CSV file with a plain name, in no folder", place)
        if entry.filename in texts:
            raise _refusal("a file of this name stands here already", place)
        if entry.flag_bits & 1 or entry.compress_type not in _METHODS:
            raise _refusal("must be stored or deflated, and not encrypted", place)
        content = _read_entry(archive, entry, room)
        if content is None:
            raise _refusal(f"the files hold at most {limit} bytes together", place)
        if len(content) > max(SMALL, entry.compress_size * LARGEST_RATIO):
            raise _refusal("far larger than it says", place)
        room -= len(content)
        try:
            texts[entry.filename] = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise _refusal("must be UTF-8", place) from None
    return texts


def _read_entry(
    archive: zipfile.ZipFile, entry: zipfile.ZipInfo, room: int
) -> bytes | None:
    """The content of one file, None when there is more of it than room."""
    ratio_bound = max(SMALL, entry.compress_size * LARGEST_RATIO)
    content = bytearray()
    with archive.open(entry) as file:
        while chunk := file.read(CHUNK):
            content += chunk
            if len(content) > room:
                return None
            if len(content) > ratio_bound:
                break
    return bytes(content)


def _refusal(reason: str, place: str = "") -> UnreadableRequest:
    return UnreadableRequest(
        reason, issues=[Issue("error", "E_ARCHIVE", place, reason)]
    )
