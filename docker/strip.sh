#!/bin/sh
# Makes a folder of installed dependencies smaller and faster to import; see docs/decisions/image.md.
#   usage: strip.sh FOLDER
set -eu

# Console scripts and the tests of the packages are not used at run time.
rm -rf "$1/bin"
find "$1" -type d -name tests -prune -exec rm -rf {} +

# botocore describes every AWS service; the function calls only S3, and no resources.
find "$1/botocore/data" -mindepth 1 -maxdepth 1 -type d ! -name s3 -exec rm -rf {} +
rm -rf "$1"/boto3/data "$1"/boto3/examples

# The steps need only parts of scikit-image and scipy; tests/container/test_image.py runs each step. Only
# the rest of scikit-image, which reads and shows files, imports these three.
rm -rf "$1"/networkx* "$1"/imageio* "$1"/tifffile*
keep() {
    library=$1
    shift
    for part in "$library"/*/; do
        case " $* " in
            *" $(basename "$part") "*) ;;
            *) rm -rf "$part" ;;
        esac
    done
}
keep "$1/skimage" _shared _vendored color exposure feature filters restoration util
rm -rf "$1/skimage/filters/rank" # a sixth of the rest, and only filters.median imports it
keep "$1/scipy" _lib constants fft integrate interpolate linalg ndimage optimize sparse \
    spatial special stats

# Pillow without AVIF, which is not read, and without text drawing, colour management and windows.
rm -f "$1"/PIL/_avif.* "$1"/PIL/_imagingft.* "$1"/PIL/_imagingcms.* "$1"/PIL/_imagingtk.*
rm -f "$1"/pillow.libs/libavif-* "$1"/pillow.libs/libfreetype-* "$1"/pillow.libs/libharfbuzz-* \
    "$1"/pillow.libs/libbrotli* "$1"/pillow.libs/liblcms2-*

# Needed only to generate wrappers; and the tables of individual terminals.
rm -rf "$1"/pycparser* "$1"/wcwidth/table_grapheme_overrides/_known_*

# Sources and static libraries are for compilers, stubs for type checkers. Only scikit-image needs its stubs
# at run time: it finds its modules by them.
find "$1" -type f \( -name '*.pyx' -o -name '*.pxd' -o -name '*.pxi' -o -name '*.c' -o -name '*.h' \
    -o -name '*.f' -o -name '*.a' \) -delete
find "$1" -type f -name '*.pyi' ! -path "$1/skimage/*" -delete

# Byte code is not checked against the date of the source, which a registry may rewrite. The files of the
# image never change, and a read-only or non-root container cannot write byte code.
python -m compileall -q --invalidation-mode unchecked-hash "$1"
