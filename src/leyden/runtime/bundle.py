"""Many files in one, with a page that says what they are and a checksum of each; whole or not at all."""

import hashlib
import json
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any, Literal

from leyden import __version__
from leyden.history.durable import publish, temporary
from leyden.model.errors import LeydenError
from leyden.model.words import Words

FORMAT = 1
"""Counts up with every change that an older Leyden could not read."""
PAGE = "bundle.json"
Kind = Literal["doctor", "backup"]
_PIECE = 1 << 20


class BundleError(LeydenError):
    """A bundle that is none, is damaged, or is of another kind; `words` say which."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.words = Words(zh, en)


class Packing:
    """A bundle in the making."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self.members: dict[str, dict[str, Any]] = {}

    def add(self, name: str, content: bytes) -> None:
        """A small file."""
        self._archive.writestr(name, content, zipfile.ZIP_DEFLATED)
        self.members[name] = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}

    def add_json(self, name: str, document: Any) -> None:
        """A document."""
        self.add(name, json.dumps(document, ensure_ascii=False, indent=1, default=str).encode())

    def add_file(self, name: str, path: Path, packed: bool = False) -> None:
        """A file as it is; `packed` ones are not worth compressing again."""
        info = zipfile.ZipInfo.from_file(path, name, strict_timestamps=False)
        info.compress_type = zipfile.ZIP_STORED if packed else zipfile.ZIP_DEFLATED
        digest, size = hashlib.sha256(), 0
        with path.open("rb") as source, self._archive.open(info, "w", force_zip64=True) as target:
            while piece := source.read(_PIECE):
                digest.update(piece)
                size += len(piece)
                target.write(piece)
        self.members[name] = {"bytes": size, "sha256": digest.hexdigest()}


@contextmanager
def packing(target: Path, kind: Kind, about: Mapping[str, Any]) -> Iterator[Packing]:
    """Write a bundle that only its owner may read; `about` stands in its page. An error leaves nothing behind."""
    part = temporary(target)
    try:
        part.touch(0o600)
        with zipfile.ZipFile(part, "w", allowZip64=True, compresslevel=1) as archive:
            made = Packing(archive)
            yield made
            page = {"format": FORMAT, "kind": kind, "leyden": __version__, **about, "members": made.members}
            archive.writestr(PAGE, json.dumps(page, ensure_ascii=False, indent=1), zipfile.ZIP_DEFLATED)
        publish(target)
    finally:
        part.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class Bundle:
    """An open bundle, whose page has been read."""

    path: Path
    page: Mapping[str, Any]
    _archive: zipfile.ZipFile

    @property
    def names(self) -> list[str]:
        """Its members, without the page."""
        return list(self.page["members"])

    def read(self, name: str) -> bytes:
        """One member, checked. Raises BundleError."""
        with self._checked(name) as pieces:
            return b"".join(pieces)

    def extract(self, name: str, target: Path) -> None:
        """One member into a new file, checked. Raises BundleError."""
        target.parent.mkdir(parents=True, exist_ok=True)
        with self._checked(name) as pieces, target.open("xb") as file:
            for piece in pieces:
                file.write(piece)

    @contextmanager
    def _checked(self, name: str) -> Iterator[Iterator[bytes]]:
        told, digest = self.page["members"].get(name), hashlib.sha256()
        if told is None:
            raise BundleError(f"{self.path} 中没有 {name}", f"{self.path} has no {name}")

        def pieces(source: IO[bytes]) -> Iterator[bytes]:
            while piece := source.read(_PIECE):
                digest.update(piece)
                yield piece

        try:
            with self._archive.open(name) as source:
                yield pieces(source)
        except (zipfile.BadZipFile, KeyError, EOFError, OSError) as error:
            if isinstance(error, OSError) and not isinstance(error, zipfile.BadZipFile | EOFError):
                raise
            raise _damaged(self.path, name) from None
        if digest.hexdigest() != told["sha256"]:
            raise _damaged(self.path, name)


@contextmanager
def opened(path: Path, kind: Kind) -> Iterator[Bundle]:
    """Open a bundle of this kind. Raises BundleError, and OSError where it is not there."""
    try:
        archive = zipfile.ZipFile(path)
    except zipfile.BadZipFile:
        raise BundleError(f"{path} 不是完整的 zip 文件", f"{path} is no zip file, or not a whole one") from None
    with archive:
        try:
            page = json.loads(archive.read(PAGE))
            found, number, members = page["kind"], int(page["format"]), page["members"]
        except (KeyError, ValueError, TypeError, zipfile.BadZipFile):
            raise BundleError(f"{path} 不是 Leyden 的文件包", f"{path} is no bundle of Leyden's") from None
        if found != kind:
            raise BundleError(f"{path} 是 {found} 包,不是 {kind} 包", f"{path} is a {found} bundle and no {kind}")
        if number > FORMAT:
            raise BundleError(
                f"{path} 由更新的版本 {page.get('leyden')} 写成:先升级 Leyden",
                f"{path} was written by a newer Leyden ({page.get('leyden')}): upgrade first",
            )
        for name in members:
            if not _is_plain(name):
                raise BundleError(f"{path} 含有非法路径 {name!r}", f"{path} holds a forbidden path {name!r}")
        yield Bundle(path, page, archive)


def _is_plain(name: str) -> bool:
    """Whether it stays within the folder it is unpacked into."""
    parts = PurePosixPath(name).parts
    return bool(parts) and not name.startswith("/") and ".." not in parts and "\\" not in name and ":" not in name


def _damaged(path: Path, name: str) -> BundleError:
    return BundleError(f"{path} 已损坏:{name} 校验不符", f"{path} is damaged: the checksum of {name} is wrong")
