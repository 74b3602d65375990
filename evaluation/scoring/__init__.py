"""What replies are worth: records, columns, verdicts, scores."""
