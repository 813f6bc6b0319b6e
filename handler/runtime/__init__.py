"""What Lambda adds around a request: log lines, metrics and the C allocator."""
