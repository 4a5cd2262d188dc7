internal import Compute

/// Which version of the file format a graph needs.
enum ONNXVersions {
  /// The newest of what its operator sets came with and what its types and functions need, but at
  /// least 8, which every runtime of the last years reads.
  static func irVersion(of graph: Graph) -> Int64 {
    var version: Int64 =
      switch graph.opsets[""] ?? 0 {
      case ...18: 8
      case 19...20: 9
      case 21...22: 10
      case 23: 11
      case 24: 12
      default: 13
      }
    if graph.functions.contains(where: { !$0.overload.isEmpty }) { version = max(version, 10) }
    for tensor in graph.initializers.values { version = max(version, need(tensor.dataType)) }
    for type in (graph.inputs + graph.outputs).compactMap(\.dataType) {
      version = max(version, need(type))
    }
    return version
  }

  private static func need(_ type: DataType) -> Int64 {
    switch type {
    case .fp8e4m3fn, .fp8e4m3fnuz, .fp8e5m2, .fp8e5m2fnuz: 9
    case .int4, .uint4: 10
    default: 1
    }
  }
}
