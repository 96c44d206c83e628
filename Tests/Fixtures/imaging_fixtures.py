"""Writes Tests/ImagingTests/Fixtures/resize.json and pictures.json with Pillow.

    python3 Tests/Fixtures/imaging_fixtures.py            (needs pillow and numpy)

The inputs are made from a formula that the tests repeat, so only checksums and a few values are stored.
"""
import base64, io, json, pathlib, struct, zlib
import numpy
from PIL import Image
from PIL.PngImagePlugin import PngInfo

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


def written_by_hand(samples, bits, interlaced=False):
    """A grey or RGB PNG file of kinds that Pillow reads but does not write."""
    height, width = samples.shape[:2]
    # Adam7: each pass's first column and row, and its steps.
    passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    raw = b""
    for x, y, step_x, step_y in passes if interlaced else [(0, 0, 1, 1)]:
        part = samples[y::step_y, x::step_x]
        if part.size:
            raw += b"".join(b"\0" + row.astype(">u2" if bits == 16 else "u1").tobytes() for row in part)
    chunk = lambda name, data: struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
    header = struct.pack(">IIBBBBB", width, height, bits, 2 if samples.ndim == 3 else 0, 0, 0, int(interlaced))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(raw))
            + chunk(b"IEND", b""))


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
gamma = PngInfo()
gamma.add(b"gAMA", struct.pack(">I", 100000))
source = picture(21, 13)
deep = picture(10, 7, 1)[:, :, 0].astype(numpy.uint16) * 257
for name, data in {
    "grey.png": encoded(source, "L", format="PNG"),
    "palette.png": encoded(source, "P", format="PNG"),
    "palette-transparent.png": encoded(source, "P", format="PNG", transparency=3),
    "colour-transparent.png": encoded(source, format="PNG", transparency=(0, 0, 0)),
    "linear-gamma.png": encoded(source, format="PNG", pnginfo=gamma),
    "interlaced.png": written_by_hand(source, 8, interlaced=True),
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
# Pillow keeps 16-bit grey apart and cuts 16-bit colours off; here both are scaled, which these samples do exactly.
for name, samples in [("grey-16-bit.png", deep), ("rgb-16-bit.png", source.astype(numpy.uint16) * 257)]:
    pixels = (samples // 257).astype(numpy.uint8)
    if pixels.ndim == 2:
        pixels = numpy.repeat(pixels[:, :, None], 3, axis=2)
    files[name] = {"data": base64.b64encode(written_by_hand(samples, 16)).decode(),
                   "size": [pixels.shape[1], pixels.shape[0]], "checksum": checksum(pixels),
                   "head": pixels.flatten()[:12].tolist()}
(folder / "pictures.json").write_text(json.dumps(files, indent=0) + "\n")
