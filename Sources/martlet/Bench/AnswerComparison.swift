internal import Protocols

/// Whether an answer is that of the first call. Floating-point outputs may differ in their last
/// digits: a batch is summed in another order than a single request.
struct AnswerComparison: Sendable {
  /// Of a value with magnitude 1; what a batch's order of sums leaves of float32 is far below.
  static let tolerance: Float = 1e-4

  private let bytes: [UInt8]
  private let answer: Inference.ModelInferResponse

  init(first bytes: [UInt8]) throws {
    self.bytes = bytes
    answer = try Connection.decode(bytes)
  }

  func matches(_ other: [UInt8]) -> Bool {
    if other == bytes { return true }
    guard let other = try? Inference.ModelInferResponse(protobuf: other) else { return false }
    guard other.modelName == answer.modelName, other.modelVersion == answer.modelVersion,
      other.outputs.count == answer.outputs.count,
      other.rawOutputContents.count == answer.rawOutputContents.count,
      answer.outputs.count == answer.rawOutputContents.count
    else { return false }
    return answer.outputs.indices.allSatisfy { index in
      let (ours, theirs) = (answer.outputs[index], other.outputs[index])
      guard ours.name == theirs.name, ours.datatype == theirs.datatype,
        ours.shape == theirs.shape
      else { return false }
      let (left, right) = (answer.rawOutputContents[index], other.rawOutputContents[index])
      return ours.datatype == "FP32" ? Self.isClose(left, right) : left == right
    }
  }

  private static func isClose(_ left: ArraySlice<UInt8>, _ right: ArraySlice<UInt8>) -> Bool {
    guard left.count == right.count else { return false }
    return left.withUnsafeBytes { left in
      right.withUnsafeBytes { right in
        (0..<left.count / 4).allSatisfy { index in
          let a = left.loadUnaligned(fromByteOffset: index * 4, as: Float.self)
          let b = right.loadUnaligned(fromByteOffset: index * 4, as: Float.self)
          return a.bitPattern == b.bitPattern || abs(a - b) <= tolerance * max(1, abs(a))
        }
      }
    }
  }
}
