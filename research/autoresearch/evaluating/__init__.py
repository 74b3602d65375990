"""What an experiment's checkpoint is worth, found by a process that runs none of the experiment's code."""
