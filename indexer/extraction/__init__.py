"""Statements from documents that nobody has curated: unreviewed, of low certainty, every part with its span."""

from liverboard.indexer.extraction.align import Question
from liverboard.indexer.extraction.direction import answer
from liverboard.indexer.extraction.extract import extract_document, extract_text
from liverboard.indexer.extraction.records import DIRECTIONS, Direction, ExtractedStatement, Quote, Verdict

__all__ = [
    "DIRECTIONS",
    "Direction",
    "ExtractedStatement",
    "Question",
    "Quote",
    "Verdict",
    "answer",
    "extract_document",
    "extract_text",
]
