"""Which changes are kept: noise, pairs of runs, and simplicity. All of it is pure: figures in, a decision out."""
