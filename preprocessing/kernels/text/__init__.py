"""What text transforms do. Every text is a ``str``; an array of texts has one axis, their documents."""
