"""Who does better, and how sure is that: estimates with intervals, paired comparisons, and how figures are written."""
