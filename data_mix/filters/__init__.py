"""Filters: which rows are left out or repaired, each for a reason that is counted."""
