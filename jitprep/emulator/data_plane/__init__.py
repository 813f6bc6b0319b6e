"""The data plane: reads through an Object Lambda access point."""
