import Foundation

/// Settings with one value set by its path, such as `cdtg.iterations=2000`: a number, a text, or JSON.
///
/// Settings that are not set (nil) have no place in the encoded form; they are known by their being there afterwards.
///
/// - Throws: `SettingError` for a path that is not there, or a value of another type.
public func overriding<Settings: Codable>(_ settings: Settings, _ assignment: String) throws -> Settings {
  let parts = assignment.split(separator: "=", maxSplits: 1).map(String.init)
  guard parts.count == 2 else { throw SettingError.notAnAssignment(assignment) }
  let keys = parts[0].split(separator: ".").map(String.init)
  let change = try replacing(in: try tree(settings), keys[...], with: parts[1], path: parts[0])
  let changed: Settings
  do {
    changed = try JSONDecoder().decode(
      Settings.self, from: try JSONSerialization.data(withJSONObject: change.tree, options: .fragmentsAllowed))
  } catch {
    throw SettingError.badValue(path: parts[0], value: parts[1])
  }
  if let known = change.known {
    var found: Any? = try tree(changed)
    for key in keys { found = (found as? [String: Any])?[key] }
    if found == nil { throw SettingError.unknown(path: parts[0], known: known) }
  }
  return changed
}

private func tree(_ settings: some Encodable) throws -> Any {
  try JSONSerialization.jsonObject(with: try JSONEncoder().encode(settings))
}

/// - Returns: The tree, and, where the key was not there, what was.
private func replacing(in value: Any, _ keys: ArraySlice<String>, with text: String, path: String) throws
  -> (tree: Any, known: [String]?)
{
  guard let key = keys.first else {
    return ((try? JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed)) ?? text, nil)
  }
  guard var object = value as? [String: Any] else { throw SettingError.unknown(path: path, known: []) }
  let known = object.keys.sorted()
  guard let inner = object[key] else {
    guard keys.count == 1 else { throw SettingError.unknown(path: path, known: known) }
    object[key] = try replacing(in: 0, [], with: text, path: path).tree
    return (object, known)
  }
  let change = try replacing(in: inner, keys.dropFirst(), with: text, path: path)
  object[key] = change.tree
  return (object, change.known)
}
