"""Writes Tests/ImagingTests/Fixtures/resize.json and pictures.json with Pillow.

    python3 Tests/Fixtures/imaging_fixtures.py            (needs pillow and numpy)

The inputs are made from a formula that the tests repeat, so only checksums and a few values are stored.
"""
import base64, io, json, pathlib
import numpy
from PIL import Image

folder = pathlib.Path(__file__).resolve().parent.parent / "ImagingTests" / "Fixtures"


def picture(width, height, channels=3):
    """Byte i is bits 24... of i * 2654435761 (mod 2^32) where i's third bit is set, else a ramp."""
    i = numpy.arange(width * height * channels, dtype=numpy.uint64)
    noise = (i * 2654435761 % 2**32) >> 24
    ramp = (i // channels % width * 255 // width)
    values = numpy.where(i // channels & 4, noise, ramp).astype(numpy.uint8)
    return values.reshape(height, width, channels)


def checksum(array):
    """FNV-1a 64 of the bytes."""
    value = 0xCBF29CE484222325
    for byte in array.tobytes():
        value = (value ^ byte) * 0x100000001B3 % 2**64
    return f"{value:016x}"


def encoded(array, mode=None, **options):
    image = Image.fromarray(array) if mode is None else Image.fromarray(array).convert(mode)
    stream = io.BytesIO()
    image.save(stream, **options)
    return stream.getvalue()


filters = {"box": Image.BOX, "bilinear": Image.BILINEAR, "bicubic": Image.BICUBIC, "lanczos": Image.LANCZOS}
sizes = [((37, 29), (16, 16)), ((37, 29), (64, 50)), ((37, 29), (37, 11)), ((37, 29), (80, 29)), ((5, 90), (224, 32)),
         ((1, 1), (3, 2)), ((100, 3), (7, 1))]
cases = []
for (width, height), (new_width, new_height) in sizes:
    for name, filter in filters.items():
        for channels in (1, 3):
            source = picture(width, height, channels)
            image = Image.fromarray(source[:, :, 0] if channels == 1 else source)
            # In two steps, so that Pillow 13, which runs some passes in the other order, gives what older ones give.
            result = numpy.asarray(image.resize((new_width, height), filter).resize((new_width, new_height), filter))
            cases.append({
                "from": [width, height], "to": [new_width, new_height], "channels": channels, "filter": name,
                "head": result.flatten()[:12].tolist(), "checksum": checksum(result)})
(folder / "resize.json").write_text(json.dumps(cases, indent=0) + "\n")

files = {}
source = picture(21, 13)
deep = picture(10, 7, 1)[:, :, 0].astype(numpy.uint16) * 257
for name, data in {
    "grey.png": encoded(source, "L", format="PNG"),
    "palette.png": encoded(source, "P", format="PNG"),
    "bilevel.png": encoded(source, "1", format="PNG"),
    "alpha.png": encoded(picture(21, 13, 4), format="PNG"),
    "grey-alpha.png": encoded(source, "LA", format="PNG"),
    "rgb.jpg": encoded(source, format="JPEG", quality=80),
    "full-chroma.jpg": encoded(source, format="JPEG", quality=95, subsampling=0),
    "half-chroma.jpg": encoded(source, format="JPEG", quality=80, subsampling=1),
    "progressive.jpg": encoded(source, format="JPEG", progressive=True),
    "grey.jpg": encoded(source, "L", format="JPEG"),
    "cmyk.jpg": encoded(source, "CMYK", format="JPEG"),
}.items():
    pixels = numpy.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
    files[name] = {"data": base64.b64encode(data).decode(), "size": [pixels.shape[1], pixels.shape[0]],
                   "checksum": checksum(pixels), "head": pixels.flatten()[:12].tolist()}
data = encoded(deep, format="PNG")
pixels = numpy.repeat((deep // 257).astype(numpy.uint8)[:, :, None], 3, axis=2)
files["grey-16-bit.png"] = {"data": base64.b64encode(data).decode(), "size": [10, 7],
                            "checksum": checksum(pixels), "head": pixels.flatten()[:12].tolist()}
(folder / "pictures.json").write_text(json.dumps(files, indent=0) + "\n")
