/// Metadata of a call: ordered (name, value) pairs. Names are lower case; a name that ends in
/// `-bin` carries bytes, which travel as base64.
public struct Metadata: Sendable, Hashable, ExpressibleByDictionaryLiteral {
  /// The fields as they travel.
  public var headers: HeaderList

  /// No pairs.
  public init() {
    headers = HeaderList()
  }

  /// Text pairs in order.
  public init(dictionaryLiteral elements: (String, String)...) {
    self.init()
    for (name, value) in elements { add(name, value) }
  }

  /// A copy of a received header block, without its pseudo-fields.
  public init(copying block: HeaderBlock) {
    headers = HeaderList(copying: block, skippingPseudoFields: true)
  }

  /// Becomes such a copy, in the memory of what was there before when nobody else uses it.
  public mutating func replaceAll(copying block: HeaderBlock) {
    headers.replaceAll(copyingRegular: block)
  }

  /// True when there are no pairs.
  public var isEmpty: Bool { headers.isEmpty }

  /// The number of pairs.
  public var count: Int { headers.count }

  /// Adds a text pair after those of the same name. Bytes outside printable ASCII, which gRPC
  /// does not allow in text values, are refused by the peer; send them as `-bin`.
  public mutating func add(_ name: String, _ value: String) {
    headers.append(name.lowercased(), value)
  }

  /// Adds bytes under a name that ends in `-bin`.
  public mutating func add(_ name: String, bytes: [UInt8]) {
    precondition(name.hasSuffix("-bin"), "binary metadata needs a name ending in -bin: \(name)")
    let text = bytes.withUnsafeBytes { Base64.encode($0, isPadded: false) }
    headers.append(name.lowercased(), String(decoding: text, as: UTF8.self))
  }

  /// Replaces all values of a name by one.
  public mutating func set(_ name: String, _ value: String) {
    remove(name)
    add(name, value)
  }

  /// Removes all values of a name.
  public mutating func remove(_ name: String) {
    let name = name.lowercased()
    var kept = HeaderList()
    headers.withBlock { block in
      block.forEach { field in
        if !field.name.elementsEqual(name.utf8) {
          kept.append(name: field.name, value: field.value)
        }
      }
    }
    headers = kept
  }

  /// The first text value of a name, or nil.
  public subscript(_ name: String) -> String? {
    var result: String?
    headers.withBlock { block in
      block.forEach { field in
        if result == nil, field.name.elementsEqual(name.utf8) {
          result = String(decoding: field.value, as: UTF8.self)
        }
      }
    }
    return result
  }

  /// All text values of a name, in order.
  public func all(_ name: String) -> [String] {
    compactMap { $0.name == name ? $0.value : nil }
  }

  /// The bytes of all values of a `-bin` name. Values joined by commas count as several; one
  /// that is not base64 is left out.
  public func allBytes(_ name: String) -> [[UInt8]] {
    all(name).flatMap { value in
      value.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
        .compactMap { Base64.decode($0) }
    }
  }

  /// The bytes of the first value of a `-bin` name, or nil.
  public func bytes(_ name: String) -> [UInt8]? {
    allBytes(name).first
  }
}

extension Metadata: Sequence {
  /// The pairs as Strings, in order; `-bin` values as they travel.
  public func makeIterator() -> IndexingIterator<[(name: String, value: String)]> {
    var pairs: [(name: String, value: String)] = []
    headers.withBlock { block in
      block.forEach { field in
        pairs.append(
          (
            String(decoding: field.name, as: UTF8.self),
            String(decoding: field.value, as: UTF8.self)
          )
        )
      }
    }
    return pairs.makeIterator()
  }
}
