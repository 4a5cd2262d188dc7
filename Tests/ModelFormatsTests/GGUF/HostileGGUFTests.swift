import ModelFormats
import Testing

@Suite struct HostileGGUFTests {
  private typealias Writer = GGUFWriter

  private func refused(
    _ code: GGUFError.Code, at location: String? = nil, limits: GGUFLimits = GGUFLimits(),
    _ body: (inout GGUFWriter) -> Void
  ) {
    var writer = GGUFWriter()
    body(&writer)
    refused(code, at: location, limits: limits, bytes: writer.file)
  }
  private func refused(
    _ code: GGUFError.Code, at location: String? = nil, limits: GGUFLimits = GGUFLimits(),
    bytes: [UInt8]
  ) {
    let error = #expect(throws: GGUFError.self) { try GGUFFile(bytes: bytes, limits: limits) }
    #expect(error?.code == code, "\(error?.description ?? "")")
    #expect(error?.location == location)
  }

  @Test func aFileOfTwoTensorsIsRead() throws {
    var writer = Writer()
    writer.tensor("a", sizes: [4])
    writer.tensor("b", sizes: [2, 3], offset: 32)
    writer.data = [UInt8](repeating: 0, count: 32 + 24)
    #expect(try GGUFFile(bytes: writer.file).tensors["b"]?.shape == [3, 2])
  }

  @Test func whatIsNotGGUFIsSaidToBeNone() {
    refused(.truncated, bytes: [])
    refused(.wrongMagic, bytes: Array("GGML".utf8) + [UInt8](repeating: 0, count: 60))
    refused(.unsupportedVersion) { $0.version = 1 }
    refused(.unsupportedVersion) { $0.version = 4 }
    refused(.unsupportedVersion) { $0.version = UInt32(3).byteSwapped }
  }

  @Test func countsBeyondTheFileAreRefused() {
    refused(.limitExceeded) { $0.tensorCount = .max }
    refused(.limitExceeded) { $0.keyCount = .max }
    refused(.truncated) { $0.tensorCount = 60_000 }
    refused(.truncated) { $0.keyCount = 4000 }
    let huge = Writer.bytes(UInt64.max)
    refused(.limitExceeded) {
      $0.keyCount = 1
      $0.keys = huge + [UInt8](repeating: 0, count: 64)
    }
    refused(.limitExceeded, at: "k") { $0.key("k", type: 8, huge) }
    refused(.limitExceeded, at: "k") {
      $0.key("k", type: 9, Writer.array(type: 4, count: .max, []))
    }
    refused(.truncated, at: "k") {
      $0.key("k", type: 9, Writer.array(type: 4, count: 1000, [0, 0, 0, 0]))
    }
    refused(.truncated, at: "k") {
      $0.key("k", type: 9, Writer.array(type: 8, count: 2, Writer.bytes(UInt64(1 << 20))))
    }
  }

  @Test func valuesThatTheFormatDoesNotHaveAreRefused() {
    refused(.malformed, at: "k") { $0.key("k", type: 13, [0]) }
    refused(.malformed, at: "k") { $0.key("k", type: 7, [2]) }
    refused(.malformed, at: "k") {
      $0.key(
        "k", type: 9, Writer.array(type: 7, count: 2, [1, 3]) + [UInt8](repeating: 0, count: 9))
    }
    refused(.malformed, at: "") { $0.key("", type: 7, [1]) }
    refused(.invalidUTF8, at: "k") { $0.key("k", type: 8, Writer.string([0xC3, 0x28])) }
    refused(.invalidUTF8, at: "k") {
      $0.key("k", type: 9, Writer.array(type: 8, count: 1, Writer.string([0xFF])))
    }
    refused(.invalidUTF8) {
      $0.keyCount = 1
      $0.keys = Writer.string([0xFF]) + Writer.bytes(UInt32(0)) + [0]
    }
    refused(.duplicateName, at: "k") {
      $0.key("k", type: 0, [1])
      $0.key("k", type: 0, [2])
    }
  }

  @Test func arraysInArraysHaveAnEnd() {
    var nested = Writer.array(type: 0, count: 1, [7])
    for _ in 0..<10_000 { nested = Writer.array(type: 9, count: 1, nested) }
    refused(.limitExceeded, at: "k") { $0.key("k", type: 9, nested) }
  }

  @Test func alignmentIsAPowerOfTwo() {
    for value in [0, 3, 4, 33, 1 << 17] as [UInt32] {
      refused(.malformed, at: "general.alignment") {
        $0.key("general.alignment", type: 4, Writer.bytes(value))
      }
    }
    refused(.malformed, at: "general.alignment") {
      $0.key("general.alignment", type: 8, Writer.string("32"))
    }
  }

  @Test func tensorsLieInTheFileAndApart() {
    let data = [UInt8](repeating: 0, count: 256)
    func refusedTensor(
      _ code: GGUFError.Code, at location: String? = "t", _ body: (inout GGUFWriter) -> Void
    ) {
      refused(code, at: location) {
        body(&$0)
        $0.data = data
      }
    }
    refusedTensor(.truncated) { $0.tensor("t", sizes: [65]) }
    refusedTensor(.truncated) { $0.tensor("t", sizes: [1], offset: 256) }
    refusedTensor(.truncated) { $0.tensor("t", sizes: [1], offset: UInt64(Int.max) & ~31) }
    refusedTensor(.tensorMisplaced) { $0.tensor("t", sizes: [1], offset: UInt64.max & ~31) }
    refusedTensor(.tensorMisplaced) { $0.tensor("t", sizes: [1], offset: 16) }
    refusedTensor(.tensorMisplaced) { $0.tensor("t", sizes: [0]) }
    refusedTensor(.tensorMisplaced) { $0.tensor("t", sizes: [.max]) }
    refusedTensor(.tensorMisplaced) { $0.tensor("t", sizes: [1 << 32, 1 << 32]) }
    refusedTensor(.tensorMisplaced) { $0.tensor("t", sizes: [1 << 39, 2, 1 << 39]) }
    refusedTensor(.tensorMisplaced) { $0.tensor("t", sizes: [33, 2], type: 8) }
    refusedTensor(.tensorMisplaced) { $0.tensor("t", sizes: [32, 8], type: 12) }
    refusedTensor(.limitExceeded) {
      $0.tensor("t", dimensions: 0, sizes: [], type: 0, offset: 0)
    }
    refusedTensor(.limitExceeded) { $0.tensor("t", sizes: [1, 1, 1, 1, 1]) }
    refusedTensor(.limitExceeded) {
      $0.tensor("t", dimensions: .max, sizes: [1], type: 0, offset: 0)
    }
    refusedTensor(.duplicateName) {
      $0.tensor("t", sizes: [4])
      $0.tensor("t", sizes: [4], offset: 32)
    }
    refusedTensor(.tensorMisplaced) {
      $0.tensor("s", sizes: [9])
      $0.tensor("t", sizes: [4], offset: 32)
    }
    refusedTensor(.malformed, at: "") { $0.tensor("", sizes: [4]) }
  }

  @Test func aTypeThatIsNotReadIsNamed() throws {
    for (number, name) in [(23, "iq4_xs"), (26, "i32"), (4242, "4242")] as [(UInt32, String)] {
      var writer = Writer()
      writer.tensor("t", sizes: [256], type: number)
      let error = #expect(throws: GGUFError.self) { try GGUFFile(bytes: writer.file) }
      #expect(error?.code == .unsupportedType)
      #expect(error?.message.contains(name) == true)
    }
  }
}
