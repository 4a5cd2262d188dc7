internal import Protocols

/// Field access with the reader's own errors.
extension ONNXReader {
  func fields(
    of bytes: ArraySlice<UInt8>, _ what: String,
    _ body: (ProtobufReader.Field) throws(ONNXError) -> Void
  ) throws(ONNXError) {
    var reader = ProtobufReader(bytes)
    while true {
      let field: ProtobufReader.Field?
      do {
        field = try reader.next()
      } catch {
        throw ONNXError(code: .malformed, message: "in the \(what): \(error.message)")
      }
      guard let field else { return }
      try body(field)
    }
  }

  func text(_ field: ProtobufReader.Field) throws(ONNXError) -> String {
    do { return try field.string() } catch { throw wrapped(error) }
  }

  func slice(_ field: ProtobufReader.Field) throws(ONNXError) -> ArraySlice<UInt8> {
    do { return try field.slice() } catch { throw wrapped(error) }
  }

  func integer(_ field: ProtobufReader.Field) throws(ONNXError) -> Int64 {
    do { return try field.int64() } catch { throw wrapped(error) }
  }

  func append(
    _ field: ProtobufReader.Field, to values: inout [Int64]
  ) throws(ONNXError) {
    do { try field.appendInt64s(to: &values) } catch { throw wrapped(error) }
  }

  func elements(
    _ field: ProtobufReader.Field, width: Int
  ) throws(ONNXError) -> ArraySlice<UInt8> {
    do { return try field.fixedElements(width: width) } catch { throw wrapped(error) }
  }

  func float(_ field: ProtobufReader.Field) throws(ONNXError) -> Float {
    do { return try field.float() } catch { throw wrapped(error) }
  }

  func limit(_ count: Int, _ max: Int, _ what: String) throws(ONNXError) {
    guard count < max else {
      throw ONNXError(code: .limitExceeded, message: "more than \(max) \(what)")
    }
  }

  private func wrapped(_ error: ProtobufError) -> ONNXError {
    ONNXError(
      code: error.code == .invalidUTF8 ? .invalidUTF8 : .malformed, message: error.message)
  }
}
