"""What the monitor of bias compares: minimal pairs, of our own and from files, and what is said of groups as such."""
