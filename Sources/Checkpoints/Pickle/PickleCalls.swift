/// What becomes of the calls that a pickle asks for. Nothing is ever called; the rule is:
///
/// 1. The constructors named in `PickleConstructors` are done here: they make tensors, dictionaries, sets, numbers.
/// 2. Everything else of the modules in `refusedModules` (`builtins`, `os`, `posix`, `subprocess`, …) is refused by
///    name, but for the plain types of `builtins`, such as `complex`, which become inert records.
/// 3. Of other modules, a class becomes an inert record. A name is taken for a class if its last part begins with a
///    capital letter, if it stands in `plainClasses`, or if NEWOBJ, which needs a class, is what calls it.
/// 4. The rest are functions, and refused by name.
///
/// A name that is only mentioned, not called, is an inert record whatever it is.
extension PickleReader {
  /// - Parameter isNew: Whether `__new__` is called (NEWOBJ), which only classes have.
  func call(_ callable: PickleValue, _ arguments: [PickleValue], isNew: Bool) throws -> PickleValue {
    guard case .node(let index) = callable, case .global(let global) = node(index).kind else {
      throw malformed("it calls what is no class")
    }
    if let made = try construct(global, arguments) { return made }
    let root = global.module.prefix { $0 != "." }
    if refusedModules.contains(String(root)) {
      guard root == "builtins" || root == "__builtin__", dataTypes.contains(global.name) else {
        throw error(.refused("\(global)"))
      }
      return try make(.record(global, arguments: arguments))
    }
    guard isNew || plainClasses.contains("\(global)") || isClassName(global.name) else {
      throw error(.refused("\(global)"))
    }
    return try make(.record(global, arguments: arguments))
  }

  /// Gives an object its attributes.
  func build(_ object: PickleValue, _ state: PickleValue) throws {
    guard case .node(let index) = object else { throw malformed("attributes of what is no object") }
    let node = node(index)
    switch node.kind {
    case .record(let global, _):
      node.state = state
      if let tensor = try rebuilt(global, node, state) { node.kind = .tensor(tensor) }
    // Attributes of an OrderedDict (`_metadata`), of a parameter, of a subclass of set.
    case .dictionary, .tensor, .set, .list: node.state = state
    case .tuple, .global, .storage: throw malformed("attributes of what takes none")
    }
  }

  private func isClassName(_ name: String) -> Bool {
    let last = name.split(separator: ".").last ?? ""
    return last.drop { $0 == "_" }.first?.isUppercase ?? false
  }
}

/// Modules through which a pickle could reach the machine, Python's own state, or other pickles.
private let refusedModules: Set<String> = [
  "__builtin__", "builtins", "os", "posix", "nt", "ntpath", "posixpath", "sys", "subprocess", "_posixsubprocess",
  "popen2", "pty", "shutil", "socket", "ssl", "select", "selectors", "signal", "asyncio", "multiprocessing",
  "threading", "_thread", "concurrent", "ctypes", "_ctypes", "cffi", "mmap", "fcntl", "importlib", "imp", "pkgutil",
  "runpy", "codeop", "pdb", "bdb", "timeit", "cProfile", "doctest", "unittest", "pytest", "pip", "setuptools",
  "distutils", "venv", "ensurepip", "pickle", "_pickle", "cPickle", "cloudpickle", "dill", "joblib", "marshal",
  "shelve", "dbm", "operator", "_operator", "inspect", "ast", "gc", "weakref", "io", "_io", "tempfile", "types",
  "fileinput", "zipfile", "tarfile", "zipimport", "urllib", "urllib2", "http", "httplib", "requests", "ftplib",
  "smtplib", "telnetlib", "xmlrpc", "webbrowser", "antigravity", "idlelib", "atexit", "readline", "rlcompleter",
]

/// Types of `builtins` that are data: calling them makes a value and nothing else.
private let dataTypes: Set<String> = [
  "object", "bool", "int", "long", "float", "complex", "str", "unicode", "bytes", "bytearray", "list", "tuple", "dict",
  "set", "frozenset", "slice", "range", "xrange",
]

/// Classes whose names begin with a small letter.
private let plainClasses: Set<String> = [
  "datetime.datetime", "datetime.date", "datetime.time", "datetime.timedelta", "datetime.timezone",
  "collections.deque", "functools.partial", "numpy.dtype", "numpy.ndarray", "torch.device", "torch.dtype",
  "torch.iinfo", "torch.finfo", "torch.layout", "torch.memory_format", "array.array", "easydict.edict",
]
