"""Parts of `jitprep cost`: its options, its samples, its prices, and what it prints."""
