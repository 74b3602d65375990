"""What can be seen of a commit before it is run. The first wall, and not the one that holds: what is overlooked here is
held by the sandbox and by the evaluator."""
