"""The Lambda adapter: codecs of Lambda's events, log lines and metrics. Begin at `handler.app`."""
