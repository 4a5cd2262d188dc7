internal import Compute
internal import Glibc
internal import RPC

/// Triton's classification extension: instead of scores, the best k as text `value:index[:label]`.
enum Classification {
  /// Replaces an output by its best `count` entries, for each row when the model batches and over
  /// all elements when it doesn't.
  static func best(
    _ count: Int, of tensor: ResultTensor, name: String, labels: [String]?, isBatching: Bool
  ) throws(RPCError) -> ResultTensor {
    guard let scores = scores(tensor) else {
      throw .invalid(
        "class result not available for output '\(name)' due to unsupported type "
          + "'\(tensor.dataType.oipName)'")
    }
    let rowCount = isBatching ? max(tensor.shape.first ?? 1, 1) : 1
    let columnCount = scores.count / rowCount
    let best = min(count, columnCount)
    var elements: [[UInt8]] = []
    for row in 0..<rowCount {
      let start = row * columnCount
      // The first of equals wins, as a stable order of indices gives it.
      let order = (0..<columnCount).sorted { left, right in
        let (a, b) = (scores[start + left].order, scores[start + right].order)
        return a == b ? left < right : a > b
      }
      for index in order.prefix(best) {
        var text = "\(scores[start + index].text):\(index)"
        if let labels, index < labels.count { text += ":" + labels[index] }
        elements.append(Array(text.utf8))
      }
    }
    return ResultTensor(
      dataType: .string, shape: isBatching ? [rowCount, best] : [best],
      bytes: StringFraming.frame(elements))
  }

  private struct Score {
    /// What sorts; NaN goes last.
    var order: Double
    var text: String
  }

  private static func scores(_ tensor: ResultTensor) -> [Score]? {
    switch tensor.dataType {
    case .uint8: integers(tensor, UInt8.self)
    case .uint16: integers(tensor, UInt16.self)
    case .uint32: integers(tensor, UInt32.self)
    case .uint64: integers(tensor, UInt64.self)
    case .int8: integers(tensor, Int8.self)
    case .int16: integers(tensor, Int16.self)
    case .int32: integers(tensor, Int32.self)
    case .int64: integers(tensor, Int64.self)
    case .fp32: load(tensor, Float.self).map { score(Double($0)) }
    case .fp64: load(tensor, Double.self).map(score)
    default: nil
    }
  }

  private static func integers<T: FixedWidthInteger & BitwiseCopyable>(
    _ tensor: ResultTensor, _: T.Type
  ) -> [Score] {
    load(tensor, T.self).map { Score(order: Double($0), text: String($0)) }
  }

  private static func load<T: BitwiseCopyable>(_ tensor: ResultTensor, _: T.Type) -> [T] {
    tensor.bytes.withUnsafeBytes { bytes in
      (0..<bytes.count / MemoryLayout<T>.size).map {
        bytes.loadUnaligned(fromByteOffset: $0 * MemoryLayout<T>.size, as: T.self)
      }
    }
  }

  /// Six decimals, as C++'s `std::to_string` writes them and clients parse them.
  private static func score(_ value: Double) -> Score {
    var buffer = [CChar](repeating: 0, count: 352)
    let length = withVaList([value]) { vsnprintf(&buffer, buffer.count, "%f", $0) }
    let text = String(
      decoding: buffer.prefix(max(0, Int(length))).map(UInt8.init(bitPattern:)), as: UTF8.self)
    return Score(order: value.isNaN ? -.infinity : value, text: text)
  }
}
