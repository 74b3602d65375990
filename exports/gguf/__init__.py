"""GGUF, the one file that llama.cpp and all built on it open, written through the `gguf` package of its makers."""
