"""What a judge knows of a reply: facts about its words, its moves, and what it takes up."""
