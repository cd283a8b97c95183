"""Pure rules about pictures: what a file is, whether it is too large, and the sizes made of it. No I/O."""

import struct
import warnings
from collections.abc import Sequence
from io import BytesIO
from typing import Final

from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError
from PIL.Image import DecompressionBombError, DecompressionBombWarning

from microblog.domain.errors import N_, TooLarge, UnsupportedMedia

# Judged by content; a name or a header's type is only a claim.
FORMATS: Final = ("JPEG", "PNG", "GIF", "WEBP")
MIME_TYPES: Final = {
    "JPEG": "image/jpeg",
    # A JPEG with a second picture behind it, as telephones make them.
    "MPO": "image/jpeg",
    "PNG": "image/png",
    "GIF": "image/gif",
    "WEBP": "image/webp",
}
# Width and height in pixels.
Size = tuple[int, int]
AVATAR_SIZES: Final[tuple[Size, ...]] = ((96, 96), (400, 400))
HEADER_SIZES: Final[tuple[Size, ...]] = ((600, 200), (1500, 500))
STORED_TYPE: Final = "image/webp"
QUALITY: Final = 82
# A picture of 1 x 20,000 pixels is no avatar, and would be enlarged to one.
MOST_OBLONG: Final = 20
# What Pillow raises for broken, cut or hostile files; its decoders have no common error.
BROKEN: Final = (
    UnidentifiedImageError,
    DecompressionBombError,
    DecompressionBombWarning,
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    IndexError,
    KeyError,
    EOFError,
    ZeroDivisionError,
    OverflowError,
    MemoryError,
    RuntimeError,
    struct.error,
)


def load_formats() -> None:
    """Load what Pillow knows of formats, which it would else do at its first picture."""
    Image.init()


def inspect(data: bytes, *, max_bytes: int, max_pixels: int) -> tuple[str, int, int]:
    """The type by content, width and height in pixels, read from the head of the file without decoding it.

    Raises TooLarge, or UnsupportedMedia for anything but a JPEG, PNG, GIF or WebP file.
    """
    if len(data) > max_bytes:
        raise TooLarge(
            N_("This picture is too large: use one of at most %(megabytes)s MB."),
            megabytes=max_bytes // 1_000_000,
        )
    with _open(data) as picture:
        width, height = picture.size
        mime_type = MIME_TYPES[str(picture.format)]
    if width * height > max_pixels:
        raise TooLarge(
            N_("This picture has too many pixels: use one of at most %(megapixels)s megapixels."),
            megapixels=max_pixels // 1_000_000,
        )
    if min(width, height) < 1 or max(width, height) > MOST_OBLONG * min(width, height):
        raise UnsupportedMedia(N_("This picture is too oblong. Please use one that is closer to a square."))
    return mime_type, width, height


def make_sizes(data: bytes, sizes: Sequence[Size]) -> dict[str, bytes]:
    """WebP files by name: of these sizes (of one form, cut at the edges where the picture has another one),
    upright, sRGB, still, and without any metadata.

    Raises UnsupportedMedia for a file that turns out to be broken.
    """
    with warnings.catch_warnings():
        # Odd metadata is dropped anyway; a bomb must not only be warned of.
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", DecompressionBombWarning)
        try:
            with _open(data) as picture:
                return _make_sizes(picture, sizes)
        except BROKEN:
            raise UnsupportedMedia from None


def file_name(size: Size) -> str:
    """The file name of a size: its width, such as `96.webp`."""
    return f"{size[0]}.webp"


def _open(data: bytes) -> Image.Image:
    try:
        return Image.open(BytesIO(data), formats=FORMATS)
    except BROKEN:
        raise UnsupportedMedia from None


def _make_sizes(picture: Image.Image, sizes: Sequence[Size]) -> dict[str, bytes]:
    largest = max(sizes)
    # A JPEG is decoded at about the size that is needed: a tenth of the time and memory.
    picture.draft("RGB", (2 * largest[0], 2 * largest[1]))
    fitted = ImageOps.fit(_to_srgb(_turn_upright(picture)), largest, Image.Resampling.LANCZOS)
    return {file_name(size): _encode(fitted, size) for size in sizes}


def _turn_upright(picture: Image.Image) -> Image.Image:
    # The pixels first: a cut file must not pass for one with bad metadata.
    picture.load()
    try:
        return ImageOps.exif_transpose(picture)
    except BROKEN:
        return picture


def _to_srgb(picture: Image.Image) -> Image.Image:
    """The picture as RGB, or RGBA where it is see-through, in the colours that browsers assume."""
    profile = picture.info.get("icc_profile")
    is_transparent = picture.has_transparency_data
    if profile and picture.mode in ("RGB", "CMYK", "L"):
        try:
            source = ImageCms.ImageCmsProfile(BytesIO(profile))
            target = ImageCms.createProfile("sRGB")
            converted = ImageCms.profileToProfile(picture, source, target, outputMode="RGB")
        except (ImageCms.PyCMSError, OSError):
            # A broken profile is no reason to refuse a good picture.
            converted = None
        if converted is not None:
            return converted
    return picture.convert("RGBA" if is_transparent else "RGB")


def _encode(fitted: Image.Image, size: Size) -> bytes:
    """A WebP file of pixels only: a new picture carries no EXIF, XMP, ICC or comment."""
    small = fitted.resize(size, Image.Resampling.LANCZOS) if size != fitted.size else fitted
    bare = Image.new(small.mode, small.size)
    bare.paste(small)
    output = BytesIO()
    bare.save(output, "WEBP", quality=QUALITY, method=4)
    return output.getvalue()
