import struct
from io import BytesIO

import pytest
from PIL import Image, ImageCms, ImageOps
from PIL.PngImagePlugin import PngInfo

from microblog.domain.errors import TooLarge, UnsupportedMedia
from microblog.services.pictures import AVATAR_SIZES, HEADER_SIZES, inspect, make_sizes
from tests.services.pictures import PIL_NAMES, make_bomb, make_picture, read_picture

LIMITS = {"max_bytes": 5_000_000, "max_pixels": 25_000_000}
ORIENTATION, GPS, MAKER = 0x0112, 0x8825, 0x010F


def make_avatars(data: bytes) -> dict[str, bytes]:
    return make_sizes(data, AVATAR_SIZES)


def is_red(colour: object) -> bool:
    assert isinstance(colour, tuple)
    return bool(colour[0] > 200 and colour[2] < 80)


@pytest.mark.parametrize("mime_type", PIL_NAMES)
def test_the_type_is_judged_by_content(mime_type: str) -> None:
    assert inspect(make_picture(mime_type), **LIMITS) == (mime_type, 640, 480)


def test_a_picture_with_another_behind_it_is_a_jpeg() -> None:
    output = BytesIO()
    pages = [Image.new("RGB", (64, 64), colour) for colour in ("red", "blue")]
    pages[0].save(output, "MPO", save_all=True, append_images=pages[1:])
    assert inspect(output.getvalue(), **LIMITS)[0] == "image/jpeg"
    assert set(make_avatars(output.getvalue())) == {"96.webp", "400.webp"}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GIF89a",
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"%!PS-Adobe-3.0 EPSF-3.0\n",
        b"%PDF-1.7",
        b"<html>",
        b"RIFF\x00\x00\x00\x00WEBPVP8 ",
        make_picture()[:20],
    ],
    ids=["empty", "gif head", "png head", "jpeg head", "svg", "eps", "pdf", "html", "webp head", "cut head"],
)
def test_anything_else_is_refused(data: bytes) -> None:
    with pytest.raises(UnsupportedMedia):
        inspect(data, **LIMITS)
    with pytest.raises(UnsupportedMedia):
        make_avatars(data)


@pytest.mark.parametrize("kind", ["BMP", "TIFF", "ICO", "PPM"])
def test_other_formats_of_the_library_are_refused(kind: str) -> None:
    output = BytesIO()
    Image.new("RGB", (64, 64)).save(output, kind)
    with pytest.raises(UnsupportedMedia):
        inspect(output.getvalue(), **LIMITS)


def test_too_many_bytes_are_refused() -> None:
    data = make_picture()
    with pytest.raises(TooLarge, match="0 MB"):
        inspect(data, max_bytes=len(data) - 1, max_pixels=25_000_000)
    inspect(data, max_bytes=len(data), max_pixels=25_000_000)


def test_too_many_pixels_are_refused_whatever_the_file_weighs() -> None:
    with pytest.raises(TooLarge, match="25 megapixels"):
        inspect(make_bomb(5_001, 5_000), **LIMITS)
    assert inspect(make_bomb(5_000, 5_000), **LIMITS) == ("image/png", 5_000, 5_000)


@pytest.mark.parametrize("size", [(10_000, 10_000), (60_000, 60_000)])
def test_bombs_are_refused_without_decoding(size: tuple[int, int]) -> None:
    with pytest.raises((TooLarge, UnsupportedMedia)):
        inspect(make_bomb(*size), **LIMITS)
    with pytest.raises(UnsupportedMedia):
        make_avatars(make_bomb(*size))


@pytest.mark.parametrize("size", [(2_100, 100), (1, 21), (0, 5)])
def test_stripes_are_refused(size: tuple[int, int]) -> None:
    with pytest.raises(UnsupportedMedia):
        inspect(make_bomb(*size), **LIMITS)


@pytest.mark.parametrize("mime_type", PIL_NAMES)
def test_a_cut_file_is_found_when_it_is_decoded(mime_type: str) -> None:
    data = make_picture(mime_type, size=(500, 500))
    with pytest.raises(UnsupportedMedia):
        make_avatars(data[: len(data) // 2])


@pytest.mark.parametrize(
    ("mime_type", "mode"),
    [
        ("image/jpeg", "RGB"),
        ("image/jpeg", "L"),
        ("image/jpeg", "CMYK"),
        ("image/png", "RGBA"),
        ("image/png", "P"),
        ("image/png", "1"),
        ("image/png", "I;16"),
        ("image/gif", "P"),
        ("image/webp", "RGBA"),
    ],
)
def test_each_mode_becomes_square_sizes(mime_type: str, mode: str) -> None:
    sizes = make_avatars(make_picture(mime_type, mode=mode))
    assert set(sizes) == {"96.webp", "400.webp"}
    for name, data in sizes.items():
        picture = read_picture(data)
        assert picture.format == "WEBP"
        assert f"{picture.width}.webp" == f"{picture.height}.webp" == name


def test_a_header_is_cut_to_its_form() -> None:
    sizes = make_sizes(make_picture("image/jpeg", size=(4000, 3000)), HEADER_SIZES)
    assert {name: read_picture(data).size for name, data in sizes.items()} == {
        "600.webp": (600, 200),
        "1500.webp": (1500, 500),
    }


def test_a_small_picture_is_enlarged() -> None:
    assert read_picture(make_avatars(make_picture(size=(3, 3)))["400.webp"]).size == (400, 400)


def test_see_through_stays_see_through() -> None:
    output = BytesIO()
    Image.new("RGBA", (100, 100), (255, 0, 0, 0)).save(output, "PNG")
    assert read_picture(make_avatars(output.getvalue())["96.webp"]).mode == "RGBA"
    assert read_picture(make_avatars(make_picture())["96.webp"]).mode == "RGB"


def test_a_picture_lying_on_its_side_is_turned() -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 3
    upright = read_picture(make_avatars(make_picture("image/jpeg"))["96.webp"])
    turned = read_picture(make_avatars(make_picture("image/jpeg", exif=exif))["96.webp"])
    assert is_red(upright.getpixel((10, 48)))
    assert is_red(turned.getpixel((85, 48)))


def test_broken_metadata_does_not_spoil_a_good_picture() -> None:
    data = make_picture("image/jpeg", exif=b"Exif\x00\x00MM\x00*\x00\x00\xff\xff garbage")
    assert read_picture(make_avatars(data)["96.webp"]).size == (96, 96)


def test_a_turn_that_can_not_be_read_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_picture: Image.Image) -> Image.Image:
        raise struct.error("unpack requires a buffer of 2 bytes")

    monkeypatch.setattr(ImageOps, "exif_transpose", fail)
    assert is_red(read_picture(make_avatars(make_picture())["96.webp"]).getpixel((10, 48)))


def test_where_and_with_what_it_was_taken_is_nobodys_business() -> None:
    exif = Image.Exif()
    exif[MAKER] = "Secret Camera"
    exif.get_ifd(GPS)[1] = "N"
    comment = PngInfo()
    comment.add_text("Comment", "Secret Comment")
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for data in (
        make_picture("image/jpeg", exif=exif, comment=b"Secret Comment", icc_profile=profile),
        make_picture("image/png", exif=exif, pnginfo=comment, icc_profile=profile),
        make_picture("image/webp", exif=exif, xmp=b"<x>Secret XMP</x>", icc_profile=profile),
    ):
        for size in make_avatars(data).values():
            assert b"Secret" not in size
            assert not {b"EXIF", b"XMP ", b"ICCP"} & {size[i : i + 4] for i in range(len(size))}
            assert not read_picture(size).getexif()


def test_colours_are_brought_to_those_of_browsers() -> None:
    lab_like = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    good = read_picture(make_avatars(make_picture("image/png", icc_profile=lab_like))["96.webp"])
    assert is_red(good.getpixel((10, 48)))
    broken = read_picture(make_avatars(make_picture("image/png", icc_profile=b"no profile"))["96.webp"])
    assert is_red(broken.getpixel((10, 48)))


def test_of_a_moving_picture_the_first_frame_is_taken() -> None:
    output = BytesIO()
    frames = [Image.new("RGB", (64, 64), colour) for colour in ("red", "blue", "green")]
    frames[0].save(output, "GIF", save_all=True, append_images=frames[1:], duration=100)
    picture = read_picture(make_avatars(output.getvalue())["96.webp"])
    assert getattr(picture, "n_frames", 1) == 1
    assert is_red(picture.getpixel((48, 48)))
