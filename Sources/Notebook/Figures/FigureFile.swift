import Foundation

extension Figure {
  /// Draws the figure into an SVG file of its own, outside any report.
  ///
  /// - Throws: `NotebookError` where gnuplot is missing or refuses, or the file cannot be written.
  public func write(toSVG file: URL) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("figure-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    let unwritable = { (error: Error) in
      NotebookError.folderUnwritable(folder: file.deletingLastPathComponent().path, reason: SystemReason.of(error))
    }
    do { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) } catch {
      throw unwritable(error)
    }
    let drawing = try Gnuplot().svg(of: self, in: folder)
    do { try drawing.write(to: file, options: .atomic) } catch { throw unwritable(error) }
  }
}
