"""Files to records, whatever they are called and however they are packed."""
