"""Parts of `jitprep up` and `jitprep play`: settings of the function, and places of the page."""
