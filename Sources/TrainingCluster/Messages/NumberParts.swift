internal import Protocols
internal import RPC
internal import Training

/// Numbers and what they are encoded as travel in parts, so that one message never holds up the others.
enum NumberParts {
  /// Bytes of one part.
  static let byteCountMax = 1 << 20

  /// Sends the first message, then one for each further part.
  static func send<Message: Sendable>(
    _ first: Message, _ bytes: [UInt8], empty: Message, to writer: RequestWriter<Message>,
    _ put: (inout Message, [UInt8]) -> Void
  ) async throws {
    var message = first
    var start = 0
    repeat {
      let end = min(bytes.count, start + byteCountMax)
      put(&message, start == 0 && end == bytes.count ? bytes : Array(bytes[start..<end]))
      try await writer.send(message)
      (message, start) = (empty, end)
    } while start < bytes.count
  }

  /// Collects the parts behind the first one.
  static func receive<Message: Sendable>(
    _ first: [UInt8], _ others: RequestStream<Message>, byteCountMax: Int,
    _ get: (Message) -> [UInt8]
  ) async throws -> [UInt8] {
    var bytes = first
    while let part = try await others.next() {
      bytes += get(part)
      try check(bytes.count, byteCountMax)
    }
    try check(bytes.count, byteCountMax)
    return bytes
  }

  private static func check(_ count: Int, _ max: Int) throws {
    guard count <= max else {
      throw RPCError(
        code: .invalidArgument, message: "expected at most \(max) bytes of numbers, got more")
    }
  }
}

extension ShardContents {
  /// Parameters, then slots.
  var bytes: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(4 * values.count * (1 + slots.count))
    for run in [values] + slots { run.withUnsafeBytes { bytes += $0 } }
    return bytes
  }

  /// Reads ``bytes`` of `count` parameters; nil if they are others.
  init?(_ bytes: [UInt8], count: Int) {
    guard count > 0, bytes.count.isMultiple(of: 4 * count), !bytes.isEmpty else {
      guard count == 0, bytes.isEmpty else { return nil }
      self.init(values: [], slots: [])
      return
    }
    let runs = (0..<(bytes.count / (4 * count))).map { run in
      [Float](unsafeUninitializedCapacity: count) { buffer, filled in
        bytes.withUnsafeBytes { bytes in
          let own = UnsafeRawBufferPointer(
            rebasing: bytes[(run * 4 * count)..<((run + 1) * 4 * count)])
          UnsafeMutableRawBufferPointer(buffer).copyMemory(from: own)
        }
        filled = count
      }
    }
    self.init(values: runs[0], slots: Array(runs.dropFirst()))
  }
}

extension ServerRange {
  /// As a message holds it.
  var pieceMessages: [MartletV1.ParameterPiece] {
    pieces.map { piece in
      var message = MartletV1.ParameterPiece()
      (message.offset, message.count) = (UInt64(piece.offset), UInt64(piece.count))
      message.parameter = UInt32(piece.parameter)
      message.kind =
        switch piece.kind {
        case .trained: .trained
        case .followed: .followed
        case .fixed: .fixed
        }
      return message
    }
  }

  /// Reads ``pieceMessages``; nil if they describe no range of `parameterCount` parameters.
  init?(_ messages: [MartletV1.ParameterPiece], parameterCount: Int) {
    var pieces: [ParameterPiece] = []
    var total = 0
    for message in messages {
      let kind: ParameterPiece.Kind =
        message.kind == .trained ? .trained : message.kind == .followed ? .followed : .fixed
      let piece = ParameterPiece(
        offset: Int(clamping: message.offset), count: Int(clamping: message.count),
        parameter: Int(message.parameter), kind: kind)
      guard piece.parameter < parameterCount, piece.count <= Self.countMax else { return nil }
      total += piece.count
      guard total <= Self.countMax else { return nil }
      pieces.append(piece)
    }
    self.init(pieces: pieces)
  }

  /// Numbers that a server can hold: 64 GiB of float32.
  private static let countMax = 1 << 34
}
