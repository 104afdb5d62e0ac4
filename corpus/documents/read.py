"""From a path to a `Document`: looks at the bytes first, at the extension second."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path

from liverboard.corpus.documents.html import parse_html
from liverboard.corpus.documents.jats import parse_jats
from liverboard.corpus.documents.markdown import parse_markdown
from liverboard.corpus.documents.pdf import parse_pdf
from liverboard.corpus.documents.readable import guess_language
from liverboard.corpus.documents.records import Document, Format, Parsed
from liverboard.corpus.documents.text import parse_text
from liverboard.corpus.errors import InputError

EXTENSIONS: dict[str, Format] = {
    ".pdf": "pdf", ".xml": "jats", ".nxml": "jats", ".html": "html", ".htm": "html", ".xhtml": "html",
    ".md": "markdown", ".markdown": "markdown", ".txt": "text", ".text": "text",
}
_ACCEPTED = "Accepted are " + ", ".join(EXTENSIONS) + "."
_HTML_START = re.compile(rb"(?is)^\s*(<\?xml[^>]*\?>)?\s*(<!--.*?-->\s*)*(<!doctype\s+html|<html[\s>])")
_XML_START = re.compile(rb"^\s*(<\?xml\s|<!DOCTYPE\s+(article|pmc-articleset)[\s>]|<pmc-articleset[\s>])")
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_CONTROL = bytes(set(range(32)) - {9, 10, 12, 13, 27}) + b"\x7f"
_MAX_CONTROL_SHARE = 0.002
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d{2}(?!\d)")


def read_document(path: str | Path) -> Document:
    """Read one file of the user's.

    Returns
    -------
    The document, whose sections point into its text by character.

    Raises
    ------
    InputError
        The path cannot be read; the extension is not known; the file is empty, binary, damaged, encrypted
        or holds no text. Names the file and the remedy.
    """
    path = Path(path)
    name = path.name or str(path)
    data = _bytes_of(path, name)
    format = _format_of(path, data, name)
    parsed = _parse(format, data, name)
    if not any(character.isalnum() for section in parsed.sections for character in section.text):
        raise InputError(name, "the file holds no text.", "Give a file with something to read in it.")
    sha256 = hashlib.sha256(data).hexdigest()
    title = parsed.title or path.stem
    year = parsed.year or _year_in(title)
    return Document(
        **{**parsed.model_dump(), "title": title, "year": year,
           "language": parsed.language or guess_language(parsed.text)},
        id=_identifier(path.stem, sha256), file_name=path.name, format=format, sha256=sha256,
    )


def read_documents(paths: Iterable[str | Path]) -> list[Document]:
    """Read every file, and every file of a known kind below every folder; one bad file refuses all."""
    return [read_document(path) for path in find_documents(paths)]


def find_documents(paths: Iterable[str | Path]) -> list[Path]:
    """Files to read: each path that is a file, and every file of a known kind below each folder, sorted.

    Raises
    ------
    InputError
        A path does not exist, or a folder holds nothing that can be read.
    """
    found: list[Path] = []
    for path in map(Path, paths):
        if path.is_dir():
            inside = sorted(p for p in path.rglob("*") if p.suffix.lower() in EXTENSIONS and p.is_file()
                            and not any(part.startswith(".") for part in p.relative_to(path).parts))
            if not inside:
                raise InputError(str(path), "the folder holds no document.", _ACCEPTED)
            found += inside
        elif path.exists():
            found.append(path)
        else:
            raise InputError(str(path), "there is no such file or folder.", "Check the path.")
    return list(dict.fromkeys(found))


def _bytes_of(path: Path, name: str) -> bytes:
    if not path.exists():
        raise InputError(str(path), "there is no such file.", "Check the path.")
    if path.is_dir():
        raise InputError(str(path), "this is a folder, not a document.", "Name the files in it.")
    if path.suffix.lower() not in EXTENSIONS:
        kind = f"the kind {path.suffix!r}" if path.suffix else "no stated kind (no extension)"
        raise InputError(name, f"files of {kind} cannot be read.", _ACCEPTED)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(str(path), f"the file cannot be opened ({error.strerror}).",
                         "Check its permissions.") from None
    if not data.strip():
        raise InputError(name, "the file is empty.", "Give a file with something to read in it.")
    return data


def _format_of(path: Path, data: bytes, name: str) -> Format:
    """What the bytes say, where they say it clearly; else what the extension says."""
    stated = EXTENSIONS[path.suffix.lower()]
    if data[:1024].lstrip().startswith(b"%PDF-"):
        return "pdf"
    if stated == "pdf":
        raise InputError(name, "the file is named .pdf but is not a PDF: its %PDF header is missing.",
                         "Give the PDF itself, or name the file for what it is. " + _ACCEPTED)
    head = data[:4096].removeprefix(b"\xef\xbb\xbf")
    if _is_binary(data):
        raise InputError(name, f"the file is named {path.suffix} but holds binary data, not text.",
                         "Give the text itself. " + _ACCEPTED)
    if _HTML_START.match(head):
        return "html"
    if _XML_START.match(head):
        return "jats"
    return stated


def _is_binary(data: bytes) -> bool:
    if data.startswith(_UTF16):
        return False
    sample = data[:65_536]
    control = len(sample) - len(sample.translate(None, _CONTROL))
    return b"\x00" in sample or control > _MAX_CONTROL_SHARE * len(sample)


def _parse(format: Format, data: bytes, name: str) -> Parsed:
    if format == "pdf":
        return parse_pdf(data, name)
    if format == "jats":
        return parse_jats(data, name)
    text = _decode(data, name)
    return {"html": parse_html, "markdown": parse_markdown, "text": parse_text}[format](text)


def _decode(data: bytes, name: str) -> str:
    """UTF-8 if it is that; otherwise the most plausible encoding (GB 18030 for older Chinese files)."""
    for encoding in ("utf-8-sig", *(("utf-16",) if data.startswith(_UTF16) else ())):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    from charset_normalizer import from_bytes

    best = from_bytes(data).best()
    if best is None:
        raise InputError(name, "the file is not text in any encoding that could be recognised.",
                         "Save it as UTF-8 text.")
    return str(best)


def _identifier(stem: str, sha256: str) -> str:
    slug = re.sub(r"[^a-z0-9]+", "_", stem.lower()).strip("_")[:40].strip("_")
    return "_".join(part for part in (slug or "document", sha256[:10]) if part)


def _year_in(title: str) -> int | None:
    match = _YEAR.search(title)
    return int(match.group()) if match else None
