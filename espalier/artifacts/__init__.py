"""Named folders that commands exchange: where they are, what they were made from, whether they are whole."""
