import Glibc

/// A folder that goes when the test is over.
public final class ScratchFolder {
  /// Where it is.
  public let path: String

  /// An empty one.
  public init() {
    var template = Array("/tmp/martlet-test-XXXXXX".utf8CString)
    path = String(cString: mkdtemp(&template))
  }

  /// Makes, or replaces, a file, and the folders above it.
  public func write(_ bytes: [UInt8], _ name: String) {
    var above = path
    for part in name.split(separator: "/").dropLast() {
      above += "/\(part)"
      mkdir(above, 0o755)
    }
    guard let file = fopen("\(path)/\(name)", "wb") else { return }
    fwrite(bytes, 1, bytes.count, file)
    fclose(file)
  }

  deinit { Self.remove(path) }

  private static func remove(_ path: String) {
    guard let folder = opendir(path) else { return }
    while let entry = readdir(folder) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name == "." || name == ".." { continue }
      if unlink("\(path)/\(name)") != 0 { remove("\(path)/\(name)") }
    }
    closedir(folder)
    rmdir(path)
  }
}
