"""Two kinds of error: the user's (named field, rule, remedy) and ours (a bug, never swallowed)."""

from __future__ import annotations


class InputError(Exception):
    """The input cannot be used: exit status 2.

    Parameters
    ----------
    field : what was wrong, as the user wrote it (a profile path, a file name, an option)
    problem : the value and the rule that it breaks
    remedy : what would be accepted
    """

    def __init__(self, field: str, problem: str, remedy: str = "") -> None:
        self.field, self.problem, self.remedy = field, problem, remedy
        super().__init__(f"{field}: {problem}" + (f" {remedy}" if remedy else ""))


class IndexUnavailableError(Exception):
    """The index is missing or damaged and cannot be rebuilt: exit status 3."""


class CorpusError(Exception):
    """A shipped data file breaks its own rules: names file, path and rule."""
