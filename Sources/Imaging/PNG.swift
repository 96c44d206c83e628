import CPNG
import Foundation

// libpng's simplified interface is used throughout: the full one reports errors by longjmp, which must never cross
// a Swift frame.

/// Decodes PNG data to RGB.
func decodePNG(_ data: Data, name: String) throws -> Image {
  func damaged(_ reason: String) -> ImageError { .damaged(file: name, format: "PNG", reason: reason) }
  let chunks = try criticalChunks(of: data, damaged: damaged)
  return try withPNGImage { image in
    let began = chunks.withUnsafeBytes { png_image_begin_read_from_memory(image, $0.baseAddress, $0.count) }
    guard began != 0 else { throw damaged(message(of: image)) }
    let (width, height) = (Int(image.pointee.width), Int(image.pointee.height))
    try Image.checkSize(width: width, height: height, name: name, format: "PNG")
    // Deflate packs at most 1032:1, and a pixel takes one bit or more. A damaged header is found out here, before
    // memory is asked for.
    guard width * height / 8 <= chunks.count * 1032 else { throw damaged("more pixels promised than there is data") }

    // Without this libpng takes 16-bit samples for linear light and applies the sRGB curve to them.
    image.pointee.flags |= png_uint_32(PNG_IMAGE_FLAG_16BIT_sRGB)
    let hasAlpha = image.pointee.format & png_uint_32(PNG_FORMAT_FLAG_ALPHA) != 0
    // Alpha is read and dropped, because libpng could only blend it with a background.
    image.pointee.format = png_uint_32(PNG_FORMAT_FLAG_COLOR | (hasAlpha ? PNG_FORMAT_FLAG_ALPHA : 0))
    let channels = hasAlpha ? 4 : 3
    var finished: Int32 = 0
    let pixels = [UInt8](unsafeUninitializedCapacity: width * height * channels) { buffer, count in
      // libpng keeps a pointer to the data from `begin` to `finish`; `chunks` is alive and unmoved through both.
      finished = png_image_finish_read(image, nil, buffer.baseAddress, png_int_32(width * channels), nil)
      count = finished == 0 ? 0 : width * height * channels
    }
    guard finished != 0 else { throw damaged(message(of: image)) }
    let decoded = Image(width: width, height: height, channels: channels, pixels: pixels)
    return hasAlpha ? decoded.rgb() : decoded
  }
}

/// Encodes grey, RGB or RGBA pixels as a PNG file.
func encodePNG(_ picture: Image, name: String) throws -> Data {
  try withPNGImage { image in
    image.pointee.width = png_uint_32(picture.width)
    image.pointee.height = png_uint_32(picture.height)
    switch picture.channels {
    case 1: image.pointee.format = png_uint_32(PNG_FORMAT_GRAY)
    case 3: image.pointee.format = png_uint_32(PNG_FORMAT_FLAG_COLOR)
    case 4: image.pointee.format = png_uint_32(PNG_FORMAT_FLAG_COLOR | PNG_FORMAT_FLAG_ALPHA)
    default: throw ImageError.cannotEncode(file: name, reason: "\(picture.channels) channels")
    }
    // The bound of PNG_IMAGE_PNG_SIZE_MAX, a macro that Swift does not see: incompressible data and chunk headers.
    let raw = picture.pixels.count + picture.height
    let packed = raw + (raw + 7) / 8 + (raw + 63) / 64 + 11
    var size = packed + 12 * (packed / 8192) + 256
    var encoded = Data(count: size)
    let written = encoded.withUnsafeMutableBytes { bytes in
      picture.pixels.withUnsafeBytes {
        png_image_write_to_memory(image, bytes.baseAddress, &size, 0, $0.baseAddress, 0, nil)
      }
    }
    guard written != 0 else { throw ImageError.cannotEncode(file: name, reason: message(of: image)) }
    encoded.count = size
    return encoded
  }
}

/// The signature and the chunks that define the stored samples (IHDR, PLTE, IDAT, IEND).
///
/// The others are left out so that gamma, colour profiles and transparent colours, which libpng would apply, leave
/// the stored values alone, and so that damage in a comment does not matter. The copy also gives libpng a buffer
/// that stays in place.
private func criticalChunks(of data: Data, damaged: (String) -> ImageError) throws -> [UInt8] {
  try data.withUnsafeBytes { (bytes: UnsafeRawBufferPointer) in
    var kept = [UInt8](bytes.prefix(8))
    kept.reserveCapacity(bytes.count)
    var position = 8
    while position + 12 <= bytes.count {
      let length = Int(UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt32.self)))
      let end = position + 12 + length
      guard end <= bytes.count else { throw damaged("it ends inside a chunk") }
      let type = bytes[position + 4..<position + 8]
      let isCritical = type.first! & 0x20 == 0
      if isCritical { kept.append(contentsOf: bytes[position..<end]) }
      if type.elementsEqual("IEND".utf8) { return kept }
      position = end
    }
    throw damaged("it ends before its last chunk")
  }
}

/// Runs `body` with a fresh libpng image at a fixed address (libpng keeps that address) and frees it.
private func withPNGImage<Result>(_ body: (UnsafeMutablePointer<png_image>) throws -> Result) throws -> Result {
  let image = UnsafeMutablePointer<png_image>.allocate(capacity: 1)
  image.initialize(to: png_image())
  image.pointee.version = png_uint_32(PNG_IMAGE_VERSION)
  defer {
    png_image_free(image)
    image.deallocate()
  }
  return try body(image)
}

private func message(of image: UnsafeMutablePointer<png_image>) -> String {
  withUnsafeBytes(of: image.pointee.message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
}
