"""JPEG, by libjpeg-turbo and by our own checks of what it is given."""
