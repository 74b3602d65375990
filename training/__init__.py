"""What every training command shares: from a configuration to a run that is sealed."""
