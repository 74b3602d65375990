"""What is said where, to whom, and by what rules: our own lists of words by language, and a text read by them."""
