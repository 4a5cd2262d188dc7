import Compute
import TestSupport
import Testing

@Suite struct LinearOperatorTests {
  /// The definition, in double precision.
  private func product(
    _ a: Tensor, _ b: Tensor, _ m: Int, _ n: Int, _ k: Int, transA: Bool, transB: Bool
  ) -> [Double] {
    let (x, y) = (a.floats, b.floats)
    return (0..<(m * n)).map { index in
      let (row, column) = (index / n, index % n)
      return (0..<k).reduce(0) {
        $0 + Double(x[transA ? $1 * m + row : row * k + $1])
          * Double(y[transB ? column * k + $1 : $1 * n + column])
      }
    }
  }

  @Test(arguments: 0..<30)
  func gemmEqualsItsDefinition(_ seed: Int) throws {
    var random = SplitMix64(state: UInt64(seed))
    let (m, n, k) = (
      Int.random(in: 1...20, using: &random), Int.random(in: 1...40, using: &random),
      Int.random(in: 1...40, using: &random)
    )
    let (transA, transB) = (Bool.random(using: &random), Bool.random(using: &random))
    let a = Tensor.random(transA ? [k, m] : [m, k], &random)
    let b = Tensor.random(transB ? [n, k] : [k, n], &random)
    let forms = [[n], [1, n], [m, n], [m, 1], [1], []]
    let c = Tensor.random(forms.randomElement(using: &random)!, &random)
    let (alpha, beta): (Float, Float) = Bool.random(using: &random) ? (1, 1) : (0.5, -2)
    let constants: Set<Int> = Bool.random(using: &random) ? [1, 2] : []
    let got = try Run.node(
      "Gemm", [a, b, c],
      attributes: [
        "alpha": .float(alpha), "beta": .float(beta), "transA": .int(transA ? 1 : 0),
        "transB": .int(transB ? 1 : 0),
      ], constants: constants)[0].floats
    let bias = c.floats
    let expected = product(a, b, m, n, k, transA: transA, transB: transB).enumerated().map {
      let (row, column) = ($0.offset / n, $0.offset % n)
      let wide = c.shape.last ?? 1 > 1
      let tall = c.shape.count == 2 && c.shape[0] > 1
      let index = (tall ? row * (c.shape[1]) : 0) + (wide ? column : 0)
      return alpha * Float($0.element) + beta * bias[index]
    }
    #expect(isClose(got, expected), "seed \(seed)")
  }

  @Test func matMulBroadcastsAndTakesVectors() throws {
    let stack = Tensor(fp32: (0..<12).map { Float($0) }, shape: [2, 2, 3])
    let vector = Tensor(fp32: [1, 0, -1], shape: [3])
    #expect(try Run.node("MatMul", [stack, vector])[0].floats == [-2, -2, -2, -2])
    let matrix = Tensor(fp32: [1, 0, 0, 1, 1, 1], shape: [3, 2])
    for constants in [[], [1]] as [Set<Int>] {
      let result = try Run.node("MatMul", [stack, matrix], constants: constants)[0]
      #expect(result.shape == [2, 2, 2])
      #expect(result.floats == [2, 3, 8, 9, 14, 15, 20, 21])
    }
  }

  @Test func integerProductsAreExact() throws {
    let a = Tensor(int64: [1 << 40, 1], shape: [1, 2])
    let b = Tensor(int64: [3, 1], shape: [2, 1])
    #expect(try Run.node("MatMul", [a, b])[0].integers == [3 << 40 | 1])
  }

  @Test func innerSizesThatDifferAreRefusedWithBothShapes() {
    var graph = Graph()
    graph.inputs = [.init(name: "x", dataType: .fp32, shape: [8, 64])]
    graph.initializers = ["w": Tensor(fp32: [Float](repeating: 0, count: 320), shape: [32, 10])]
    graph.nodes = [Node(name: "mlp", opType: "MatMul", inputs: ["x", "w"], outputs: ["y"])]
    graph.outputs = [.init(name: "y", dataType: .fp32, shape: nil)]
    let error = #expect(throws: GraphError.self) { try Model(graph) }
    #expect(error?.code == .shapeMismatch)
    #expect(
      error.map { "\($0)" }
        == "shapeMismatch at node 'mlp': MatMul needs the inner sizes to agree: "
        + "left is [8×64], right is [32×10]")
  }

  @Test func matMulAndAddOfConstantsBecomeOneProduct() throws {
    var graph = Graph()
    graph.inputs = [.init(name: "x", dataType: .fp32, shape: [-1, 2])]
    graph.initializers = [
      "w": Tensor(fp32: [1, 2, 3, 4], shape: [2, 2]), "b": Tensor(fp32: [10, -20], shape: [2]),
    ]
    graph.nodes = [
      Node(opType: "MatMul", inputs: ["x", "w"], outputs: ["p"]),
      Node(opType: "Add", inputs: ["b", "p"], outputs: ["s"]),
      Node(opType: "Relu", inputs: ["s"], outputs: ["y"]),
    ]
    graph.outputs = [.init(name: "y", dataType: .fp32, shape: nil)]
    let x = Tensor(fp32: [1, 1, 0, 1], shape: [2, 2])
    for passes in [ModelOptions.Passes.all, []] {
      #expect(try Run.graph(graph, [x], passes: passes)[0].floats == [14, 0, 13, 0])
    }
  }
}
