"""Text built from a tree (JATS, HTML): blocks joined to one text, sections under a path of headings."""

from __future__ import annotations

from liverboard.corpus.documents.records import Section

_GAP = "\n\n"


class Blocks:
    """Collects paragraphs in reading order and knows the span of every section."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._length = 0
        self._path: list[tuple[int, str]] = []
        self._start: int | None = None
        self.sections: list[Section] = []

    @property
    def text(self) -> str:
        return "".join(self._parts)

    def heading(self, level: int, words: str) -> None:
        """Start a section at `level` (1 outermost); an empty heading changes nothing."""
        words = " ".join(words.split())
        if words:
            self.close()
            self._path = [(other, name) for other, name in self._path if other < level]
            self._path.append((level, words))
            self._append(words)

    def leave(self, level: int) -> None:
        """End every section as deep as `level` or deeper."""
        self.close()
        self._path = [(other, name) for other, name in self._path if other < level]

    def paragraph(self, words: str) -> None:
        """Add a block of text to the present section."""
        words = " ".join(words.split())
        if words:
            if self._start is None:
                self._start = self._length
            self._append(words)

    def close(self) -> None:
        """End the present section."""
        if self._start is not None:
            text = self.text[self._start : self._length - len(_GAP)]
            self.sections.append(Section(heading=tuple(name for _, name in self._path), text=text,
                                         char_start=self._start, char_end=self._start + len(text)))
        self._start = None

    def _append(self, words: str) -> None:
        self._parts.append(words + _GAP)
        self._length += len(words) + len(_GAP)
