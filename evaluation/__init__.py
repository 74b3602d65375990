"""Scores models on suites of cases with known truth, and says how sure it is: `python evaluation/run.py`."""
