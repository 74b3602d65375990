"""Graders: is it language at the level asked for, did it do what was asked, and what is it worth then."""
