"""What runs behind the walls, in a bare Python that has nothing else of ours: nothing here imports what is outside."""
