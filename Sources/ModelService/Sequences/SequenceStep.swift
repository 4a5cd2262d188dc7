internal import Protocols
internal import RPC

/// What correlates the requests of one sequence. A number and its text are two ids, as in Triton.
enum SequenceID: Sendable, Hashable, CustomStringConvertible {
  case number(UInt64)
  case text(String)

  /// The longest text in bytes: Triton's limit, which also bounds the table's keys.
  static let textByteCountMax = 128

  var description: String {
    switch self {
    case .number(let number): String(number)
    case .text(let text): text
    }
  }
}

/// A request's place in a sequence.
struct SequenceStep: Sendable, Equatable {
  var id: SequenceID
  /// Begins the sequence, whatever was there under this id.
  var isStart = false
  /// Ends it: its state is forgotten afterwards.
  var isEnd = false
}

extension SequenceID {
  /// The value of `sequence_id`; nil for 0 and the empty text, which stand for no sequence.
  init?(_ value: Inference.InferParameter) throws(RPCError) {
    switch value {
    case .int64(let number):
      // Clients with unsigned ids have only this field for them: the bits are the id.
      guard number != 0 else { return nil }
      self = .number(UInt64(bitPattern: number))
    case .uint64(let number):
      guard number != 0 else { return nil }
      self = .number(number)
    case .string(let text):
      guard !text.isEmpty else { return nil }
      guard text.utf8.count <= Self.textByteCountMax else {
        throw .invalid(
          "expected a sequence_id of at most \(Self.textByteCountMax) bytes, got "
            + "\(text.utf8.count)")
      }
      self = .text(text)
    default:
      throw .invalid(
        "invalid value type for 'sequence_id' parameter, expected int64_param or string_param.")
    }
  }
}
