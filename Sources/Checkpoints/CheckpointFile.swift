import Engine
import Foundation

/// A file of weights of any known format, open: what it holds is known, the values are still on disk.
///
/// Opening reads the directory of a zip, a header or a pickle, and so takes about as long for a file of 1 GB as for a
/// small one. Formats are recognised by their first bytes, not by the file's name.
public final class CheckpointFile {
  public enum Format: String, Sendable {
    /// PyTorch 1.6 and later.
    case pyTorchZip = "PyTorch zip"
    /// `torch.jit.save`: the weights; the code is not looked at.
    case torchScript = "TorchScript"
    /// PyTorch before 1.6.
    case pyTorchLegacy = "PyTorch legacy"
    /// PyTorch before 0.1.10.
    case pyTorchTar = "PyTorch tar"
    case safeTensors = "safetensors"
  }

  /// The file's path.
  public let path: String
  public let format: Format
  public let byteCount: Int
  /// Everything in it.
  public let root: CheckpointValue
  /// The texts beside the tensors of a safetensors file.
  public let metadata: [String: String]

  /// Opens a file.
  ///
  /// - Throws: `CheckpointError`, with the entry and the byte; `SafeTensorsError`, with the key.
  public convenience init(contentsOf url: URL) throws { try self.init(try FileBytes(url)) }

  /// Opens the bytes of a file in memory.
  ///
  /// - Parameter path: The name for error messages.
  public convenience init(bytes: [UInt8], path: String) throws { try self.init(MemoryBytes(bytes, file: path)) }

  init(_ source: ByteSource) throws {
    path = source.file
    byteCount = source.count
    let head = try source.bytes(at: 0, count: min(512, source.count))
    do {
      if head.starts(with: Array("PK".utf8)) {
        let (value, isScript) = try PyTorchZip.read(source)
        (root, format, metadata) = (value, isScript ? .torchScript : .pyTorchZip, [:])
      } else if PyTorchLegacy.isLegacy(head) {
        (root, format, metadata) = (try PyTorchLegacy.read(source), .pyTorchLegacy, [:])
      } else if TarReader.isTar(head) {
        (root, format, metadata) = (try PyTorchTar.read(source), .pyTorchTar, [:])
      } else if SafeTensorsHeader.isSafeTensors(head) {
        let header = try SafeTensorsHeader(source)
        var dictionary = CheckpointDictionary()
        for (key, tensor) in header.tensors { dictionary[key] = .tensor(tensor) }
        (root, format, metadata) = (.dictionary(dictionary), .safeTensors, header.metadata)
      } else {
        throw source.error(.unknownFormat)
      }
    } catch let fault as CheckpointFault {
      throw source.error(fault.reason)
    } catch let reason as SafeTensorsError.Reason {
      throw SafeTensorsError(file: source.file, reason: reason)
    }
  }

  /// What stands at a path such as `g_ema`; see `CheckpointValue.value(at:)`.
  ///
  /// - Throws: `CheckpointError.Reason.noSuchPath` with the nearest name.
  public func value(at path: String) throws -> CheckpointValue {
    if let value = root.value(at: path) { return value }
    // Two levels of names are what users mistype.
    let names = root.children.flatMap { child in
      [child.name] + child.value.children.map { "\(child.name).\($0.name)" }
    }
    throw CheckpointError(
      file: self.path, reason: .noSuchPath(path, nearest: nearestName(to: path, in: names)))
  }

  /// The tensors below a path, by their paths from there.
  ///
  /// - Throws: `CheckpointError`, also where there are none or two have one path.
  public func tensors(at path: String = "") throws -> [(key: String, tensor: CheckpointTensor)] {
    let found = try value(at: path).tensors
    guard !found.isEmpty else { throw CheckpointError(file: self.path, reason: .noTensors(path)) }
    var seen: Set<String> = []
    return try found.map { key, tensor in
      // A path to a single tensor.
      let name = key.isEmpty ? path.isEmpty ? "tensor" : path : key
      guard seen.insert(name).inserted else { throw CheckpointError(file: self.path, reason: .duplicateKey(name)) }
      return (name, tensor)
    }
  }

  /// Reads the tensors below a path, such as `g_ema`, as float32 in PyTorch's order of axes. What is no tensor (counts
  /// of an optimizer, options) is left out. Each storage is read once, however many tensors share it.
  ///
  /// - Throws: `CheckpointError`.
  public func stateDictionary(at path: String = "") throws -> StateDictionary {
    let tensors = try self.tensors(at: path)
    // Views can repeat a storage without end: what a file unfolds to is bounded by its size.
    let limit = 8 * byteCount + (16 << 20)
    var total = 0
    for (key, tensor) in tensors {
      total += 4 * tensor.count
      guard total <= limit else {
        throw CheckpointError(
          file: self.path, place: key,
          reason: .tooLarge("tensors of more than \(limit) bytes from a file of \(byteCount)"))
      }
    }
    var loaded = [Tensor?](repeating: nil, count: tensors.count)
    var order: [ObjectIdentifier] = []
    var users: [ObjectIdentifier: [Int]] = [:]
    for (index, (_, tensor)) in tensors.enumerated() {
      let storage = ObjectIdentifier(tensor.storage)
      if users[storage] == nil { order.append(storage) }
      users[storage, default: []].append(index)
    }
    for storage in order {
      for index in users[storage]! { loaded[index] = try tensors[index].tensor.load() }
      tensors[users[storage]![0]].tensor.storage.forget()
    }
    var result = StateDictionary(source: path.isEmpty ? self.path : "\(self.path) at \(path)")
    for (index, (key, _)) in tensors.enumerated() { result[key] = loaded[index] }
    return result
  }
}

extension StateDictionary {
  /// Reads a file of any known format: the tensors at a path such as `g_ema`, or all.
  ///
  /// - Throws: `CheckpointError`, `SafeTensorsError`.
  public init(contentsOf url: URL, at path: String = "") throws {
    self = try CheckpointFile(contentsOf: url).stateDictionary(at: path)
  }

  /// The keys of tensors with a NaN or an infinity: weights that only a failed training leaves.
  public var keysWithNonFiniteValues: [String] { entries.filter { !$0.value.isFinite }.map(\.key) }
}
