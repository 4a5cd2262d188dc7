internal import Protocols

/// The parameter that says which sequence a request belongs to: one entry of the request's
/// `parameters`, looked at while the body passes by. Stateful models keep a sequence's state on one
/// instance, so that its requests must all go there.
enum SequenceEntry {
  /// The number of `parameters` in `inference.ModelInferRequest`. Tensors have higher numbers, and
  /// every writer of protobuf puts fields in the order of their numbers.
  static let field: UInt64 = 4

  /// Longer entries are something else: a text id has at most 128 bytes.
  static let byteCountMax = 192

  /// What a model service tells sequences apart by, hashed; nil when the entry is another
  /// parameter, or says that the request stands alone.
  static func hash(_ entry: [UInt8]) -> UInt64? {
    var parameters: [String: Inference.InferParameter] = [:]
    // Bytes that are not an entry are for the model service to refuse.
    guard (try? Inference.InferParameter.readEntry(entry[...], into: &parameters)) != nil,
      let id = parameters["sequence_id"]
    else { return nil }
    var hash = StableHash()
    switch id {
    case .int64(let number) where number != 0: hash.combine(UInt64(bitPattern: number))
    case .uint64(let number) where number != 0: hash.combine(number)
    case .string(let text) where !text.isEmpty: hash.combine(text.utf8)
    default: return nil
    }
    return hash.value
  }
}
