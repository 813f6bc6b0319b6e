"""JPEG decoder: libjpeg-turbo, and our own checks of the file.

`decoder` is the entry point. `segments` reads the headers, `scans` counts the scans, `orientation` reads
EXIF and XMP. If libjpeg-turbo warns, `clean` removes the bytes that no pixel needs and it is asked
again. `walk` checks the files that Pillow decodes instead.
"""
