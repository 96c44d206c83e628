import Foundation

extension CheckpointValue {
  /// Writes a file that `torch.load(…, weights_only=True)` of PyTorch 1.13 and later opens: tensors in their types,
  /// dictionaries, lists, tuples, numbers and texts. An `argparse.Namespace` is written as a dictionary; tensors are
  /// written contiguously, one in memory at a time. The file appears whole or not at all.
  ///
  /// - Throws: `CheckpointError` where a record has no such form, with its path, or a source cannot be read;
  ///   `AtomicFile.Failure`.
  public func writePyTorch(to url: URL) throws {
    do {
      let pickle = try PickleWriter(self)
      try AtomicFile.write(to: url) { put in
        try withoutActuallyEscaping(put) { put in
          var archive = ZipWriter(put)
          try archive.add("archive/data.pkl", pickle.bytes)
          try archive.add("archive/byteorder", Array("little".utf8))
          for (number, tensor) in pickle.tensors.enumerated() {
            try tensor.withBytes { try archive.add("archive/data/\(number)", $0) }
          }
          try archive.add("archive/version", Array("3\n".utf8))
          try archive.finish()
        }
      }
    } catch let fault as CheckpointFault {
      throw CheckpointError(file: url.path, reason: fault.reason)
    }
  }
}

extension StateDictionary {
  /// Writes a PyTorch file of an `OrderedDict`, as `torch.save(module.state_dict(), …)` does.
  ///
  /// - Throws: `AtomicFile.Failure`.
  public func writePyTorch(to url: URL) throws { try CheckpointValue(self).writePyTorch(to: url) }
}
