import Compute
import ModelFormats
import Testing

/// What is written is read as it was. That others read it too is for
/// Tests/Conformance/onnx_oracle/written.py.
@Suite struct ONNXWriterTests {
  private func round(_ graph: Graph) throws -> Graph {
    try ONNX.load(bytes: ONNX.write(graph))
  }

  private func attribute(_ value: Attribute) throws -> Attribute? {
    let node = Node(opType: "Any", inputs: ["x"], outputs: ["y"], attributes: ["a": value])
    return try round(Graph(nodes: [node])).nodes[0].attributes["a"]
  }

  @Test func tensorsOfEveryTypeComeBack() throws {
    for raw in UInt8(0)... {
      guard let type = DataType(rawValue: raw) else { break }
      let tensor: Tensor
      if let width = type.elementByteCount {
        // Nibbles keep their sign in a byte each; bits of other types may be anything.
        let bytes = (0..<6 * width).map { index -> UInt8 in
          switch type {
          case .int4: UInt8(bitPattern: Int8(index) - 3)
          case .bool: UInt8(index % 2)
          default: UInt8(index)
          }
        }
        tensor = try #require(
          bytes.withUnsafeBytes { Tensor(dataType: type, shape: [2, 3], copying: $0) })
      } else {
        tensor = Tensor(strings: [[], [0], [65, 66], [], [255], [7]], shape: [2, 3])
      }
      let back = try #require(
        try round(Graph(initializers: ["w": tensor])).initializers["w"], "\(type)")
      #expect(back.dataType == type && back.shape == [2, 3])
      #expect(back.storage.withBytes { Array($0) } == tensor.storage.withBytes { Array($0) })
    }
  }

  @Test func emptyTensorsAndScalarsComeBack() throws {
    let graph = try round(
      Graph(initializers: [
        "none": Tensor(fp32: [], shape: [0, 4]), "one": Tensor(fp32: [2.5], shape: []),
        "odd": Tensor([1, 2, 15] as [UInt8], shape: [3], dataType: .uint4),
      ]))
    #expect(graph.initializers["none"]?.shape == [0, 4])
    #expect(graph.initializers["one"]?.shape == [])
    #expect(graph.initializers["one"]?.elements(as: Float.self) == [2.5])
    #expect(graph.initializers["odd"]?.elements(as: UInt8.self) == [1, 2, 15])
  }

  @Test func attributesOfEveryKindComeBack() throws {
    let tensor = Tensor(int64: [-1, 1 << 40], shape: [2])
    let inner = Graph(
      name: "inner", nodes: [Node(opType: "Relu", inputs: ["a"], outputs: ["b"])],
      outputs: [Graph.Value(name: "b", dataType: .fp32, shape: nil)])
    for value in [0, -1, Int64.max, Int64.min] {
      guard case .int(value) = try attribute(.int(value)) else { Issue.record(); return }
    }
    for value in [0, -0.5, Float.infinity] {
      guard case .float(value) = try attribute(.float(value)) else { Issue.record(); return }
    }
    guard case .string([]) = try attribute(.string([])),
      case .string([0, 200]) = try attribute(.string([0, 200])),
      case .ints([]) = try attribute(.ints([])),
      case .ints([1, -2, Int64.min]) = try attribute(.ints([1, -2, Int64.min])),
      case .floats([1, -2.5]) = try attribute(.floats([1, -2.5])),
      case .strings([[], [1]]) = try attribute(.strings([[], [1]])),
      case .tensor(let oneTensor) = try attribute(.tensor(tensor)),
      case .tensors(let tensors) = try attribute(.tensors([tensor, tensor])),
      case .graph(let graph) = try attribute(.graph(inner)),
      case .graphs(let graphs) = try attribute(.graphs([inner])),
      case .type(.optionalSequence, .fp16) = try attribute(.type(.optionalSequence, .fp16)),
      case .type(.tensor, .string) = try attribute(.type(.tensor, .string)),
      case .reference("outer") = try attribute(.reference("outer"))
    else {
      Issue.record("an attribute came back as another")
      return
    }
    #expect(oneTensor.elements(as: Int64.self) == [-1, 1 << 40])
    #expect(tensors.count == 2)
    #expect(graph.name == "inner" && graph.nodes[0].opType == "Relu")
    #expect(graphs.count == 1 && graphs[0].outputs[0].name == "b")
  }

  @Test func whatCannotBeWrittenIsSaid() {
    let node = Node(
      name: "n", opType: "Any", inputs: [], outputs: [], attributes: ["a": .other("sparse")])
    #expect(throws: ONNXError.self) { try ONNX.write(Graph(nodes: [node])) }
    var inlined = Node(opType: "Any", inputs: [], outputs: ["y"])
    inlined.opset = 7
    #expect(throws: ONNXError.self) { try ONNX.write(Graph(nodes: [inlined])) }
    #expect(throws: ONNXError.self) {
      try ONNX.write(Graph(nodes: [Node(opType: "", inputs: [], outputs: ["y"])]))
    }
  }

  @Test func valuesKeepTheirTypesFormsAndNames() throws {
    var sequence = Graph.Value(name: "s", dataType: .int64, shape: [2])
    sequence.form = .sequence
    var optional = Graph.Value(name: "o", dataType: .fp32, shape: nil)
    optional.form = .optionalSequence
    let graph = try round(
      Graph(
        inputs: [
          Graph.Value(
            name: "x", dataType: .fp32, shape: [-1, 3, -1], dimensionNames: ["batch", nil, nil]),
          sequence, optional, Graph.Value(name: "u", dataType: nil, shape: nil),
        ], outputs: [Graph.Value(name: "y", dataType: .string, shape: [])]))
    #expect(graph.inputs.map(\.name) == ["x", "s", "o", "u"])
    #expect(graph.inputs[0].shape == [-1, 3, -1])
    #expect(graph.inputs[0].dimensionNames == ["batch", nil, nil])
    #expect(graph.inputs[1].form == .sequence && graph.inputs[1].dataType == .int64)
    #expect(graph.inputs[2].form == .optionalSequence && graph.inputs[2].shape == nil)
    #expect(graph.inputs[3].dataType == nil)
    #expect(graph.outputs[0].dataType == .string && graph.outputs[0].shape == [])
  }

  @Test func metadataFunctionsAndOperatorSetsComeBack() throws {
    var graph = Graph(
      name: "g", opsets: ["": 21, "ai.onnx.ml": 3, "own": 1],
      metadata: ModelMetadata(
        producerName: "martlet", producerVersion: "1", modelVersion: 7, documentation: "why",
        properties: ["b": "2", "a": "1"]))
    graph.functions = [
      GraphFunction(
        domain: "own", name: "F", overload: "x", inputs: ["a"], outputs: ["b"],
        defaults: ["alpha": .float(2)],
        nodes: [
          Node(
            opType: "LeakyRelu", inputs: ["a"], outputs: ["b"],
            attributes: ["alpha": .reference("alpha")])
        ], opsets: ["": 21])
    ]
    let back = try round(graph)
    #expect(back.name == "g")
    #expect(back.metadata == graph.metadata)
    #expect(back.opsets == graph.opsets)
    #expect(back.functions.count == 1)
    #expect(back.functions[0].overload == "x" && back.functions[0].defaults.count == 1)
    #expect(back.functions[0].nodes[0].opType == "LeakyRelu")
  }

  @Test(arguments: RealModelTests.cases)
  func modelsOfOthersComeBack(_ test: RealModelTests.Case) throws {
    let graph = try ONNX.load(contentsOf: Repository.path(test.model))
    let bytes = try ONNX.write(graph)
    let back = try ONNX.load(bytes: bytes)
    // Initialisers and attributes are written by name, so what is the same gives the same bytes.
    #expect(try ONNX.write(back) == bytes)
    #expect(back.nodes.map(\.opType) == graph.nodes.map(\.opType))
    #expect(back.metadata == graph.metadata)
    #expect(back.initializers.keys.sorted() == graph.initializers.keys.sorted())
    #expect(try Model(back).outputs == Model(graph).outputs)
  }
}
