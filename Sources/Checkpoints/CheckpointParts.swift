import Foundation

/// The layers of PyTorch's zip files one by one, for tests that damage one and leave the others sound.
public enum CheckpointParts {
  /// The `data.pkl` of a PyTorch zip file.
  ///
  /// - Throws: `CheckpointError`.
  public static func pickle(of url: URL) throws -> [UInt8] {
    let archive = try ZipReader(try FileBytes(url))
    guard let entry = archive.entries.values.first(where: { $0.name.hasSuffix("data.pkl") }) else {
      throw CheckpointError(file: url.path, reason: .archive("it has no data.pkl"))
    }
    return try archive.bytes(entry)
  }

  /// A sound zip file around a pickle, with storages 0 to 31 of 96 bytes.
  public static func zip(around pickle: [UInt8]) -> [UInt8] {
    var file: [UInt8] = []
    withoutActuallyEscaping({ (bytes: UnsafeRawBufferPointer) throws -> Void in file += bytes }) { put in
      var archive = ZipWriter(put)
      // Writing to memory does not fail.
      try? archive.add("archive/data.pkl", pickle)
      for number in 0..<32 { try? archive.add("archive/data/\(number)", [UInt8](repeating: UInt8(number), count: 96)) }
      try? archive.finish()
    }
    return file
  }

  /// Reads a bare pickle, in which storages are what their identifiers say.
  ///
  /// - Throws: `CheckpointError`.
  public static func readPickle(_ pickle: [UInt8], path: String = "pickle") throws -> CheckpointValue {
    let source = MemoryBytes(pickle, file: path)
    let storages = PyTorchStorages { key, byteCount, _ in
      CheckpointStorage(name: key, file: path, byteCount: byteCount, .awaited)
    }
    let reader = PickleReader(source, persistent: storages.resolve)
    do { return try PickleTree(reader).value(try reader.load()) } catch let fault as CheckpointFault {
      throw source.error(fault.reason)
    }
  }
}
