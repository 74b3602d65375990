"""What the steps of a round do, apart from their command lines: proposing, judging, ranking, pairs, ordinary rows."""
