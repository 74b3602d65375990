"""The loop of experiments: its folder and branch, its results, and one experiment after the other."""
