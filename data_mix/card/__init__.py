"""What a mix says of itself: the audit, and the card that shows it."""
