"""Where the words of a pipeline are in the text that spells it: its steps, and what is wrong in it."""
