"""Steps and their spellings: names, checked arguments, lines and documents."""
