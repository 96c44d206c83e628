import Foundation

/// How one trouble is made, and ended.
struct DiskSetting {
  var store, out: URL
  var program: URL
  var arguments: [String]
  /// Done while the run is on its way.
  var harm: (() -> Void)?
  /// Ends the trouble.
  var mend: () -> Void = {}
  var losesStore = false
  var isData = false
  var dataFolder = URL(fileURLWithPath: "/nowhere")
}

/// Small file systems that a trial mounts.
final class Mounts {
  private let folder: URL
  private var points: [URL] = []

  init(folder: URL) { self.folder = folder }

  /// A file system in memory of so many bytes.
  ///
  /// - Returns: Where it is; nil if the system does not allow it.
  func make(_ name: String, bytes: Int) -> URL? {
    let point = folder.appendingPathComponent(name)
    try? FileManager.default.createDirectory(at: point, withIntermediateDirectories: true)
    guard mount(["-t", "tmpfs", "-o", "size=\(max(bytes, 16384))", "tmpfs", point.path]) else { return nil }
    points.append(point)
    return point
  }

  /// Changes a mounted one: `size=…`, `ro`, `rw`.
  func change(_ point: URL, _ option: String) { _ = mount(["-o", "remount,\(option)", point.path]) }

  func removeAll() {
    for point in points { _ = try? Child(URL(fileURLWithPath: "/bin/umount"), [point.path]).wait(atMost: 30) }
    points = []
  }

  private func mount(_ arguments: [String]) -> Bool {
    (try? Child(URL(fileURLWithPath: "/bin/mount"), arguments).wait(atMost: 30))?.status == 0
  }
}

extension DiskTrials {
  /// - Parameter share: How far the run gets: of the bytes it needs, or of its time.
  /// - Returns: Nil where the system does not allow it.
  func setting(_ trouble: Trouble, share: Double, trial: (store: URL, out: URL), _ mounts: Mounts) throws
    -> DiskSetting?
  {
    let files = FileManager.default
    func plain(store: URL, out: URL, more: [String] = []) -> DiskSetting {
      DiskSetting(
        store: store, out: out, program: pipeline.program,
        arguments: pipeline.arguments(store: store, out: out, more: more))
    }
    func copyStore(to store: URL) throws {
      try files.createDirectory(at: store.deletingLastPathComponent(), withIntermediateDirectories: true)
      try files.copyItem(at: halfStore, to: store)
    }
    func wrapped(_ setting: DiskSetting, _ program: String, _ arguments: [String]) -> DiskSetting {
      var setting = setting
      setting.arguments = arguments + [setting.program.path] + setting.arguments
      setting.program = URL(fileURLWithPath: program)
      return setting
    }
    switch trouble {
    case .fileSize:
      try copyStore(to: trial.store)
      // In blocks of 512 bytes, from nothing to the size of the largest files, evenly by their logarithm.
      let blocks = Int(pow(8192, share)) - 1
      return wrapped(
        plain(store: trial.store, out: trial.out), "/bin/sh", ["-c", "ulimit -f \(blocks); exec \"$0\" \"$@\""])
    case .fullStore:
      guard let disk = mounts.make("disk", bytes: 4 * reference.storeBytes + (64 << 20)) else { return nil }
      let store = disk.appendingPathComponent("store")
      try copyStore(to: store)
      let used = try Self.diskUse(of: disk)
      let needed = max(0, reference.storeBytes - used)
      mounts.change(disk, "size=\(used + Int(share * Double(needed)))")
      var setting = plain(store: store, out: trial.out)
      setting.mend = { mounts.change(disk, "size=\(8 * reference.storeBytes + (64 << 20))") }
      return setting
    case .fullReport:
      guard let disk = mounts.make("disk", bytes: Int(share * Double(reference.reportBytes))) else { return nil }
      try copyStore(to: trial.store)
      var setting = plain(store: trial.store, out: disk.appendingPathComponent("report"))
      setting.mend = { mounts.change(disk, "size=\(8 * reference.reportBytes + (16 << 20))") }
      return setting
    case .readOnly:
      guard let disk = mounts.make("disk", bytes: 4 * reference.storeBytes + (64 << 20)) else { return nil }
      let store = disk.appendingPathComponent("store")
      try copyStore(to: store)
      var setting = plain(store: store, out: trial.out)
      // From the start: the system refuses it while a file is open for writing, as a stage's lock always is.
      mounts.change(disk, "ro")
      setting.mend = { mounts.change(disk, "rw") }
      return setting
    case .permission, .reportPermission:
      // Nobody may read what is there, and write nothing, or nothing but the report.
      try copyStore(to: trial.store)
      let isReport = trouble == .reportPermission
      if isReport { try files.createDirectory(at: trial.out, withIntermediateDirectories: true) }
      let open = isReport ? trial.store : trial.store.deletingLastPathComponent()
      _ = try Child(
        URL(fileURLWithPath: "/bin/chown"), (isReport ? ["-R"] : []) + ["65534:65534", open.path]).wait(atMost: 30)
      var setting = wrapped(
        plain(store: trial.store, out: trial.out), "/usr/bin/setpriv",
        ["--reuid=65534", "--regid=65534", "--clear-groups"])
      setting.mend = {
        _ = try? Child(URL(fileURLWithPath: "/bin/chown"), ["-R", "0:0", trial.store.deletingLastPathComponent().path])
          .wait(atMost: 30)
      }
      return setting
    case .storeVanishes:
      try copyStore(to: trial.store)
      var setting = plain(store: trial.store, out: trial.out)
      setting.harm = { try? files.removeItem(at: trial.store) }
      setting.losesStore = true
      return setting
    case .reportVanishes:
      try copyStore(to: trial.store)
      var setting = plain(store: trial.store, out: trial.out)
      setting.harm = { try? files.removeItem(at: trial.out) }
      return setting
    case .pictureVanishes, .pictureDamaged:
      let folder = trial.store.deletingLastPathComponent().appendingPathComponent("pictures/data")
      try files.createDirectory(at: folder.deletingLastPathComponent(), withIntermediateDirectories: true)
      try files.copyItem(at: data, to: folder)
      try files.createDirectory(at: trial.store, withIntermediateDirectories: true)
      var setting = plain(store: trial.store, out: trial.out, more: ["--data", folder.path])
      (setting.isData, setting.dataFolder) = (true, folder)
      let train = folder.appendingPathComponent("train")
      setting.harm = {
        if trouble == .pictureVanishes {
          try? files.removeItem(at: train)
          return
        }
        for path in (try? files.subpathsOfDirectory(atPath: train.path)) ?? [] where path.hasSuffix(".png") {
          try? Data("no picture".utf8).write(to: train.appendingPathComponent(path))
        }
      }
      setting.mend = { [data] in
        try? files.removeItem(at: folder)
        try? files.copyItem(at: data, to: folder)
      }
      return setting
    }
  }

  /// Bytes of whole pages, as a file system in memory counts them, and a little for names.
  private static func diskUse(of folder: URL) throws -> Int {
    try FileManager.default.subpathsOfDirectory(atPath: folder.path).reduce(0) { total, path in
      let size = try FileManager.default.attributesOfItem(atPath: folder.appendingPathComponent(path).path)[.size]
      return total + (((size as? NSNumber)?.intValue ?? 0) + 8191) / 4096 * 4096
    }
  }
}
