"""Why, why not, what if: questions about an answer, answered by running the engine again."""

from liverboard.recommender.explore.changes import parse_changes
from liverboard.recommender.explore.compare import what_if
from liverboard.recommender.explore.engine import Engine
from liverboard.recommender.explore.sensitivity import sensitivity
from liverboard.recommender.explore.why import explain

__all__ = ["Engine", "explain", "parse_changes", "sensitivity", "what_if"]
