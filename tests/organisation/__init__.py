"""Hold the sample organisation: a made-up online grocery with two products, five backlogs and two quarters of goals."""

from __future__ import annotations

from .company import Company, build
from .planted import CLEAN, PLANTED, Plant, resolved

__all__ = ["CLEAN", "PLANTED", "Company", "Plant", "build", "resolved"]
