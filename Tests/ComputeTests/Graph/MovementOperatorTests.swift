import Compute
import Testing

@Suite struct MovementOperatorTests {
  private let cube = Tensor(fp32: (0..<24).map { Float($0) }, shape: [2, 3, 4])

  @Test func reshapeCopiesZerosAndSolvesOneOpenSize() throws {
    let target = Tensor(int64: [0, -1], shape: [2])
    #expect(try Run.node("Reshape", [cube, target], constants: [1])[0].shape == [2, 12])
    // The target as an input of the model: the plan depends on its value.
    #expect(try Run.node("Reshape", [cube, target])[0].shape == [2, 12])
  }

  @Test func reshapeToAnotherSizeIsRefused() {
    #expect(throws: ExecutionError.self) {
      try Run.node("Reshape", [cube, .init(int64: [5, 5], shape: [2])])
    }
  }

  @Test func transposeReordersAxes() throws {
    let turned = try Run.node("Transpose", [cube], attributes: ["perm": .ints([2, 0, 1])])[0]
    #expect(turned.shape == [4, 2, 3])
    #expect(Array(turned.floats.prefix(7)) == [0, 4, 8, 12, 16, 20, 1])
  }

  @Test func sliceCountsFromTheEndAndBackwards() throws {
    let sliced = try Run.node(
      "Slice",
      [
        cube, .init(int64: [-1, 3], shape: [2]), .init(int64: [.min, 0], shape: [2]),
        .init(int64: [1, 2], shape: [2]), .init(int64: [-2, -1], shape: [2]),
      ])[0]
    #expect(sliced.shape == [2, 2, 3])
    #expect(sliced.floats == [11, 10, 9, 3, 2, 1, 23, 22, 21, 15, 14, 13])
  }

  @Test func splitGivesTheRestToTheLastPiece() throws {
    let row = Tensor(int64: [0, 1, 2, 3, 4], shape: [5])
    let pieces = try Run.node("Split", [row], opset: 18, outputs: 2)
    #expect(pieces.map(\.integers) == [[0, 1, 2], [3, 4]])
  }

  @Test func gatherRefusesAnIndexOutsideTheAxis() throws {
    let picked = try Run.node(
      "Gather", [cube, .init(int64: [-1], shape: [1])], attributes: ["axis": .int(2)])[0]
    #expect(picked.floats == [3, 7, 11, 15, 19, 23])
    #expect(throws: ExecutionError.self) {
      try Run.node("Gather", [cube, .init(int64: [2], shape: [1])])
    }
  }

  @Test func stringsMoveLikeNumbers() throws {
    let names = Tensor(strings: [[0x61], [], [0x63, 0x64], [0x65]], shape: [2, 2])
    #expect(try Run.node("Transpose", [names])[0].strings == ["a", "cd", "", "e"])
    #expect(
      try Run.node("Concat", [names, names], attributes: ["axis": .int(1)])[0].strings
        == ["a", "", "a", "", "cd", "e", "cd", "e"])
    #expect(
      try Run.node("Gather", [names, .init(int64: [1], shape: [1])])[0].strings == ["cd", "e"])
  }

  @Test func expandRepeatsAndConcatJoins() throws {
    let column = Tensor(fp32: [1, 2], shape: [2, 1])
    let wide = try Run.node("Expand", [column, .init(int64: [3, 1, 2], shape: [3])])[0]
    #expect(wide.shape == [3, 2, 2])
    #expect(Array(wide.floats.prefix(4)) == [1, 1, 2, 2])
    let joined = try Run.node("Concat", [column, column], attributes: ["axis": .int(-1)])[0]
    #expect(joined.floats == [1, 1, 2, 2])
  }

  @Test func dropoutPassesItsInputThrough() throws {
    let both = try Run.node("Dropout", [cube], outputs: 2)
    #expect(both[0].floats == cube.floats)
    #expect(both[1].flags.allSatisfy { $0 == 1 })
  }

  @Test func shapesComputedByTheGraphAreKnownToThePlan() throws {
    // Reshape(x, Concat(Shape(x)[0:1], [-1])), as torch writes x.view(x.size(0), -1).
    var graph = Graph()
    graph.inputs = [.init(name: "x", dataType: .fp32, shape: [-1, 3, 4])]
    graph.initializers = [
      "zero": .init(int64: [0], shape: [1]), "rest": .init(int64: [-1], shape: [1]),
    ]
    graph.nodes = [
      Node(opType: "Shape", inputs: ["x"], outputs: ["s"]),
      Node(opType: "Gather", inputs: ["s", "zero"], outputs: ["n"]),
      Node(
        opType: "Concat", inputs: ["n", "rest"], outputs: ["t"], attributes: ["axis": .int(0)]),
      Node(opType: "Reshape", inputs: ["x", "t"], outputs: ["y"]),
    ]
    graph.outputs = [.init(name: "y", dataType: .fp32, shape: [-1, 12])]
    #expect(try Run.graph(graph, [cube])[0].shape == [2, 12])
  }
}
