#!/bin/sh
# Makes an installed folder of dependencies small and quick to start; see docs/decisions/image.md.
#   usage: strip.sh FOLDER
set -eu

# Console scripts, and tests that wheels ship: nothing at run time reads them.
rm -rf "$1/bin"
find "$1" -type d -name tests -prune -exec rm -rf {} +

# botocore describes every AWS service; the function calls S3 alone, and no resources.
find "$1/botocore/data" -mindepth 1 -maxdepth 1 -type d ! -name s3 -exec rm -rf {} +
rm -rf "$1"/boto3/data "$1"/boto3/examples

# scikit-image and scipy, as far as the steps go: tests/container/test_image.py runs each. The rest of
# scikit-image reads files and shows photographs, and asks for these three.
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
rm -rf "$1/skimage/filters/rank" # a sixth of what is left, and only filters.median asks for it
keep "$1/scipy" _lib constants fft integrate interpolate linalg ndimage optimize sparse \
    spatial special stats

# Pillow, without AVIF, which is not read, and without what draws text, manages colours and shows windows.
rm -f "$1"/PIL/_avif.* "$1"/PIL/_imagingft.* "$1"/PIL/_imagingcms.* "$1"/PIL/_imagingtk.*
rm -f "$1"/pillow.libs/libavif-* "$1"/pillow.libs/libfreetype-* "$1"/pillow.libs/libharfbuzz-* \
    "$1"/pillow.libs/libbrotli* "$1"/pillow.libs/liblcms2-*

# What only generating wrappers asks for; and how each known terminal draws a character.
rm -rf "$1"/pycparser* "$1"/wcwidth/table_grapheme_overrides/_known_*

# Sources and libraries that only compilers read, and stubs that only type checkers do; scikit-image alone
# finds its modules by them.
find "$1" -type f \( -name '*.pyx' -o -name '*.pxd' -o -name '*.pxi' -o -name '*.c' -o -name '*.h' \
    -o -name '*.f' -o -name '*.a' \) -delete
find "$1" -type f -name '*.pyi' ! -path "$1/skimage/*" -delete

# Byte code is trusted without looking at the source's date, which a registry may rewrite; the
# image's files never change, and a read-only or non-root container could not write its own.
python -m compileall -q --invalidation-mode unchecked-hash "$1"
