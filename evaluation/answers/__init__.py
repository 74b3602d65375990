"""How a reply may give an answer away, rule by rule."""
