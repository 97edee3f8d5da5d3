"""Near-duplicates: the same work in two backlogs, and goals that copy or lose the goal above them."""

from okrbot.similar.drift import similarity
from okrbot.similar.judge import Verdict, verdict
from okrbot.similar.keys import Candidates, candidates
from okrbot.similar.twins import Row, Twin, twins

__all__ = ["Candidates", "Row", "Twin", "Verdict", "candidates", "similarity", "twins", "verdict"]
