"""The written memory of a workspace, agents/: what programs note there of themselves, and what people keep by hand."""
