"""Text decoding: bytes in any charset to characters, and tables to texts."""
