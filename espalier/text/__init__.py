"""Texts and conversations: messages, rows, chat templates, the loss mask, the renderer that makes token ids of them."""
