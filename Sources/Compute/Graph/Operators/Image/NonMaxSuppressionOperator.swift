/// NonMaxSuppression: the best boxes of every class that do not overlap a better one too much.
struct NonMaxSuppressionOperator {
  let isCentered: Bool

  func run(_ call: ValueCall) throws(ExecutionError) -> [ModelValue?] {
    let (boxes, scores) = (try call.tensor(0), try call.tensor(1))
    guard boxes.shape.count == 3, scores.shape.count == 3, boxes.shape[2] == 4,
      boxes.shape[0] == scores.shape[0], boxes.shape[1] == scores.shape[2]
    else {
      throw ExecutionError(
        code: .shapeMismatch,
        message: "boxes \(Shape.describe(boxes.shape)) do not fit scores "
          + Shape.describe(scores.shape))
    }
    let countMax = max(0, try call.integer(2) ?? 0)
    let overlapMax = try number(call, 3) ?? 0
    let scoreMin = try number(call, 4)
    let (coordinates, values) = (
      boxes.elements(as: Float.self), scores.elements(as: Float.self)
    )
    let (classes, count) = (scores.shape[1], scores.shape[2])
    var selected: [Int64] = []
    let words = UnsafeMutablePointer<UInt64>.allocate(capacity: max(1, count))
    defer { words.deallocate() }
    for image in 0..<boxes.shape[0] {
      for category in 0..<classes {
        let start = (image * classes + category) * count
        // Most often few of the candidates are looked at: they are not sorted but taken from a heap.
        var candidates = RankedIndices(words)
        for index in 0..<count where values[start + index] > scoreMin ?? -.infinity {
          candidates.add(values[start + index], index, isLargest: true)
        }
        candidates.rank()
        var kept: [(index: Int, box: Box)] = []
        while kept.count < countMax, let index = candidates.popBest() {
          try call.interpreter.spend(Double(kept.count))
          let box = Box(coordinates, (image * count + index) * 4, isCentered)
          if !kept.contains(where: { $0.box.overlap(box) > overlapMax }) {
            kept.append((index, box))
          }
        }
        for (index, _) in kept {
          selected += [Int64(image), Int64(category), Int64(index)]
        }
      }
    }
    return [.tensor(Tensor(int64: selected, shape: [selected.count / 3, 3]))]
  }

  private func number(_ call: ValueCall, _ index: Int) throws(ExecutionError) -> Float? {
    guard call.optional(index) != nil else { return nil }
    let tensor = try call.tensor(index)
    guard tensor.dataType == .fp32, tensor.elementCount == 1 else {
      throw ExecutionError(code: .invalidValue, message: "input \(index) must be one FP32")
    }
    return tensor.elements(as: Float.self)[0]
  }

  private struct Box {
    let (top, left, bottom, right): (Float, Float, Float, Float)

    init(_ values: [Float], _ start: Int, _ isCentered: Bool) {
      let (a, b, c, d) = (
        values[start], values[start + 1], values[start + 2], values[start + 3]
      )
      if isCentered {
        (top, left, bottom, right) = (b - d / 2, a - c / 2, b + d / 2, a + c / 2)
      } else {
        // Any diagonal pair of corners.
        (top, left, bottom, right) = (min(a, c), min(b, d), max(a, c), max(b, d))
      }
    }

    /// The intersection by the union.
    func overlap(_ other: Box) -> Float {
      let height = max(0, min(bottom, other.bottom) - max(top, other.top))
      let width = max(0, min(right, other.right) - max(left, other.left))
      let both = height * width
      let area = (bottom - top) * (right - left)
      let union = area + (other.bottom - other.top) * (other.right - other.left) - both
      return union <= 0 ? 0 : both / union
    }
  }

  static func register(in registry: inout OperatorRegistry) {
    registry.register("NonMaxSuppression") { context throws(GraphError) in
      let suppression = NonMaxSuppressionOperator(
        isCentered: try context.bool("center_point_box", default: false))
      return ValueFunction(
        types: { inputs throws(GraphError) in
          for index in 0...1 { _ = try inputs.type(index, among: [.fp32]) }
          return [TensorType(.int64, [-1, 3])]
        }, function: { call throws(ExecutionError) in try suppression.run(call) })
    }
  }
}
