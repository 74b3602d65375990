"""From a recipe to the files of a mix: jobs, refined rows, shares."""
