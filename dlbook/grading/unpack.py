"""Files on the disk and in zips: what a file is called, when it came, and its bytes, within limits.

A zip is read in pieces and never trusted: not its sizes, its paths, its links nor its times where a student packed it.
"""

import contextlib
import datetime
import functools
import pathlib
import re
import stat
import struct
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from dlbook.check.page import PageError
from dlbook.language import say

MOST_RATIO = 200
"""How many times smaller a packed notebook of more than 10 MB may be."""

_RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True)
class File:
    """A file on the disk or in a zip; parts : its path below the student's place; read : its bytes, up to a limit."""

    parts: tuple[str, ...]
    path: pathlib.Path
    arrived: str = ""
    read: Callable[[int], bytes] = lambda limit: b""
    fault: str = ""

    @property
    def name(self) -> str:
        return spelt(self.parts[-1])


@dataclass
class Budget:
    """Bytes that may still be unpacked from a zip."""

    left: int
    most: int = field(init=False)

    def __post_init__(self):
        self.most = self.left


def spelt(name: str) -> str:
    """A name as text: bytes that are no UTF-8 and signs that cannot be printed are spelt out, so that two names stay
    two."""
    text = name.encode("utf8", "surrogateescape").decode("utf8", "backslashreplace")
    return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in text)


def iso(seconds: float) -> str:
    """Seconds since 1970 as ISO 8601 in UTC."""
    return datetime.datetime.fromtimestamp(int(seconds), datetime.UTC).isoformat()


def within(content: bytes, limit: int, name: str) -> bytes:
    """The bytes, where they are not too many.  Raises PageError."""
    if len(content) > limit:
        raise PageError(say("{path} is larger than {limit} MB.", path=spelt(name), limit=limit // 1_000_000))
    return content


def count_of_members(content: bytes) -> int:
    """How many members a zip claims to have, at least, before anything parses it."""
    return content.count(b"PK\x01\x02")


def members(
    archive: zipfile.ZipFile,
    path: pathlib.Path,
    budget: Budget,
    size: int,
    arrived: str | None = None,
    zone: datetime.tzinfo = datetime.UTC,
) -> Iterator[File]:
    """The files of a zip, without what macOS and Jupyter put beside them.

    path : of the zip; size : its bytes; arrived : of a student's zip, whose own times are what the student's computer
    wrote; zone : of the times that do not say it.
    """
    for info in archive.infolist():
        if info.is_dir():
            continue
        name = _name_in_zip(info)
        parts = tuple(part for part in re.split(r"[/\\]", name) if part != ".") or ("_",)
        if any(part.startswith((".", "__MACOSX")) and part != ".." for part in parts):
            continue
        where = path.joinpath(*(spelt(part) for part in parts if part not in ("", "..")))
        read = functools.partial(_unpacked, archive, info, budget, size)
        when = _time_in_zip(info, zone) if arrived is None else arrived
        yield File(parts, where, when, read, _fault(info, name, parts))


def _name_in_zip(info):
    """Its name; zipfile reads one without the mark of UTF-8 as the code page of DOS, though it is often UTF-8 too."""
    name = info.orig_filename
    if not info.flag_bits & 0x800:
        with contextlib.suppress(UnicodeError):
            return name.encode("cp437").decode("utf8")
    return name


def _time_in_zip(info, zone):
    extra = info.extra
    while len(extra) >= 4:
        kind, size = struct.unpack("<HH", extra[:4])
        if kind == 0x5455 and size >= 5 and len(extra) >= 9 and extra[4] & 1:
            return iso(struct.unpack("<i", extra[5:9])[0])
        extra = extra[4 + size :]
    try:
        return datetime.datetime(*info.date_time, tzinfo=zone).astimezone(datetime.UTC).isoformat()
    except (ValueError, OverflowError):
        return ""


def _fault(info, name, parts):
    """Why a member is not read."""
    unsafe = (
        "\0" in name
        or len(name) > 1000
        or any(part in ("", "..") or len(part) > 255 or _RESERVED.fullmatch(part) for part in parts)
        or re.match(r"[A-Za-z]:", name)
    )
    if unsafe:
        return say("{path} has a path that no notebook of the course has.", path=spelt(name[-100:]))
    if stat.S_ISLNK(info.external_attr >> 16):
        return say("{path} is a link: only files are read.", path=spelt(parts[-1]))
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or info.flag_bits & 1:
        return say("{path} is packed in a way that is not read: make an ordinary zip.", path=spelt(parts[-1]))
    return ""


def _unpacked(archive, info, budget, size, limit):
    """A member's bytes, in pieces, whatever its header says of their number."""
    content, packed = bytearray(), max(1, min(info.compress_size, size))
    name = info.filename.rpartition("/")[2]
    try:
        with archive.open(info) as file:
            while piece := file.read(1 << 20):
                content += piece
                budget.left -= len(piece)
                within(content, limit, name)
                if budget.left < 0:
                    raise PageError(say("{path} is larger than {limit} MB.", path=name, limit=budget.most // 1_000_000))
                if len(content) > max(10_000_000, MOST_RATIO * packed):
                    raise PageError(say("{path} unpacks to more than {ratio} times.", path=name, ratio=MOST_RATIO))
    except PageError:
        raise
    except Exception:
        raise PageError(say("{path} is no whole zip file.", path=spelt(name))) from None
    return bytes(content)
