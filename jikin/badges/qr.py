"""QR codes: made, drawn and read back.

A printed code holds ``HTTPS://V.EXAMPLE/N/26KR127F3Q9XK4M2W837``: upper case and without hyphens, so that it stays in
the alphanumeric mode and, for a domain of ordinary length, in version 3 (29 × 29 modules) at error level Q.
"""

from __future__ import annotations

import io
import math
import re
import warnings

import zxingcpp
from PIL import Image, UnidentifiedImageError

from jikin.badges.check_url import CheckUrl, check_url
from jikin.errors import DocumentError

__all__ = ["CheckUrl", "Matrix", "check_url", "matrix", "path_data", "png", "read", "svg"]

Matrix = tuple[tuple[bool, ...], ...]
MAX_IMAGE_BYTES = 20 << 20
MAX_PIXELS = 50_000_000
_QUIET_ZONE = 4  # modules, ISO/IEC 18004, 9.1
_MAX_TEXT = 1000
_FORMATS = ("PNG", "JPEG")


def matrix(text: str) -> Matrix:
    """Return the modules of the code for *text*, rows from the top, True for dark; no quiet zone.

    Error level Q, the smallest version that holds it; raises DocumentError (``document.code``) when none does.
    """
    if not 0 < len(text) <= _MAX_TEXT:
        raise DocumentError(f"a QR code holds 1 to {_MAX_TEXT} characters here, got {len(text)}", code="document.code")
    code = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level="Q")
    picture = code.to_image(scale=1, add_quiet_zones=False)
    drawn = bytes(memoryview(picture))  # type: ignore[arg-type]  # a square, one byte a module; its stub says less
    side = math.isqrt(len(drawn))
    return tuple(tuple(grey == 0 for grey in drawn[start : start + side]) for start in range(0, len(drawn), side))


def path_data(modules: Matrix) -> str:
    """Return the dark modules as the data of one SVG path, one unit a module."""
    runs = []
    for y, row in enumerate(modules):
        text = "".join("1" if dark else "0" for dark in row)
        runs += [f"M{run.start()} {y}h{run.end() - run.start()}v1H{run.start()}z" for run in re.finditer("1+", text)]
    return "".join(runs)


def svg(text: str) -> str:
    """Return the code for *text* as an SVG picture with its quiet zone, one unit a module."""
    modules = matrix(text)
    side = len(modules) + 2 * _QUIET_ZONE
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="-{_QUIET_ZONE} -{_QUIET_ZONE} {side} {side}" '
        f'shape-rendering="crispEdges"><path fill="#fff" d="M-{_QUIET_ZONE}-{_QUIET_ZONE}h{side}v{side}h-{side}z"/>'
        f'<path d="{path_data(modules)}"/></svg>'
    )


def png(text: str, *, pixels_per_module: int = 8) -> bytes:
    """Return the code for *text* as a black-and-white PNG with its quiet zone."""
    modules = matrix(text)
    side = len(modules) + 2 * _QUIET_ZONE
    image = Image.new("1", (side, side), 1)
    for y, row in enumerate(modules):
        for x, dark in enumerate(row):
            if dark:
                image.putpixel((x + _QUIET_ZONE, y + _QUIET_ZONE), 0)
    scale = max(1, min(pixels_per_module, 64))
    out = io.BytesIO()
    image.resize((side * scale, side * scale), Image.Resampling.NEAREST).save(out, "PNG", optimize=True)
    return out.getvalue()


def read(image: bytes | Image.Image) -> tuple[str, ...]:
    """Return the texts of all QR codes in a picture, from the top left, each once; empty when there is none.

    *image* is a PNG or JPEG file, or an opened picture. Raises DocumentError (``document.image``) for bytes that are
    no such picture and for one beyond 20 MiB or 50 million pixels.
    """
    picture = _open(image) if isinstance(image, bytes) else image
    if picture.width * picture.height > MAX_PIXELS:
        raise _too_large(picture.width, picture.height)
    try:
        grey = picture.convert("L")
    except (OSError, ValueError, SyntaxError, MemoryError) as error:  # a truncated or broken picture
        raise _broken(error) from error
    codes = zxingcpp.read_barcodes(grey, formats=zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode]))
    placed = sorted(codes, key=lambda code: (code.position.top_left.y // 50, code.position.top_left.x))
    return tuple(dict.fromkeys(code.text for code in placed if code.valid and len(code.text) <= _MAX_TEXT))


def _open(data: bytes) -> Image.Image:
    if len(data) > MAX_IMAGE_BYTES:
        raise DocumentError(f"the picture has {len(data)} bytes; at most {MAX_IMAGE_BYTES}", code="document.image")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # our own limit follows
            picture = Image.open(io.BytesIO(data), formats=_FORMATS)
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise _broken(error) from error
    # Before any pixel is decoded: the head alone can promise a picture larger than the memory.
    if picture.width * picture.height > MAX_PIXELS:
        raise _too_large(picture.width, picture.height)
    return picture


def _too_large(width: int, height: int) -> DocumentError:
    return DocumentError(
        f"the picture has {width} × {height} pixels; at most {MAX_PIXELS:,} are read", code="document.image"
    )


def _broken(error: Exception) -> DocumentError:
    return DocumentError(f"the picture cannot be read: {str(error)[:120]}", code="document.image")
