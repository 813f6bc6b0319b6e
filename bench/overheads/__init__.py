"""What a read takes beside its transform, for `jitprep cost`: where it is made, and to receive it.

`stage` starts the remotes and stores the objects, `ways` reads them, `measuring` runs the rounds, and
`figures` makes the fields of the file.
"""
