"""Decoders: from the bytes of an object to samples.

A decode goes through these files in this order:

1. `sniff` detects the format from the first bytes, never from the object's name. `formats` is the
   table of all formats. `foreign_formats` names common files of other formats for the error message.
2. `containers.tracks` reads the tracks of MP4, Matroska, ASF, Ogg and FLV files: one that has only
   sound is audio. `containers.boxes` parses MP4 and QuickTime, `containers.ebml` Matroska and WebM.
3. `probe` of the kind's decoder reads the header, refuses damaged and oversized objects, and returns
   what a plan needs. `formats.require_decoded` refuses formats that are only detected.
4. `decode` of the same decoder returns the samples.

The decoders are:

image
    `image.decoder` imports the module that is named like the format: `image.png`, `image.webp`,
    `image.avif`, `image.gif`, `image.bmp`, or one of the packages `image.jpeg` and `image.tiff`.
    `image.faults` has the wording of errors, `image.header` what `probe` returns, and `image.pillow` the
    calls of Pillow's plugins. Results are 8-bit RGB, upright; `image.decoder` has the rules.
    `image.index` decodes masks, to the class ids that such a file stores.
audio
    `audio.decoder` decodes by libsndfile, after `audio.truncation` (WAV, AIFF, AU, CAF), `audio.mpeg`
    (MP3), `audio.ogg` or `audio.flac` has checked that the file is complete. `audio.container_track`
    decodes the sound of MP4 and Matroska by FFmpeg. Results are float32, (channel, sample).
video
    `video.decoder` has `probe`: `video.container_checks` and `containers.mp4` check the header before
    `video.container` opens the file with FFmpeg, under `video.memory_guard`; `video.duration` finds its
    length. Frames are read by `video.frame_seeker` or `video.keyframes`, and turned upright by
    `video.display_matrix`.
text
    `text.decoder` decodes Unicode; `text.charset` detects other charsets by the words in
    `text.languages`. `text.tables` takes documents out of JSON lines and CSV.

To add a format, see `formats`.
"""
