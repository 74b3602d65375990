"""The mazes task: a model that thinks in ticks finds routes from pixels."""
