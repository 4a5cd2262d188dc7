internal import CSimdjson

/// Types of a tensor's elements that JSON can show.
public enum JSONElementType: Sendable, Hashable, CaseIterable {
  case bool, uint8, uint16, uint32, uint64, int8, int16, int32, int64, fp32, fp64
  /// Text: each element as a 32-bit length and UTF-8 bytes.
  case bytes

  var raw: martlet_json_element_type {
    switch self {
    case .bool: MARTLET_JSON_BOOL
    case .uint8: MARTLET_JSON_UINT8
    case .uint16: MARTLET_JSON_UINT16
    case .uint32: MARTLET_JSON_UINT32
    case .uint64: MARTLET_JSON_UINT64
    case .int8: MARTLET_JSON_INT8
    case .int16: MARTLET_JSON_INT16
    case .int32: MARTLET_JSON_INT32
    case .int64: MARTLET_JSON_INT64
    case .fp32: MARTLET_JSON_FP32
    case .fp64: MARTLET_JSON_FP64
    case .bytes: MARTLET_JSON_BYTES
    }
  }

  /// Bytes of an element; nil for text.
  public var byteCount: Int? {
    switch self {
    case .bool, .uint8, .int8: 1
    case .uint16, .int16: 2
    case .uint32, .int32, .fp32: 4
    case .uint64, .int64, .fp64: 8
    case .bytes: nil
    }
  }

  /// What an element must be, for errors.
  var expectation: String {
    switch self {
    case .bool: "true or false"
    case .uint8: "an integer from 0 to 255"
    case .uint16: "an integer from 0 to 65535"
    case .uint32: "an integer from 0 to 4294967295"
    case .uint64: "an integer from 0 to 18446744073709551615"
    case .int8: "an integer from -128 to 127"
    case .int16: "an integer from -32768 to 32767"
    case .int32: "an integer of 32 bits"
    case .int64: "an integer of 64 bits"
    case .fp32: "a number that fits 32 bits, or \"NaN\", \"Infinity\", \"-Infinity\""
    case .fp64: "a number that fits 64 bits, or \"NaN\", \"Infinity\", \"-Infinity\""
    case .bytes: "a string"
    }
  }
}

/// Elements read from a text, in memory of their own: little-endian, row-major, unpadded.
public struct JSONElements: ~Copyable {
  private let elements: martlet_json_elements

  init(_ elements: martlet_json_elements) {
    self.elements = elements
  }

  deinit {
    martlet_json_elements_free(elements)
  }

  /// How many elements there are.
  public var count: Int { elements.element_count }
  /// How many bytes they have.
  public var byteCount: Int { elements.byte_count }

  /// Calls `body` with the bytes, valid only inside.
  public func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    body(UnsafeRawBufferPointer(start: elements.bytes, count: elements.byte_count))
  }
}
