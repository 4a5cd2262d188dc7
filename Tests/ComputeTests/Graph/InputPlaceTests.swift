import Glibc
import TestSupport
import Testing

@testable import Compute

/// Steps that follow an input of the model to where the caller has it read nothing else, and write
/// nothing there.
@Suite struct InputPlaceTests {
  /// Memory that ends where the next page must not be touched.
  private final class Fence {
    private let byteCount: Int
    private let start: UnsafeMutableRawPointer

    init(_ bytes: UnsafeRawBufferPointer, shift: Int = 0) {
      let page = Int(sysconf(Int32(_SC_PAGESIZE)))
      let room = (bytes.count + shift + page - 1) / page * page
      byteCount = room + page
      start = mmap(
        nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
      view = UnsafeRawBufferPointer(
        start: start + room - bytes.count - shift, count: bytes.count)
      UnsafeMutableRawBufferPointer(mutating: view).copyMemory(from: bytes)
      // Written to, it ends the test at once.
      mprotect(start, room, PROT_READ)
      mprotect(start + room, page, PROT_NONE)
    }

    let view: UnsafeRawBufferPointer

    deinit { munmap(start, byteCount) }
  }

  /// Every input is read in place, however small.
  private var inPlace: ModelOptions {
    var options = ModelOptions()
    options.followedByteCountPerReader = 0
    return options
  }

  private func model(
    _ opType: String, domain: String = "", _ inputs: [Tensor], constants: Set<Int> = [],
    _ attributes: [String: Attribute] = [:], outputs: Int = 1
  ) throws -> Model {
    var graph = Graph(opsets: ["": 17, "ai.onnx.ml": 3, "com.microsoft": 1])
    graph.nodes = [
      Node(
        opType: opType, domain: domain, inputs: inputs.indices.map { "in\($0)" },
        outputs: (0..<outputs).map { "out\($0)" }, attributes: attributes)
    ]
    for (index, tensor) in inputs.enumerated() {
      if constants.contains(index) {
        graph.initializers["in\(index)"] = tensor
      } else {
        graph.inputs.append(
          .init(name: "in\(index)", dataType: tensor.dataType, shape: tensor.shape.map { _ in -1 }))
      }
    }
    graph.outputs = (0..<outputs).map { .init(name: "out\($0)", dataType: nil, shape: nil) }
    return try Model(graph, options: inPlace)
  }

  /// Runs with inputs that nobody can write to: in front of a page that nobody can touch, a byte off, and
  /// with the room behind them that makes steps read them in place, here and there.
  private func expectSameAnywhere(_ model: Model, _ given: [Tensor], _ name: String) throws {
    let expected = try Run.run(model, given)
    try model.withContext { context in
      for shift in [0, 1, 128, 0, 136, 264] {
        let fences = given.map { tensor in
          tensor.dataType == .string
            ? nil : tensor.withView { Fence($0.bytes, shift: shift) }
        }
        let views = zip(given, fences).map { tensor, fence in
          fence.map { TensorView(dataType: tensor.dataType, shape: tensor.shape, bytes: $0.view) }
            ?? tensor.withView { $0 }
        }
        try withExtendedLifetime((fences, given)) { try context.run(views) }
        for (index, tensor) in expected.enumerated() {
          let found = context.output(index)
          let same = tensor.withView { $0.bytes.elementsEqual(found.bytes) }
          #expect(same && found.shape == tensor.shape, "output \(index) of \(name)")
        }
      }
    }
  }

  @Test func everyOperatorReadsOnlyWhatIsThere() throws {
    var count = 0
    for name in OperatorRegistry.standard.names where !name.hasPrefix(FusedAttribute.domain) {
      let parts = name.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
      let (domain, type) = parts.count == 2 ? (parts[0], parts[1]) : ("", name)
      let (inputs, attributes) = OperatorSamples.sample(type)
      let given = inputs.compactMap { $0 }
      // What draws random numbers, or takes shapes that have to be known, is not the matter here.
      guard given.count == inputs.count, !type.hasPrefix("Random"), type != "Multinomial",
        type != "Bernoulli", let model = try? model(type, domain: domain, given, attributes),
        (try? Run.run(model, given)) != nil
      else { continue }
      try expectSameAnywhere(model, given, name)
      count += 1
    }
    #expect(count > 150, "got \(count)")
  }

  @Test func largerOnesToo() throws {
    var random = SplitMix64(state: 11)
    for (rows, width, columns) in [(1, 33, 1), (5, 70, 3), (17, 48, 40), (64, 129, 8)] {
      let x = Tensor.random([rows, width], &random)
      let coefficients = Tensor.random([columns * width], &random).floats
      let linear = try model(
        "LinearClassifier", domain: "ai.onnx.ml", [x],
        [
          "coefficients": .floats(coefficients),
          "intercepts": .floats([Float](repeating: 0.5, count: columns)),
          "classlabels_ints": .ints((0..<max(columns, 2)).map { Int64($0) }),
        ], outputs: 2)
      try expectSameAnywhere(linear, [x], "LinearClassifier")
      let w = Tensor.random([width, columns], &random)
      let product = try model("MatMul", [x, w], constants: [1])
      try expectSameAnywhere(product, [x], "MatMul")
      try expectSameAnywhere(try model("MatMul", [x, w]), [x, w], "MatMul")
      try expectSameAnywhere(try model("Gemm", [x, w], constants: [1]), [x], "Gemm")
      let row = Tensor.random([width], &random)
      try expectSameAnywhere(try model("Add", [x, row]), [x, row], "Add")
      try expectSameAnywhere(try model("Exp", [x]), [x], "Exp")
    }
  }

  /// Reshaped inputs, operators that write where they read, and one reader behind the other.
  @Test func chainsWriteNothingToTheCaller() throws {
    for seed in 0..<300 {
      let drawn = RandomGraph(SplitMix64(state: UInt64(seed)))
      guard !drawn.graph.outputs.isEmpty else { continue }
      let copying = try Run.graph(drawn.open, [drawn.input])
      let model = try Model(drawn.open, options: inPlace)
      try expectSameAnywhere(model, [drawn.input], "graph \(seed)")
      let found = try Run.run(model, [drawn.input])
      for (a, b) in zip(found, copying) {
        #expect(a.withView { a in b.withView { a.bytes.elementsEqual($0.bytes) } }, "graph \(seed)")
      }
    }
  }

  @Test func aReshapedInputIsReadInPlaceAndAnOutputIsNot() throws {
    var graph = Graph()
    graph.inputs = [.init(name: "x", dataType: .fp32, shape: [2, 3])]
    graph.nodes = [
      Node(opType: "Flatten", inputs: ["x"], outputs: ["f"], attributes: ["axis": .int(0)]),
      Node(opType: "Neg", inputs: ["f"], outputs: ["y"]),
    ]
    graph.outputs = [.init(name: "y", dataType: nil, shape: nil)]
    let x = Tensor(fp32: [1, 2, 3, 4, 5, 6], shape: [2, 3])
    #expect(try isFollowed(graph, x))
    graph.outputs.append(.init(name: "f", dataType: nil, shape: nil))
    #expect(try !isFollowed(graph, x))
  }

  @Test func smallInputsAreCopied() throws {
    var graph = Graph()
    graph.inputs = [.init(name: "x", dataType: .fp32, shape: [-1])]
    graph.nodes = [Node(opType: "Neg", inputs: ["x"], outputs: ["y"])]
    graph.outputs = [.init(name: "y", dataType: nil, shape: nil)]
    for (count, expected) in [(16 << 10, true), ((16 << 10) - 1, false)] {
      let x = Tensor(fp32: [Float](repeating: 1, count: count), shape: [count])
      #expect(try isFollowed(graph, x, ModelOptions()) == expected, "\(count) elements")
    }
  }

  private func isFollowed(
    _ graph: Graph, _ input: Tensor, _ options: ModelOptions? = nil
  ) throws -> Bool {
    let program = try Compiler.compile(graph, options: options ?? inPlace)
    var builder = try PlanBuilder(program, shapes: [input.shape], values: [:])
    let storage = TensorStorage(byteCount: 1 << 20)
    let plan = try builder.build { _ in storage.base }
    return input.withView { view in
      plan.take(input: 0, view.bytes)
      return UnsafeRawPointer(plan.places[0]) == view.bytes.baseAddress
    }
  }

  /// A copy would show in nothing but time, so the plan is asked.
  @Test func aLinearModelIsNotCopied() throws {
    let attributes: [String: Attribute] = [
      "coefficients": .floats([1, 2, 3]), "intercepts": .floats([0.5]), "targets": .int(1),
    ]
    // What ends with its page is copied, so that nothing is read behind it: not such a one.
    let candidates = (0..<64).map { _ in Tensor(fp32: [1, 2, 3], shape: [1, 3]) }
    let x = try #require(
      candidates.first { $0.withView { UInt(bitPattern: $0.bytes.baseAddress) % 4_096 < 3_584 } })
    let graph = Graph(
      nodes: [
        Node(
          opType: "LinearRegressor", domain: "ai.onnx.ml", inputs: ["x"], outputs: ["y"],
          attributes: attributes)
      ], inputs: [.init(name: "x", dataType: .fp32, shape: [1, 3])],
      outputs: [.init(name: "y", dataType: nil, shape: nil)])
    let program = try Compiler.compile(graph, options: ModelOptions())
    var builder = try PlanBuilder(program, shapes: [x.shape], values: [:])
    let storage = TensorStorage(byteCount: 4_096)
    let plan = try builder.build { _ in storage.base }
    x.withView { view in
      plan.take(input: 0, view.bytes)
      #expect(UnsafeRawPointer(plan.places[0]) == view.bytes.baseAddress)
    }
    try plan.run()
    #expect(plan.outputs[0].f32[0] == 14.5)
  }
}
