"""Documents made readable: a terminal, plain text, Markdown or one HTML page, in English or Chinese."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping
from typing import Any

from liverboard.corpus.records import Language
from liverboard.ui.answer_blocks import answer_blocks
from liverboard.ui.blocks import Block
from liverboard.ui.explore_blocks import explanation_blocks, with_sensitivity
from liverboard.ui.listing_blocks import corpus_blocks, index_blocks, search_blocks
from liverboard.ui.render_html import to_html
from liverboard.ui.render_markdown import to_markdown
from liverboard.ui.render_text import to_text
from liverboard.ui.service import shipped_knowledge
from liverboard.ui.stage_blocks import staging_blocks
from liverboard.ui.whatif_blocks import whatif_blocks
from liverboard.ui.words import Words

PLAIN_WIDTH = 100
NARROWEST, WIDEST = 60, 132


def show(document: Mapping[str, Any], kind: str, form: str, language: Language) -> None:
    """Write a document to standard output: in colour and as wide as the terminal, or plain without one."""
    terminal = sys.stdout.isatty()
    width = max(NARROWEST, min(WIDEST, shutil.get_terminal_size().columns)) if terminal else PLAIN_WIDTH
    sys.stdout.write(render(document, kind, form, language, width=width, colour=terminal))


def render(
    document: Mapping[str, Any],
    kind: str,
    form: str,
    language: Language,
    *,
    width: int = PLAIN_WIDTH,
    colour: bool = False,
) -> str:
    """A document as text.

    Parameters
    ----------
    document
        What the command answered, in the contract's form, already in `language`.
    kind
        `recommendation`, `explanation`, `whatif`, `stage`, `search`, `index` or `corpus`.
    form
        `text` keeps what matters most; `md` and `html` hold everything, with what came from a patient or a
        document escaped; `html` is a page of its own.
    width, colour
        Columns, and whether control codes for colour are wanted; of `text` only.
    """
    blocks = _composed(document, kind, Words(shipped_knowledge(), language), full=form != "text")
    match form:
        case "text":
            return to_text(blocks, width=width, colour=colour)
        case "md":
            return to_markdown(blocks)
        case "html":
            return to_html(blocks, language=language)
    raise ValueError(f"no such form: {form}")


def _composed(document: Mapping[str, Any], kind: str, words: Words, *, full: bool) -> list[Block]:
    match kind:
        case "recommendation":
            return with_sensitivity(answer_blocks(document, words, full=full), document, words, full=full)
        case "stage":
            return staging_blocks(document, words, full=full)
        case "explanation":
            return explanation_blocks(document, words, full=full)
        case "whatif":
            return whatif_blocks(document, words, full=full)
        case "search":
            return search_blocks(document, words)
        case "index":
            return index_blocks(document, words)
        case "corpus":
            return corpus_blocks(document, words)
    raise ValueError(f"no such kind of document: {kind}")
