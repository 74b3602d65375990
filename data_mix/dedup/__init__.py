"""Rows that say what others say: duplicates, near duplicates, text of evaluations."""
