import CJPEG
import Foundation

// The TurboJPEG interface is used: libjpeg's own reports errors by longjmp, which must never cross a Swift frame.

/// Decodes JPEG data to RGB with the accurate inverse DCT and smooth chroma upsampling, as PIL does.
///
/// A warning, such as a premature end of data, is an error here: half a picture is no training image.
func decodeJPEG(_ data: Data, name: String) throws -> Image {
  guard let decoder = tjInitDecompress() else {
    throw ImageError.damaged(file: name, format: "JPEG", reason: message(of: nil))
  }
  defer { tjDestroy(decoder) }
  func damaged() -> ImageError { .damaged(file: name, format: "JPEG", reason: message(of: decoder)) }

  return try data.withUnsafeBytes { (raw: UnsafeRawBufferPointer) in
    let bytes = raw.bindMemory(to: UInt8.self)
    var (width, height, subsampling, colorspace): (Int32, Int32, Int32, Int32) = (0, 0, 0, 0)
    guard
      tjDecompressHeader3(
        decoder, bytes.baseAddress, UInt(bytes.count), &width, &height, &subsampling, &colorspace) == 0
    else { throw damaged() }
    try Image.checkSize(width: Int(width), height: Int(height), name: name, format: "JPEG")
    // A block of 8 × 8 samples takes a bit or more, and colour at a quarter of the resolution adds little: 512 pixels a
    // byte. Twice that is granted. A small file that promises more is found out here, before memory is asked for.
    guard Int(width) * Int(height) / 1024 <= bytes.count else {
      throw ImageError.damaged(file: name, format: "JPEG", reason: "more pixels promised than there is data")
    }

    let isCMYK = colorspace == Int32(TJCS_CMYK.rawValue) || colorspace == Int32(TJCS_YCCK.rawValue)
    let channels = isCMYK ? 4 : 3
    let format = Int32((isCMYK ? TJPF_CMYK : TJPF_RGB).rawValue)
    var status: Int32 = -1
    let pixels = [UInt8](unsafeUninitializedCapacity: Int(width) * Int(height) * channels) { buffer, count in
      status = tjDecompress2(
        decoder, bytes.baseAddress, UInt(bytes.count), buffer.baseAddress, width, 0, height, format,
        TJFLAG_ACCURATEDCT | TJFLAG_STOPONWARNING | TJFLAG_LIMITSCANS)
      count = status == 0 ? Int(width) * Int(height) * channels : 0
    }
    guard status == 0 else { throw damaged() }
    let samples = isCMYK ? rgb(fromInvertedCMYK: pixels) : pixels
    return Image(width: Int(width), height: Int(height), pixels: samples)
  }
}

/// Encodes grey or RGB pixels (alpha is dropped) as a baseline JPEG file, chroma at half resolution (4:2:0).
func encodeJPEG(_ picture: Image, quality: Int, name: String) throws -> Data {
  guard picture.width > 0, picture.height > 0 else {
    throw ImageError.cannotEncode(file: name, reason: "a side of 0 pixels")
  }
  let format: TJPF
  switch picture.channels {
  case 1: format = TJPF_GRAY
  case 3: format = TJPF_RGB
  case 4: format = TJPF_RGBX
  default: throw ImageError.cannotEncode(file: name, reason: "\(picture.channels) channels")
  }
  guard let encoder = tjInitCompress() else {
    throw ImageError.cannotEncode(file: name, reason: message(of: nil))
  }
  defer { tjDestroy(encoder) }
  let subsampling = Int32((picture.channels == 1 ? TJSAMP_GRAY : TJSAMP_420).rawValue)
  var buffer: UnsafeMutablePointer<UInt8>?
  defer { tjFree(buffer) }
  var size: UInt = 0
  let status = picture.pixels.withUnsafeBufferPointer {
    tjCompress2(
      encoder, $0.baseAddress, Int32(picture.width), 0, Int32(picture.height), Int32(format.rawValue), &buffer,
      &size, subsampling, Int32(min(max(quality, 1), 100)), TJFLAG_ACCURATEDCT)
  }
  guard status == 0, let buffer else {
    throw ImageError.cannotEncode(file: name, reason: message(of: encoder))
  }
  return Data(bytes: buffer, count: Int(size))
}

/// RGB from CMYK as Adobe's programs store it, every sample inverted: each colour times the paper's white.
private func rgb(fromInvertedCMYK samples: [UInt8]) -> [UInt8] {
  var result = [UInt8]()
  result.reserveCapacity(samples.count / 4 * 3)
  for start in stride(from: 0, to: samples.count, by: 4) {
    let white = Int(samples[start + 3])
    for channel in 0..<3 {
      // PIL's order of rounding: the ink is scaled by the white and taken from it.
      let product = (255 - Int(samples[start + channel])) * white + 128
      result.append(UInt8(max(0, white - ((product >> 8) + product) >> 8)))
    }
  }
  return result
}

private func message(of handle: tjhandle?) -> String {
  tjGetErrorStr2(handle).map { String(cString: $0) } ?? "unknown error"
}
