internal import Glibc

/// Numbers to text and back.
extension CastOperator {
  static func parse<T: Element>(
    _ type: T.Type, _ input: Operand, _ output: Operand, isBool: Bool
  ) -> Step? {
    guard let source = input.strings else { return nil }
    let (target, isInteger) = (output.pointer(T.self), output.dataType.isInteger)
    return { () throws(ExecutionError) in
      let bytes = source.bytes
      var (offset, index) = (0, 0)
      while let end = offset < bytes.count ? StringFraming.elementEnd(bytes, at: offset) : nil {
        let text = String(decoding: bytes[(offset + 4)..<end], as: UTF8.self)
        guard let value = number(text, isInteger: isInteger, T.self) else {
          throw ExecutionError(
            code: .invalidValue,
            message: "element \(index) must be text that spells a number to be cast")
        }
        target[index] = isBool ? T(converting: value == T.zero ? 0 : 1) : value
        offset = end
        index += 1
      }
    }
  }

  private static func number<T: Element>(
    _ text: String, isInteger: Bool, _ type: T.Type
  ) -> T? {
    let trimmed = text.filter { !$0.isWhitespace }
    if isInteger, let integer = Int64(trimmed), let exact = T.self as? any FixedWidthInteger.Type {
      return exact.init(clamping: integer) as? T
    }
    switch trimmed.lowercased() {
    case "nan", "+nan", "-nan": return T(converting: .nan)
    case "inf", "+inf", "infinity": return T(converting: .infinity)
    case "-inf", "-infinity": return T(converting: -.infinity)
    default: return Double(trimmed).map { T(converting: $0) }
    }
  }

  static func format<T: Element>(
    _ type: T.Type, _ input: Operand, _ output: Operand
  ) -> Step? {
    guard let target = output.strings else { return nil }
    let (source, count, dataType) = (input.pointer(T.self), input.count, input.dataType)
    return {
      target.removeAll()
      for index in 0..<count { target.append(text(source[index], dataType)) }
    }
  }

  /// The shortest text that reads back as the same number, as NumPy prints it.
  private static func text<T: Element>(_ value: T, _ dataType: DataType) -> String {
    switch dataType {
    case .bool: return value == T.zero ? "False" : "True"
    case .fp64: return spelled(value.asDouble) { "\($0)" }
    case .fp32: return spelled(value.asDouble) { "\(Float($0))" }
    case .fp16, .bf16: return spelled(value.asDouble) { "\(Float($0))" }
    default: return "\(value)"
    }
  }

  private static func spelled(_ value: Double, _ finite: (Double) -> String) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-INF" : "INF" }
    return finite(value)
  }
}
