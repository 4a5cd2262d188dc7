internal import Protocols
internal import RPC
internal import Training

/// A message that may be followed by others which carry nothing but more of its `data`.
protocol NumbersMessage: ProtobufMessage {
  /// The number of the field `data`, which has the largest.
  static var dataField: Int { get }
}

extension MartletV1.LoadParametersRequest: NumbersMessage { static let dataField = 8 }
extension MartletV1.ParametersResponse: NumbersMessage { static let dataField = 1 }
extension MartletV1.ExchangeRequest: NumbersMessage { static let dataField = 7 }
extension MartletV1.ExchangeResponse: NumbersMessage { static let dataField = 4 }

/// One message of numbers: the same bytes as of a `Head` with its `data`, which are written from where they lie and
/// read where they came.
struct NumberPart<Head: NumbersMessage>: ProtobufMessage {
  /// All but `data`; nil where that is all.
  var head: Head?
  var data = EncodedNumbers.Part.bytes([])

  init() {}

  init(head: Head?, data: EncodedNumbers.Part) { (self.head, self.data) = (head, data) }

  /// Reads one message.
  init(protobuf bytes: ArraySlice<UInt8>) throws(ProtobufError) {
    var reader = ProtobufReader(bytes)
    var others: [UInt8] = []
    var start = reader.index
    while let field = try reader.next() {
      if field.number == Head.dataField, field.wireType == .bytes {
        data = .bytes(field.bytes)
      } else {
        others += bytes[start..<reader.index]
      }
      start = reader.index
    }
    if !others.isEmpty { head = try Head(protobuf: others) }
  }

  /// Appends the message.
  func serialize(into writer: inout ProtobufWriter) {
    writer.reserve(data.byteCount + Self.fieldOverhead)
    head?.serialize(into: &writer)
    if data.byteCount > 0 {
      data.withUnsafeBytes { writer.field(Head.dataField, rawBytes: $0) }
    }
  }

  /// A tag, a length, and most first messages.
  private static var fieldOverhead: Int { 256 }
}

/// Numbers and what they are encoded as travel in parts, so that one message never holds up the others.
enum NumberParts {
  /// Bytes of one part: what the second cache holds several times, on its way through frames and records.
  static let byteCountMax = 64 << 10

  /// Sends the first message, then one for each further part.
  static func send<Head: NumbersMessage>(
    _ head: Head, _ numbers: EncodedNumbers, to writer: RequestWriter<NumberPart<Head>>
  ) async throws {
    let parts = numbers.cut(byteCountMax)
    try await writer.send(NumberPart(head: head, data: parts.first ?? .bytes([])))
    for part in parts.dropFirst() { try await writer.send(NumberPart(head: nil, data: part)) }
  }

  /// Collects what all messages carry; the first is nil where there was none.
  static func receive<Head: NumbersMessage>(
    _ messages: RequestStream<NumberPart<Head>>, byteCountMax: Int
  ) async throws -> (first: Head?, numbers: EncodedNumbers) {
    guard let first = try await messages.next() else { return (nil, EncodedNumbers()) }
    return (first.head ?? Head(), try await receive(first, messages, byteCountMax: byteCountMax))
  }

  /// The same behind the first message.
  private static func receive<Head: NumbersMessage>(
    _ first: NumberPart<Head>, _ others: RequestStream<NumberPart<Head>>, byteCountMax: Int
  ) async throws -> EncodedNumbers {
    var numbers = EncodedNumbers()
    numbers.append(first.data)
    while numbers.byteCount <= byteCountMax, let part = try await others.next() {
      numbers.append(part.data)
    }
    guard numbers.byteCount <= byteCountMax else {
      throw RPCError(
        code: .invalidArgument,
        message: "expected at most \(byteCountMax) bytes of numbers, got more")
    }
    return numbers
  }
}

extension ShardContents {
  /// Parameters, then slots.
  var numbers: EncodedNumbers {
    var numbers = EncodedNumbers()
    for run in [values] + slots { numbers.append(.floats(run[...])) }
    return numbers
  }

  /// Reads ``numbers`` of `count` parameters; nil if they are others.
  init?(_ numbers: EncodedNumbers, count: Int) {
    guard count > 0, numbers.byteCount > 0, numbers.byteCount.isMultiple(of: 4 * count) else {
      guard count == 0, numbers.byteCount == 0 else { return nil }
      self.init(values: [], slots: [])
      return
    }
    let runs = numbers.runs(of: count)
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
