"""Quantities as texts write them."""
