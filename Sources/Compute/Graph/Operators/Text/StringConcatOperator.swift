/// StringConcat: joins texts pairwise, with broadcasting.
struct StringConcatOperator: Operator {
  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let (left, right) = (
      try inputs.type(0, among: [.string]), try inputs.type(1, among: [.string])
    )
    return [TensorType(.string, try broadcastShape(left, right))]
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let (left, right, output) = (
      try operands.input(0), try operands.input(1), try operands.output()
    )
    guard let a = left.strings, let b = right.strings, let target = output.strings else {
      return nil
    }
    let rank = output.shape.count
    let walk = StridedWalk(
      output.shape,
      strides: [Broadcast.strides(left.shape, rank), Broadcast.strides(right.shape, rank)])
    return {
      let (a, b) = (
        StringFraming.elements(a.bytes) ?? [], StringFraming.elements(b.bytes) ?? []
      )
      target.removeAll()
      walk.forEach { _, at in target.append(element: a[at.0] + b[at.1]) }
    }
  }

  static func register(in registry: inout OperatorRegistry) {
    registry.register("StringConcat") { _ in StringConcatOperator() }
  }
}
