internal import Protocols

/// Finds the file that describes a symbol. Reads of each serialised FileDescriptorProto only the
/// names (field numbers from google/protobuf/descriptor.proto).
struct DescriptorIndex: Sendable {
  private struct Entry: Sendable {
    var bytes: [UInt8]
    var imports: [String] = []
  }

  private var entries: [Entry] = []
  private var files: [String: Int] = [:]
  private var symbols: [String: Int] = [:]

  init(_ descriptors: [FileDescriptors.File]) {
    for descriptor in descriptors {
      files[descriptor.name] = entries.count
      entries.append(Entry(bytes: descriptor.bytes))
      // Our own bytes, made at build time: unreadable ones are a fault of the build.
      do {
        try readFile(descriptor.bytes[...])
      } catch {
        preconditionFailure("descriptor '\(descriptor.name)' cannot be read: \(error)")
      }
    }
  }

  func file(named name: String) -> Int? { files[name] }

  func file(containing symbol: String) -> Int? { symbols[symbol] }

  /// A file and all that it imports, each once, the file first.
  func closure(of file: Int) -> [[UInt8]] {
    var order = [file]
    var next = 0
    while next < order.count {
      for name in entries[order[next]].imports {
        if let imported = files[name], !order.contains(imported) { order.append(imported) }
      }
      next += 1
    }
    return order.map { entries[$0].bytes }
  }

  private mutating func readFile(_ bytes: ArraySlice<UInt8>) throws(ProtobufError) {
    let index = entries.count - 1
    var package = ""
    var reader = ProtobufReader(bytes)
    while let field = try reader.next() {
      if field.number == 2 { package = Self.text(field.bytes) + "." }
      if field.number == 3 { entries[index].imports.append(Self.text(field.bytes)) }
    }
    reader = ProtobufReader(bytes)
    while let field = try reader.next() {
      switch field.number {
      case 4: try readMessage(field.bytes, package, index)
      case 5: symbols[package + (try Self.name(field.bytes))] = index
      case 6: try readService(field.bytes, package, index)
      default: break
      }
    }
  }

  private mutating func readMessage(
    _ bytes: ArraySlice<UInt8>, _ scope: String, _ index: Int
  ) throws(ProtobufError) {
    let name = scope + (try Self.name(bytes))
    symbols[name] = index
    var reader = ProtobufReader(bytes)
    while let field = try reader.next() {
      switch field.number {
      case 2: symbols[name + "." + (try Self.name(field.bytes))] = index
      case 3: try readMessage(field.bytes, name + ".", index)
      case 4: symbols[name + "." + (try Self.name(field.bytes))] = index
      default: break
      }
    }
  }

  private mutating func readService(
    _ bytes: ArraySlice<UInt8>, _ scope: String, _ index: Int
  ) throws(ProtobufError) {
    let name = scope + (try Self.name(bytes))
    symbols[name] = index
    var reader = ProtobufReader(bytes)
    while let field = try reader.next() {
      if field.number == 2 { symbols[name + "." + (try Self.name(field.bytes))] = index }
    }
  }

  /// Field 1 of every descriptor is its name.
  private static func name(_ bytes: ArraySlice<UInt8>) throws(ProtobufError) -> String {
    var reader = ProtobufReader(bytes)
    while let field = try reader.next() {
      if field.number == 1 { return text(field.bytes) }
    }
    return ""
  }

  private static func text(_ bytes: ArraySlice<UInt8>) -> String {
    String(decoding: bytes, as: UTF8.self)
  }
}
