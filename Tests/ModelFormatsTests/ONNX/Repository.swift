import Compute
import ModelFormats
import TestSupport

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
    try Files.read(path)
  }

  static func array(_ relative: String) throws -> NumpyArray {
    try NumpyArray(npy: bytes(relative)[...])
  }

  /// Names of the files in a folder.
  static func list(_ relative: String, suffix: String) -> [String] {
    list(absolute: path(relative), prefix: "").filter { $0.hasSuffix(suffix) }
  }

  static func list(absolute path: String, prefix: String) -> [String] {
    Files.list(path).filter { $0.hasPrefix(prefix) }
  }
}

extension String {
  /// The path without its last `count` components.
  fileprivate func components(dropping count: Int) -> String {
    split(separator: "/", omittingEmptySubsequences: false).dropLast(count)
      .joined(separator: "/")
  }
}
