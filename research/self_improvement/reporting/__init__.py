"""What the rounds of a loop came to: a verdict in plain words, `report.md`, and a page for the browser."""
