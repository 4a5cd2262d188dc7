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

  /// Elements of every width, gathered and scattered along every axis by indices of both types
  /// that are smaller than the data, against coordinates taken apart one by one.
  @Test(arguments: -3..<3) func elementsAreFoundAlongEveryAxis(_ axis: Int) throws {
    let (shape, picked) = ([2, 3, 4], [2, 2, 3])
    let at = axis < 0 ? axis + 3 : axis
    let values = (0..<12).map { $0 * 5 % (2 * shape[at]) - shape[at] }
    let places = (0..<12).map { index in
      var coordinates = [index / 6, index / 3 % 2, index % 3]
      coordinates[at] = (values[index] + shape[at]) % shape[at]
      return (coordinates[0] * 3 + coordinates[1]) * 4 + coordinates[2]
    }
    for isWide in [true, false] {
      let indices =
        isWide
        ? Tensor(int64: values.map { Int64($0) }, shape: picked)
        : Tensor(values.map { Int32($0) }, shape: picked, dataType: .int32)
      func check<T: FixedWidthInteger & BitwiseCopyable>(_ type: T.Type, _ dataType: DataType)
        throws
      {
        let numbers = (0..<24).map { T($0 * 3 + 1) }
        let data = Tensor(numbers, shape: shape, dataType: dataType)
        let attributes: [String: Attribute] = ["axis": .int(Int64(axis))]
        let found = try Run.node("GatherElements", [data, indices], attributes: attributes)[0]
        #expect(found.elements(as: T.self) == places.map { numbers[$0] }, "\(dataType)")
        var expected = numbers
        for (index, place) in places.enumerated() { expected[place] = T(100 + index) }
        let updates = Tensor((0..<12).map { T(100 + $0) }, shape: picked, dataType: dataType)
        let scattered = try Run.node(
          "ScatterElements", [data, indices, updates], attributes: attributes, opset: 18)[0]
        #expect(scattered.elements(as: T.self) == expected, "\(dataType)")
      }
      try check(UInt8.self, .uint8)
      try check(Int16.self, .int16)
      try check(Int32.self, .int32)
      try check(Int64.self, .int64)
    }
  }

  @Test func elementsOutsideTheAxisAreRefused() throws {
    let none = Tensor(int64: [], shape: [0, 3, 4])
    #expect(try Run.node("GatherElements", [cube, none])[0].shape == [0, 3, 4])
    for index: Int64 in [2, -3, .max, .min] {
      let indices = Tensor(int64: [index], shape: [1, 1, 1])
      #expect(throws: ExecutionError.self) { try Run.node("GatherElements", [cube, indices]) }
      #expect(throws: ExecutionError.self) {
        try Run.node("ScatterElements", [cube, indices, .init(fp32: [1], shape: [1, 1, 1])])
      }
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
