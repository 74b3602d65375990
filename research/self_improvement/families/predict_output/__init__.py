"""Predict the output: short programs, and what they print.

Programs come from a grammar of ten levels (`grammar.yaml`), from one print of a sum to loops in loops, or from a model.
The truth of what a model wrote is what the sandbox printed, twice alike; `interpreter.py` knows it of the grammar's
programs without running them. A program is held out by what it is, whatever its variables are called. No line of a
usable output stands in its program, so that nobody is right by copying.
"""

from research.self_improvement.families.predict_output.family import PredictOutput

__all__ = ["PredictOutput"]
