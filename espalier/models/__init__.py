"""Models by name: where they lie, how they are loaded and saved, on which device and with which attention."""
