"""Is what a reply says true? Its numbers, sums, operations and verdicts, checked by computing against the dialogue."""
