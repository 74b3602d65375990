"""Rows of a mix to sequences of token ids."""
