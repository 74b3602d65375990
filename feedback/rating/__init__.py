"""Rating replies: what is shown, who said what of it, what to ask next, and how far raters agree."""
