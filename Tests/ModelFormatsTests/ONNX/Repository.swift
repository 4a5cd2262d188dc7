import Compute
import Glibc
import ModelFormats

/// Files of the repository this test was built from.
enum Repository {
  static func path(_ relative: String) -> String {
    let here = #filePath
    let root = here.components(dropping: 4)
    return "\(root)/\(relative)"
  }

  static func bytes(_ relative: String) throws -> [UInt8] {
    try bytes(absolute: path(relative))
  }

  static func bytes(absolute path: String) throws -> [UInt8] {
    guard let file = fopen(path, "rb") else { throw Missing(path: path) }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while case let count = fread(&buffer, 1, buffer.count, file), count > 0 {
      bytes += buffer[..<count]
    }
    return bytes
  }

  static func array(_ relative: String) throws -> NumpyArray {
    try NumpyArray(npy: bytes(relative)[...])
  }

  /// Names of the files in a folder.
  static func list(_ relative: String, suffix: String) -> [String] {
    list(absolute: path(relative), prefix: "").filter { $0.hasSuffix(suffix) }
  }

  static func list(absolute path: String, prefix: String) -> [String] {
    guard let folder = opendir(path) else { return [] }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name.hasPrefix(prefix) { names.append(name) }
    }
    return names.sorted()
  }

  struct Missing: Error { var path: String }
}

extension String {
  /// The path without its last `count` components.
  fileprivate func components(dropping count: Int) -> String {
    split(separator: "/", omittingEmptySubsequences: false).dropLast(count)
      .joined(separator: "/")
  }
}
