"""Steps that are not part of the library: their base class, and how they are found and called.

`step` has the base class `Step`. `definition` checks a class that derives from it, `loading` imports the
modules that define steps, and `calls` runs one and checks its result.
"""
