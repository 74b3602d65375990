"""Who did better where no rule can tell: judges asked in pairs, what they say ranked, and the judges ranked."""
