"""The orchestrator of the bootstrapping loop: its configuration, its table of bands, its steps and its report."""
