import Compute
import TestSupport

/// Graphs of image operators as exporters write them.
enum ImageGraphs {
  /// The network for square images of one size.
  static func network(sized size: Int) -> Graph {
    var graph = network()
    graph.inputs[0].shape = [-1, 3, size, size]
    return graph
  }

  /// Two convolutions with ReLU and pooling, then a dense layer and Softmax.
  static func network() -> Graph {
    var random = SplitMix64(state: 7)
    var graph = Graph()
    graph.inputs = [.init(name: "x", dataType: .fp32, shape: [-1, 3, -1, -1])]
    graph.initializers = [
      "w1": .random([5, 3, 3, 3], &random), "b1": .random([5], &random),
      "w2": .random([6, 5, 2, 2], &random), "w3": .random([4, 96], &random),
      "b3": .random([4], &random),
    ]
    graph.nodes = [
      Node(opType: "Conv", inputs: ["x", "w1", "b1"], outputs: ["c1"]),
      Node(opType: "Relu", inputs: ["c1"], outputs: ["r1"]),
      Node(
        opType: "MaxPool", inputs: ["r1"], outputs: ["p1"],
        attributes: ["kernel_shape": .ints([2, 2]), "strides": .ints([2, 2])]),
      Node(opType: "Conv", inputs: ["p1", "w2"], outputs: ["c2"]),
      Node(opType: "Relu", inputs: ["c2"], outputs: ["r2"]),
      Node(opType: "Flatten", inputs: ["r2"], outputs: ["f"]),
      Node(
        opType: "Gemm", inputs: ["f", "w3", "b3"], outputs: ["g"],
        attributes: ["transB": .int(1)]),
      Node(opType: "Softmax", inputs: ["g"], outputs: ["y"]),
    ]
    graph.outputs = [.init(name: "y", dataType: .fp32, shape: nil)]
    return graph
  }
}
