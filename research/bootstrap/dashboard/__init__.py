"""A loop at a glance: one page for the browser that needs no network, and two pictures for Markdown."""
