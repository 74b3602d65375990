"""Replies made to win a score without deserving it: the bar that a verdict has to clear.

A file of this folder is a kind, and each function in it under `@control` a family of that kind.
"""
