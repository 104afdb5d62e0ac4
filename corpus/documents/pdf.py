"""PDF with a text layer, through pypdf: one page after the other, running heads and feet marked."""

from __future__ import annotations

import io
import logging
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from liverboard.corpus.documents.outline import numbered_headings, sections_between
from liverboard.corpus.documents.readable import line_spans, readable
from liverboard.corpus.documents.records import Page, Parsed, Span
from liverboard.corpus.errors import InputError

_END_OF_FILE = b"%%EOF"
_TAIL_BYTES = 2048
_PAGE_GAP = "\n"
_DOI = re.compile(r"\b10\.\d{4,9}/[^\s\"<>，。；]+[^\s\"<>.,;，。；)\]]")
_EDGE_NUMBER = re.compile(r"^\d+|\d+$")
_YEAR_IN_TITLE = re.compile(r"(?<!\d)(?:19|20)\d{2}(?!\d)")
_UNTITLED = re.compile(r"(?i)^(untitled|microsoft word|.*\.(docx?|pdf|indd|tex)$)|^\W*$")
_RESEND = "Fetch or export the file again and check that it opens in a PDF reader."


def parse_pdf(data: bytes, name: str) -> Parsed:
    """Read the text layer of a PDF.

    Parameters
    ----------
    data : bytes of the file
    name : of the file, for error messages

    Raises
    ------
    InputError
        The file is cut short or damaged, is encrypted, or has no text layer (a scan).
    """
    if _END_OF_FILE not in data[-_TAIL_BYTES:]:
        raise InputError(name, "the PDF is truncated: its end-of-file mark is missing.", _RESEND)
    with _quiet():
        texts, title = _extract(data, name)
    if not any(character.isalnum() for text in texts for character in text):
        raise InputError(name, "the PDF has no text layer: it seems to be a scan.",
                         "Run OCR on it first (for example ocrmypdf) and give the result.")
    pages, start = [], 0
    for number, text in enumerate(texts, 1):
        pages.append(Page(number=number, char_start=start))
        start += len(text) + len(_PAGE_GAP)
    whole = _PAGE_GAP.join(texts)
    furniture = _running_lines(texts, [page.char_start for page in pages])
    headings = [h for h in numbered_headings(whole) if h.span not in set(furniture)]
    first = next((line for a, b in line_spans(texts[0]) if len(line := readable(texts[0][a:b])) > 8), "")
    title = title or (first if len(first) <= 200 else None) or None
    doi = _DOI.search(texts[0])
    year = _YEAR_IN_TITLE.search(title or "")
    return Parsed(text=whole, sections=sections_between(whole, headings, pages), pages=tuple(pages),
                  furniture=furniture, title=title, year=int(year.group()) if year else None,
                  doi=doi.group() if doi else None)


def _extract(data: bytes, name: str) -> tuple[list[str], str | None]:
    """Text of every page, and the title in the file's own information."""
    from pypdf import PasswordType, PdfReader
    from pypdf.errors import DependencyError, FileNotDecryptedError

    encrypted = InputError(name, "the PDF is encrypted and asks for a password.",
                           "Save a copy without a password and give that.")
    try:
        reader = PdfReader(io.BytesIO(data), strict=False)
        if reader.is_encrypted and reader.decrypt("") == PasswordType.NOT_DECRYPTED:
            raise encrypted
        texts = [_clean(page.extract_text()) for page in reader.pages]
        title = str((reader.metadata.title if reader.metadata else None) or "").strip()
    except InputError:
        raise
    except (DependencyError, FileNotDecryptedError):
        raise encrypted from None
    except Exception as error:  # pypdf raises almost anything on a damaged file
        raise InputError(name, f"the PDF is damaged and cannot be read ({type(error).__name__}).",
                         _RESEND) from None
    if not texts:
        raise InputError(name, "the PDF is damaged: it holds no page.", _RESEND)
    return texts, None if _UNTITLED.match(title) else title


def _clean(text: str) -> str:
    """Without lone surrogates and NULs, which a broken font map yields and no database stores."""
    return text.encode("utf-8", "ignore").decode("utf-8").replace("\x00", "")


def _running_lines(texts: list[str], starts: list[int]) -> tuple[Span, ...]:
    """Spans of first and last lines that return on half of the pages, a number at either end aside."""
    if len(texts) < 3:
        return ()
    edges: list[tuple[str, Span]] = []
    for text, offset in zip(texts, starts, strict=True):
        lines = [(a, b) for a, b in line_spans(text) if text[a:b].strip()]
        for a, b in dict.fromkeys([*lines[:2], *lines[-2:]]):
            edges.append((_EDGE_NUMBER.sub("#", text[a:b].strip()), (offset + a, offset + b)))
    count = Counter(key for key, _ in edges)
    return tuple(span for key, span in edges if count[key] >= max(3, len(texts) / 2))


@contextmanager
def _quiet() -> Iterator[None]:
    """pypdf reports each oddity of a file through logging; a user gets one message or none."""
    logger = logging.getLogger("pypdf")
    before = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(before)
