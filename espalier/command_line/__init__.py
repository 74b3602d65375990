"""What every command has: configuration and flags, console, signals, other commands in processes of their own."""
