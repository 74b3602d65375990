"""What is asked: cases, the suites that hold them, and whether a model has seen them before."""
