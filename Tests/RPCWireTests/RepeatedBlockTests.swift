import CNGHTTP2
import TestSupport
import Testing

@testable import RPCWire

/// Messages that begin like the one before them on their connection have the fate and the fields
/// that they have on a connection of their own.
@Suite struct RepeatedBlockTests {
  typealias F = RawFrames
  typealias Fields = [(name: String, value: String)]

  private static let request: Fields = [
    (":method", "POST"), (":scheme", "https"), (":path", "/inference.S/M"), (":authority", "a.b:8"),
    ("te", "trailers"), ("content-type", "application/grpc"), ("user-agent", "grpc-c++/1.60"),
    ("authorization", "Bearer mk_abc"), ("grpc-timeout", "1S"), ("x-id", "1"),
  ]
  /// Good and bad ones.
  private static let others: Fields = [
    (":path", "/inference.S/N"), (":path", "x"), (":status", "200"), ("te", "gzip"), ("x-a", "1"),
    ("x-a", "a\nb"), ("X", "1"), ("content-length", "0"), ("content-length", "7"),
    ("host", "a.b:8"),
    ("host", "c"), ("x-martlet-tenant", "a"), ("x-martlet-tenant", "b"), ("grpc-timeout", "2S"),
    ("connection", "close"), ("x-id", "2"),
  ]

  /// Mostly the last message as it was, or with another end; seldom with another beginning.
  private func change(_ fields: inout Fields, _ generator: inout SplitMix64) {
    for _ in 0..<Int.random(in: 0...2, using: &generator) {
      let index = max(
        Int.random(in: 0...fields.count, using: &generator),
        Int.random(in: 0...fields.count, using: &generator))
      let other = Self.others.randomElement(using: &generator)!
      switch Int.random(in: 0..<5, using: &generator) {
      case 0: fields = Self.request
      case 1: fields.insert(other, at: index)
      case 2 where index < fields.count: fields.remove(at: index)
      case 3 where index < fields.count: fields[index] = other
      default: fields.append(("x-\(fields.count)", "v"))
      }
    }
    if fields.count > 24 { fields.removeLast(8) }
  }

  @Test(arguments: [4096, 300, 0])
  func aConnectionsMessagesAreThoseOfOneConnectionEach(tableByteCount: Int) {
    var generator = SplitMix64(state: 20_261_128)
    let (encoder, server) = (Encoder(tableByteCount), Recorder(.server, HTTP2Limits(), .init()))
    server.receive(F.preface + F.settings(), .max, 1)
    var versions: [UInt64: String] = [:]
    var (fields, id, resetCount) = (Self.request, Int32(1), 0)
    for _ in 0..<1_200 {
      change(&fields, &generator)
      server.events = []
      let frames = F.headers(id, end: true, encoder.block(fields, &generator))
      // In pieces, so that a block's fields come with several calls.
      // A second for each, or resets would be a flood.
      let now = UInt64(id) * 1_000_000_000
      server.receive(frames, Bool.random(using: &generator) ? 7 : .max, now)
      let errors = F.errors(in: server.takeOutput(now: now))

      let alone = Recorder(.server, HTTP2Limits(), HTTP2StreamPool())
      alone.receive(F.preface + F.settings() + F.headers(1, end: true, literal(fields)), .max, 1)
      let isReset = F.errors(in: alone.takeOutput()).contains("RST_STREAM 1 1")
      #expect(server.events == alone.events, "\(fields)")
      #expect(errors.contains("RST_STREAM \(id) 1") == isReset, "\(fields)")
      resetCount += isReset ? 1 : 0
      if !isReset {
        let text = server.events.first ?? ""
        #expect(versions[server.lastVersion, default: text] == text, "a version is one block")
        versions[server.lastVersion] = text
      }
      if !isReset, !server.streams.isEmpty { server.streams.removeLast().reset(.cancel) }
      _ = server.takeOutput()
      // What idles gives its memory back, remembered fields included.
      if Int.random(in: 0..<50, using: &generator) == 0 { server.session.releaseMemory() }
      id += 2
    }
    #expect(resetCount > 120 && resetCount < 1_080, "both fates are met: \(resetCount) resets")
    #expect(server.failure == nil)
    #expect(
      tableByteCount == 0 || versions.count < 1_200 - resetCount, "some blocks repeat the last one")
  }

  /// Heads and trailers take turns on a client's connection, and each repeats its like.
  @Test func answersAndTrailersAreToldApart() throws {
    var generator = SplitMix64(state: 3)
    let (encoder, client) = (Encoder(4096), Recorder(.client, HTTP2Limits(), .init()))
    client.receive(F.settings(), .max, 1)
    for index in 0..<50 {
      let id = Int32(2 * index + 1)
      _ = client.session.submitRequest(requestHeaders(), endOfStream: true, handler: client)
      _ = client.takeOutput()
      client.events = []
      let status = index % 7 == 3 ? "7" : "0"
      client.receive(
        F.headers(
          id, end: false,
          encoder.block([(":status", "200"), ("content-type", "application/grpc")], &generator))
          + F.headers(id, end: true, encoder.block([("grpc-status", status)], &generator)), .max, 1)
      #expect(
        client.events.prefix(2) == [
          "response :status=200 content-type=application/grpc", "trailers grpc-status=\(status)",
        ], "\(client.events)")
    }
  }

  /// One field more than may be, then as many as may be, and so on.
  @Test func whatIsTooLargeIsNotRemembered() {
    var generator = SplitMix64(state: 5)
    let (encoder, server) = (Encoder(4096), Recorder(.server, HTTP2Limits(), .init()))
    server.receive(F.preface + F.settings(), .max, 1)
    let count = HTTP2Limits().headerFieldCountMax
    for index in 0..<6 {
      let isLarge = index % 2 == 0
      var fields = Array(Self.request.prefix(4))
      while fields.count < (isLarge ? count + 1 : 8) { fields.append(("x-a", "1")) }
      server.receive(
        F.headers(Int32(2 * index + 1), end: true, encoder.block(fields, &generator)), .max, 1)
      #expect(server.streams.last?.headersWereTooLarge == isLarge)
      #expect(server.streams.count == index + 1)
    }
  }

  private func literal(_ fields: Fields) -> [UInt8] {
    fields.reduce(into: []) { $0 += F.block(($1.name, $1.value)) }
  }

  /// HPACK with a table, by the library.
  private final class Encoder {
    private var deflater: OpaquePointer?

    init(_ tableByteCount: Int) {
      nghttp2_hd_deflate_new(&deflater, tableByteCount)
    }

    deinit {
      nghttp2_hd_deflate_del(deflater)
    }

    func block(_ fields: Fields, _ generator: inout SplitMix64) -> [UInt8] {
      if Int.random(in: 0..<40, using: &generator) == 0 {
        nghttp2_hd_deflate_change_table_size(
          deflater, [0, 200, 4096].randomElement(using: &generator)!)
      }
      var bytes = fields.map { (Array($0.name.utf8), Array($0.value.utf8)) }
      var result = [UInt8](repeating: 0, count: 16 << 10)
      var entries: [nghttp2_nv] = []
      for index in bytes.indices {
        let (nameCount, valueCount) = (bytes[index].0.count, bytes[index].1.count)
        // Arrays of arrays stay where they are while nobody changes them.
        let name = bytes[index].0.withUnsafeMutableBufferPointer { $0.baseAddress }
        let value = bytes[index].1.withUnsafeMutableBufferPointer { $0.baseAddress }
        let isNever = Int.random(in: 0..<30, using: &generator) == 0
        entries.append(
          nghttp2_nv(
            name: name, value: value, namelen: nameCount, valuelen: valueCount,
            flags: isNever ? UInt8(NGHTTP2_NV_FLAG_NO_INDEX.rawValue) : 0))
      }
      let count = withExtendedLifetime(bytes) {
        nghttp2_hd_deflate_hd(deflater, &result, result.count, entries, entries.count)
      }
      precondition(count >= 0, "a block that fits")
      return Array(result[..<Int(count)])
    }
  }
}
