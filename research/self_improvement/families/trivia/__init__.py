"""Questions and answers about pages: texts of one's own, Wikipedia, or pages written with facts that are known."""

from research.self_improvement.families.trivia.sources import read_pages
from research.self_improvement.families.trivia.trivia import LexiconTrivia, Trivia

__all__ = ["LexiconTrivia", "Trivia", "read_pages"]
