import ModelFormats
import TestSupport
import Testing

@Suite struct HostileSafeTensorsTests {
  private typealias Writer = SafeTensorsWriter

  private func refused(
    _ code: SafeTensorsError.Code, at location: String? = nil, saying words: String = "expected",
    limits: SafeTensorsLimits = SafeTensorsLimits(), bytes: [UInt8]
  ) {
    let error = #expect(throws: SafeTensorsError.self) {
      try SafeTensorsFile(bytes: bytes, limits: limits)
    }
    #expect(error?.code == code, "\(error?.description ?? "")")
    #expect(error?.location == location)
    #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
  }

  private func refused(
    _ code: SafeTensorsError.Code, at location: String? = "t", saying words: String = "got",
    limits: SafeTensorsLimits = SafeTensorsLimits(), _ body: (inout SafeTensorsWriter) -> Void
  ) {
    var writer = Writer()
    body(&writer)
    refused(code, at: location, saying: words, limits: limits, bytes: writer.file)
  }

  @Test func whatEndsTooEarlyIsTruncated() {
    refused(.truncated, saying: "8 bytes", bytes: [])
    refused(.truncated, saying: "8 bytes", bytes: [1, 0, 0, 0, 0, 0, 0])
    refused(.truncated, saying: "10 bytes", bytes: Writer.length(10) + [123])
    refused(.truncated, saying: "up to 16") {
      $0.member("t", "F32", "[4]", 0, 16)
      $0.data = [UInt8](repeating: 0, count: 15)
    }
    var writer = Writer()
    writer.tensor("t", [4])
    for count in 0..<writer.file.count {
      #expect(throws: SafeTensorsError.self) {
        try SafeTensorsFile(bytes: Array(writer.file[..<count]))
      }
    }
  }

  @Test func aHeaderThatIsTooLargeIsNotRead() {
    refused(.limitExceeded, saying: "18446744073709551615", bytes: Writer.length(.max) + [123])
    refused(.limitExceeded, saying: "100000001", bytes: Writer.length(100_000_001) + [123])
    var limits = SafeTensorsLimits()
    limits.tensorCountMax = 1
    refused(.limitExceeded, at: "u", saying: "at most 1", limits: limits) {
      $0.tensor("t", [1])
      $0.tensor("u", [1])
    }
    limits = SafeTensorsLimits()
    limits.headerValuesMax = 5
    refused(.limitExceeded, at: nil, saying: "at most 5", limits: limits) { $0.tensor("t", [1]) }
    limits = SafeTensorsLimits()
    limits.dimensionCountMax = 2
    refused(.limitExceeded, saying: "at most 2", limits: limits) { $0.tensor("t", [1, 1, 1]) }
  }

  @Test func whatIsNoHeaderIsRefused() {
    for header in ["", " {}", "[]", "{", "{]", #"{"t": 1"#, "{\"t\u{0}\": 1}"] {
      refused(.malformed, bytes: Writer.file(header: header))
    }
    refused(.malformed, bytes: Writer.length(3) + [123, 0xff, 125])
    for value in ["1", "null", "[]", "{}", #"{"dtype": "F32"}"#, #"{"dtype": 1, "shape": []}"#] {
      refused(.malformed, at: "t", bytes: Writer.file(header: #"{"t": \#(value)}"#))
    }
    refused(.malformed, saying: "'pad'") {
      $0.members = [#""t": {"dtype": "F32", "shape": [], "data_offsets": [0, 4], "pad": 1}"#]
    }
    refused(.malformed, at: "") { $0.member("", "F32", "[]", 0, 4) }
    for metadata in ["1", #"{"a": 1}"#] {
      refused(
        .malformed, at: "__metadata__",
        bytes: Writer.file(header: #"{"__metadata__": \#(metadata)}"#))
    }
  }

  @Test func aNameThatOccursTwiceIsRefused() {
    refused(.duplicateName, at: nil) {
      $0.member("t", "F32", "[1]", 0, 4)
      $0.member("t", "F32", "[1]", 0, 4)
    }
  }

  @Test func shapesThatDoNotFitAreRefused() {
    refused(.malformed, saying: "from 0 on") { $0.member("t", "F32", "[-1]", 0, 4) }
    refused(.malformed) { $0.member("t", "F32", "[1.0]", 0, 4) }
    refused(.malformed) { $0.member("t", "F32", "[18446744073709551615]", 0, 4) }
    refused(.malformed) { $0.member("t", "F32", #"["1"]"#, 0, 4) }
    refused(.tensorMisplaced, saying: "takes 12 bytes, got 16") {
      $0.member("t", "F32", "[3]", 0, 16)
      $0.data = [UInt8](repeating: 0, count: 16)
    }
    // Products that overflow, in elements and in bits.
    refused(.tensorMisplaced) { $0.member("t", "U8", "[4294967296, 4294967296]", 0, 0) }
    refused(.tensorMisplaced) { $0.member("t", "F64", "[9223372036854775807]", 0, 0) }
    refused(.tensorMisplaced, saying: "no whole") { $0.member("t", "F4", "[3]", 0, 0) }
  }

  @Test func offsetsThatDoNotFitAreRefused() {
    refused(.malformed, saying: "[4, 0]") { $0.member("t", "F32", "[1]", 4, 0) }
    refused(.malformed) { $0.member("t", "F32", "[1]", -4, 0) }
    refused(.malformed) {
      $0.members = [#""t": {"dtype": "F32", "shape": [], "data_offsets": [0]}"#]
    }
    refused(.limitExceeded) {
      $0.members = [#""t": {"dtype": "F32", "shape": [], "data_offsets": [0, 4, 8]}"#]
    }
    refused(.truncated, saying: "up to 9") { $0.member("t", "F32", "[1]", 0, Int64.max) }
    refused(.truncated, saying: "up to 9") {
      $0.member("t", "F32", "[1]", Int64.max - 4, Int64.max)
    }
    // One inside of another, a hole, and bytes that nobody has.
    refused(.tensorMisplaced, at: "u", saying: "from 8 on") {
      $0.tensor("t", [2])
      $0.member("u", "F32", "[1]", 4, 8)
    }
    refused(.tensorMisplaced, at: "u", saying: "from 4 on") {
      $0.tensor("t", [1])
      $0.data += [0, 0, 0, 0]
      $0.tensor("u", [1])
    }
    refused(.tensorMisplaced, at: nil, saying: "5 bytes") {
      $0.tensor("t", [1])
      $0.data.append(0)
    }
  }

  @Test func aTypeThatTheFormatLacksIsNamed() {
    refused(.unsupportedType, saying: "'Q4'") { $0.member("t", "Q4", "[1]", 0, 4) }
  }

  @Test func aModelWithoutFilesIsRefused() {
    let folder = ScratchFolder()
    let error = #expect(throws: SafeTensorsError.self) {
      try SafeTensorsModel(folder: folder.path)
    }
    #expect(error?.code == .unreadable)
    #expect(error?.message.contains("model.safetensors.index.json") == true)
    #expect(error?.message.contains(folder.path) == false)
  }

  @Test func anIndexAndItsFilesAgree() {
    let folder = ScratchFolder()
    let (first, second) = ("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors")
    folder.write(shard("a", "b"), first)
    folder.write(index(["a": 1, "b": 2]), SafeTensorsModel.indexName)
    func refused(_ code: SafeTensorsError.Code, at location: String, _ words: String) {
      let error = #expect(throws: SafeTensorsError.self) {
        try SafeTensorsModel(folder: folder.path)
      }
      #expect(error?.code == code && error?.location == location, "\(error?.description ?? "")")
      #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
    }
    refused(.shardMismatch, at: second, "cannot be opened")
    folder.write(shard("c"), second)
    refused(.shardMismatch, at: "b", "in '\(second)', it is in '\(first)'")
    folder.write(index(["a": 1, "x": 2]), SafeTensorsModel.indexName)
    refused(.shardMismatch, at: "x", "it is in no file")
    folder.write(Array(shard("c").dropLast()), second)
    refused(.truncated, at: "\(second): c", "up to 8")
  }

  @Test func anIndexNamesOnlyItsNeighbours() {
    for name in [
      "../model.safetensors", "/etc/passwd", "a/b.safetensors", "..", ".safetensors", "model.bin",
      "",
      "a\\\\b.safetensors", "a..b.safetensors", "a\\u0000.safetensors",
      String(repeating: "a", count: 300) + ".safetensors",
    ] {
      let text = #"{"weight_map": {"t": "\#(name)"}}"#
      let error = #expect(throws: SafeTensorsError.self) { try SafeTensorsIndex(Array(text.utf8)) }
      #expect(error?.code == .shardMismatch, "\(name)")
    }
    for text in ["", "[]", "{}", #"{"weight_map": []}"#, #"{"weight_map": {"t": 1}}"#] {
      let error = #expect(throws: SafeTensorsError.self) { try SafeTensorsIndex(Array(text.utf8)) }
      #expect(error?.code == .malformed)
    }
    var limits = SafeTensorsLimits()
    limits.shardCountMax = 1
    let error = #expect(throws: SafeTensorsError.self) {
      try SafeTensorsIndex(index(["a": 1, "b": 2]), limits)
    }
    #expect(error?.code == .limitExceeded)
  }
}
