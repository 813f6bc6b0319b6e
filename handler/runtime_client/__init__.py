"""A client of Lambda's Runtime API that streams answers: ``python -m handler.runtime_client``."""
