/// Files beside the tests.
enum Fixtures {
  /// The repository's root: this file is four folders below it.
  static let root = #filePath.split(separator: "/").dropLast(4)
    .reduce("") { $0 + "/" + $1 }

  static func bytes(_ path: String) throws -> [UInt8] { try readAll("\(root)/\(path)") }
}
