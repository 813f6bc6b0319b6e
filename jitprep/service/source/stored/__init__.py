"""Originals in stores that the server has opened: folders, and what obstore reads."""
