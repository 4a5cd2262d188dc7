internal import RPC

/// One call of gRPC-Web, gRPC's form for browsers: the same frames, with the trailers as a last
/// frame of the body, as bytes or in base64 ("text").
final class GRPCWebCall: TranslatedCall {
  /// Which of the content types; the answer has the same.
  enum Form {
    case binary, text

    /// nil for other content types.
    init?(contentType value: UnsafeRawBufferPointer) {
      let type = String(decoding: value.prefix { $0 != UInt8(ascii: ";") }, as: UTF8.self)
        .lowercased()
      switch type.prefix(while: { $0 != " " }) {
      case "application/grpc-web", "application/grpc-web+proto": self = .binary
      case "application/grpc-web-text", "application/grpc-web-text+proto": self = .text
      default: return nil
      }
    }

    var contentType: StaticString {
      switch self {
      case .binary: "application/grpc-web+proto"
      case .text: "application/grpc-web-text+proto"
      }
    }
  }

  private let form: Form
  private var decoder = Base64Decoder(isInPieces: true)
  /// Encoded and decoded bytes that were not given back.
  private var encodedCount = 0
  private var decodedCount = 0

  init(_ gateway: LoopGateway, _ client: ServerCall, _ headers: HeaderBlock, _ form: Form) {
    self.form = form
    super.init(gateway, client, headers)
    begin(Self.headers(headers.path, headers, keepsGRPC: true))
    client.sendContinue()
  }

  // MARK: The request

  override func call(_ client: ServerCall, receivedData bytes: UnsafeRawBufferPointer) {
    guard let call, let exchange else { return client.consume(bytes.count) }
    guard form == .text else { return exchange.call(call, receivedData: bytes) }
    var decoded: [UInt8] = []
    decoded.reserveCapacity(bytes.count / 4 * 3 + 3)
    guard decoder.decode(bytes, into: &decoded) else {
      client.consume(bytes.count)
      return exchange.refuse(.malformedFraming, "expected base64")
    }
    encodedCount += bytes.count
    decodedCount += decoded.count
    if decoded.isEmpty { return }
    decoded.withUnsafeBytes { exchange.call(call, receivedData: $0) }
  }

  override func callReceivedEnd(_ client: ServerCall) {
    guard let call, let exchange else { return }
    guard decoder.isAtBoundary else {
      return exchange.refuse(.malformedFraming, "the base64 does not end")
    }
    exchange.callReceivedEnd(call)
  }

  override func consume(_ stream: HTTP2StreamReference, _ byteCount: Int) {
    guard form == .text else { return client.consume(byteCount) }
    decodedCount = max(0, decodedCount - byteCount)
    // What is left of the text stands for what is left of the bytes.
    let given = max(0, encodedCount - (decodedCount * 4 + 2) / 3)
    encodedCount -= given
    client.consume(given)
  }

  // MARK: The answer

  override func send(_ stream: HTTP2StreamReference, headers: HeaderList, endOfStream: Bool) {
    var list = HeaderList()
    var trailers = HeaderList()
    list.append(":status", "200" as StaticString)
    list.append("content-type", form.contentType)
    CrossOrigin.append(origin, to: &list)
    headers.withBlock { block in
      block.forEach { field in
        if field.isPseudo || field.name.hasPrefix("content-") { return }
        if endOfStream { trailers.append(field) } else { list.append(field) }
      }
    }
    client.sendHeaders(list)
    if endOfStream { end(trailers) }
  }

  override func send(_ stream: HTTP2StreamReference, data: UnsafeRawBufferPointer) {
    switch form {
    case .binary: client.sendData(data)
    case .text: client.sendData(Base64.encode(data, isPadded: true))
    }
  }

  override func sendEnd(_ stream: HTTP2StreamReference, trailers: HeaderList) {
    end(trailers)
  }

  private func end(_ trailers: HeaderList) {
    let frame = GRPCWebTrailers.frame(trailers)
    frame.withUnsafeBytes { send(client.stream, data: $0) }
    client.sendEnd()
  }
}

/// The trailers of a gRPC response as gRPC-Web's last frame.
enum GRPCWebTrailers {
  private static let flag: UInt8 = 0x80

  static func frame(_ trailers: HeaderList) -> [UInt8] {
    var frame = [UInt8](repeating: 0, count: MessageFramer.prefixByteCount)
    trailers.withBlock { block in
      block.forEach { field in
        frame.append(contentsOf: field.name)
        frame.append(contentsOf: ": ".utf8)
        frame.append(contentsOf: field.value)
        frame.append(contentsOf: "\r\n".utf8)
      }
    }
    MessageFramer.writePrefix(&frame)
    frame[0] = flag
    return frame
  }
}
