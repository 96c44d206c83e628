import Foundation

/// One file of golden values: what the released PyTorch code answers for weights and inputs made by a formula.
public final class GoldenCase {
  /// A tensor's statistics, and its values at some flat positions in PyTorch's order.
  public struct Record: Decodable, Sendable {
    public let shape: [Int]
    public let mean: Double
    /// Of the population.
    public let std: Double
    public let absmax: Double
    public let index: [Int]
    public let value: [Double]
  }

  /// The file's name without `.json`.
  public let name: String
  public let path: String
  public let salt: UInt64
  private let fields: [String: Field]

  /// - Throws: `GoldenError`.
  public init(contentsOf url: URL) throws {
    name = url.deletingPathExtension().lastPathComponent
    path = url.path
    do {
      fields = try JSONDecoder().decode([String: Field].self, from: Data(contentsOf: url))
    } catch {
      throw GoldenError(path: url.path, reason: "it is not a file of golden values: \(error)")
    }
    switch fields["salt"] {
    case .number(let value)?:
      guard let exact = UInt64(exactly: value) else {
        throw GoldenError(path: url.path, reason: "salt is \(value), not a whole number of 64 bits")
      }
      salt = exact
    case .whole(let value)?: salt = value
    default: throw GoldenError(path: url.path, reason: "it has no salt")
    }
  }

  /// A record, by key.
  public func record(_ key: String) throws -> Record {
    guard case .record(let record)? = fields[key] else { throw missing(key, "record") }
    guard record.index.count == record.value.count, record.shape.allSatisfy({ $0 >= 0 }),
      record.index.allSatisfy({ $0 >= 0 && $0 < record.shape.reduce(1, { $0.multipliedReportingOverflow(by: $1).0 }) })
    else { throw GoldenError(path: path, reason: "\(key) has positions outside its shape, or a value too many or too few") }
    return record
  }

  /// A number, by key.
  public func number(_ key: String) throws -> Double {
    switch fields[key] {
    case .number(let value)?: return value
    case .whole(let value)?: return Double(value)
    default: throw missing(key, "number")
    }
  }

  /// Small whole numbers, by key: labels.
  public func integers(_ key: String) throws -> [Int] {
    guard case .numbers(let values)? = fields[key] else { throw missing(key, "list of numbers") }
    return try values.map {
      guard let value = Int(exactly: $0) else { throw GoldenError(path: path, reason: "\(key) holds \($0)") }
      return value
    }
  }

  /// Lists of whole numbers, by key: tokens.
  public func integerRows(_ key: String) throws -> [[Int]] {
    guard case .rows(let rows)? = fields[key] else { throw missing(key, "list of lists of numbers") }
    return rows
  }

  /// Texts, by key: prompts.
  public func texts(_ key: String) throws -> [String] {
    guard case .texts(let texts)? = fields[key] else { throw missing(key, "list of texts") }
    return texts
  }

  /// Matrices of one size, by key.
  public func matrices(_ key: String, rows: Int, columns: Int) throws -> [[[Double]]] {
    guard case .matrices(let matrices)? = fields[key],
      matrices.allSatisfy({ $0.count == rows && $0.allSatisfy { $0.count == columns } })
    else { throw missing(key, "list of \(rows) × \(columns) matrices") }
    return matrices
  }

  /// The keys of all records and numbers that a check can be held against, sorted.
  public var quantities: [String] {
    fields.compactMap { key, field in
      switch field {
      case .record: key
      case .number, .whole: ["salt", "inject_index", "keys"].contains(key) ? nil : key
      default: nil
      }
    }.sorted()
  }

  /// The keys of records that begin with a prefix, sorted.
  public func records(withPrefix prefix: String) -> [String] {
    fields.keys.filter { $0.hasPrefix(prefix) }.sorted()
  }

  private func missing(_ key: String, _ kind: String) -> GoldenError {
    GoldenError(path: path, reason: "it has no \(kind) named \(key)")
  }

  private enum Field: Decodable {
    case record(Record)
    case number(Double)
    case whole(UInt64)
    case numbers([Double])
    case rows([[Int]])
    case texts([String])

    case matrices([[[Double]]])
    case other

    init(from decoder: Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let value = try? container.decode(UInt64.self) {
        self = .whole(value)
      } else if let value = try? container.decode(Double.self) {
        self = .number(value)
      } else if let value = try? container.decode([Double].self) {
        self = .numbers(value)
      } else if let value = try? container.decode([[Int]].self) {
        self = .rows(value)
      } else if let value = try? container.decode([String].self) {
        self = .texts(value)

      } else if let value = try? container.decode([[[Double]]].self) {
        self = .matrices(value)
      } else if let value = try? container.decode(Record.self) {
        self = .record(value)
      } else {
        self = .other
      }
    }
  }
}

/// A file of golden values that cannot be used.
public struct GoldenError: Error, Equatable, CustomStringConvertible, LocalizedError {
  public let path: String
  public let reason: String

  public init(path: String, reason: String) {
    self.path = path
    self.reason = reason
  }

  public var description: String { "\(path): \(reason)" }
  public var errorDescription: String? { description }
}
