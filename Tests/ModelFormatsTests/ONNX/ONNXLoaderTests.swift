import Compute
import Glibc
import ModelFormats
import Protocols
import Testing

@Suite struct ONNXLoaderTests {
  private func constant(_ bytes: [UInt8]) throws -> Tensor {
    try #require(ONNX.load(bytes: bytes).initializers["k"])
  }

  private func refusal(_ bytes: [UInt8]) -> ONNXError? {
    #expect(throws: ONNXError.self) { try ONNX.load(bytes: bytes) }
  }

  @Test func typedAndRawDataGiveTheSameTensor() throws {
    let typed = ONNXWriter.constant(1, [2]) { tensor in
      tensor.field(4, float: 1.5)
      tensor.field(4, float: -2)
    }
    let raw = ONNXWriter.constant(1, [2]) { tensor in
      tensor.field(9, bytes: [0, 0, 0xC0, 0x3F, 0, 0, 0, 0xC0])
    }
    for bytes in [typed, raw] {
      #expect(try constant(bytes).elements(as: Float.self) == [1.5, -2])
    }
  }

  @Test func narrowTypesAreStoredInWiderFields() throws {
    let int8 = ONNXWriter.constant(3, [2]) { $0.field(5, packed: [-1, 127]) }
    #expect(try constant(int8).elements(as: Int8.self) == [-1, 127])
    let half = ONNXWriter.constant(10, [1]) { $0.field(5, packed: [0x3C00]) }
    #expect(try constant(half).elements(as: UInt16.self) == [0x3C00])
    let unsigned = ONNXWriter.constant(13, [1]) { $0.field(11, packed: [-1]) }
    #expect(try constant(unsigned).elements(as: UInt64.self) == [.max])
    let strings = ONNXWriter.constant(8, [2]) { tensor in
      tensor.field(6, string: "a")
      tensor.field(6, string: "")
    }
    #expect(try constant(strings).withView { StringFraming.elements($0.bytes) } == [[0x61], []])
  }

  @Test func dataThatDoesNotFillItsShapeIsRefusedWithBothSizes() {
    let short = ONNXWriter.constant(1, [3]) { $0.field(9, bytes: [0, 0, 0, 0]) }
    let error = refusal(short)
    #expect(error?.code == .tensorSizeMismatch)
    #expect(error?.location == "tensor 'k'")
    #expect(error?.message.contains("12") == true && error?.message.contains("4") == true)
  }

  @Test func sizesThatOverflowAreRefusedBeforeMemoryIsAsked() {
    let huge = ONNXWriter.constant(1, [1 << 33, 1 << 33]) { _ in }
    #expect(refusal(huge)?.code == .shapeOverflow)
  }

  @Test func initialisersListedAsInputsAreNotAskedOfCallers() throws {
    let bytes = ONNXWriter.model { graph in
      ONNXWriter.value(11, "x", 1, [nil, 2])(&graph)
      ONNXWriter.value(11, "k", 1, [2])(&graph)
      ONNXWriter.initializer("k", 1, [2]) { $0.field(9, bytes: [0, 0, 0, 0, 0, 0, 0, 0]) }(&graph)
      ONNXWriter.node("Add", ["x", "k"], ["y"])(&graph)
      ONNXWriter.value(12, "y", 1, [nil, 2])(&graph)
    }
    let model = try Model(ONNX.load(bytes: bytes))
    #expect(
      model.inputs == [
        TensorSpec(name: "x", dataType: .fp32, shape: [-1, 2], dimensionNames: ["N", nil])
      ])
  }

  @Test func errorsOfANodeNameIt() {
    let bytes = ONNXWriter.model { graph in
      ONNXWriter.node("Neg", ["x"], ["y"], name: "bad") { node in
        node.message(5) { $0.field(2, float: 1) }
      }(&graph)
    }
    #expect(refusal(bytes)?.location == "node 'bad'")
  }

  @Test func externalDataIsReadFromTheModelsFolderOnly() throws {
    let folder = "/tmp/martlet-external-\(getpid())"
    mkdir(folder, 0o700)
    mkdir("\(folder)/model", 0o700)
    defer {
      for name in ["model/weights.bin", "model/link.bin", "model/m.onnx", "outside.bin"] {
        unlink("\(folder)/\(name)")
      }
      rmdir("\(folder)/model")
      rmdir(folder)
    }
    write([0, 0, 0, 0, 0, 0, 0x80, 0x3F], to: "\(folder)/model/weights.bin")
    write([0, 0, 0, 0, 0, 0, 0x80, 0x3F], to: "\(folder)/outside.bin")
    symlink("\(folder)/outside.bin", "\(folder)/model/link.bin")
    func load(_ location: String, offset: String) throws -> Tensor? {
      let bytes = ONNXWriter.constant(1, [1]) { tensor in
        for (key, value) in [("location", location), ("offset", offset), ("length", "4")] {
          tensor.message(13) {
            $0.field(1, string: key)
            $0.field(2, string: value)
          }
        }
        tensor.field(14, int64: 1)
      }
      write(bytes, to: "\(folder)/model/m.onnx")
      return try ONNX.load(contentsOf: "\(folder)/model/m.onnx").initializers["k"]
    }
    #expect(try load("weights.bin", offset: "4")?.elements(as: Float.self) == [1])
    for (location, offset) in [
      ("link.bin", "0"), ("../outside.bin", "0"), ("\(folder)/outside.bin", "0"),
      ("./../outside.bin", "0"), ("weights.bin", "5"), ("weights.bin", "-4"),
      ("weights.bin", "9223372036854775807"), ("missing.bin", "0"), (".", "0"),
    ] {
      let error = #expect(throws: ONNXError.self) { try load(location, offset: offset) }
      #expect(error?.code == .externalData, "\(location) at \(offset)")
    }
  }

  @Test func externalDataOfAModelInMemoryIsRefused() {
    let bytes = ONNXWriter.constant(1, [1]) { $0.field(14, int64: 1) }
    #expect(refusal(bytes)?.code == .externalData)
  }

  private func write(_ bytes: [UInt8], to path: String) {
    guard let file = fopen(path, "wb") else { return }
    fwrite(bytes, 1, bytes.count, file)
    fclose(file)
  }
}
