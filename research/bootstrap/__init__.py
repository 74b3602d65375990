"""The bootstrapping loop: a model from random weights that grows on its own graded attempts, band by band."""
