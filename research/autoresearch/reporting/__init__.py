"""What a loop of experiments came to, as Markdown and as a page for the morning."""
