"""Loops: commands run in rounds, each for one artifact, with what was found of each round kept in a folder."""
