/// RoiAlign and MaxRoiPool: regions of images brought to one size.
struct RoiOperator: Operator {
  enum Function: Sendable {
    /// Samples per bin along each side, 0 for as many as the region is wide.
    case align(isMax: Bool, samples: Int, shift: Double)
    case maxPool
  }

  let function: Function
  let height: Int
  let width: Int
  let scale: Double

  private var isAlign: Bool { if case .align = function { true } else { false } }

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let type = try inputs.type(0, among: DataType.floats)
    let rois = try inputs.type(1, among: [type.dataType])
    if isAlign {
      let images = try inputs.type(2, among: [.int64])
      guard images.shape.map({ $0.count == 1 }) ?? true,
        rois.shape?.first ?? -1 < 0 || images.shape?.first ?? -1 < 0
          || images.shape?.first == rois.shape?.first
      else {
        throw GraphError(
          code: .shapeMismatch,
          message: "each region needs the number of an image: \(Shape.describe(rois.shape)), got "
            + Shape.describe(images.shape))
      }
    }
    guard type.shape.map({ $0.count == 4 }) ?? true,
      rois.shape.map({ $0.count == 2 && ($0[1] < 0 || $0[1] == (isAlign ? 4 : 5)) }) ?? true
    else {
      throw GraphError(
        code: .shapeMismatch,
        message: "regions \(Shape.describe(rois.shape)) do not fit images "
          + Shape.describe(type.shape))
    }
    return [
      TensorType(type.dataType, [rois.shape?[0] ?? -1, type.shape?[1] ?? -1, height, width])
    ]
  }

  func work(_ inputs: KnownInputs, _ outputs: [TensorType]) throws(GraphError) -> Double {
    guard let shape = inputs.optional(0)?.shape,
      let count = outputs[0].shape.flatMap(Shape.elementCount)
    else { return 0 }
    switch function {
    case .align(_, let samples, _):
      // Without a number it follows the region, which should not be larger than the image.
      let perBin =
        samples > 0
        ? Double(samples * samples)
        : (Double(shape[2]) / Double(height) + 1) * (Double(shape[3]) / Double(width) + 1)
      return Double(count) * perBin
    case .maxPool: return Double(count) * Double(shape[2]) * Double(shape[3])
    }
  }

  /// Scratch for averages of FP32 images; nil where there are none.
  private func averagesByteCount(_ type: DataType, _ shape: [Int]?) -> Int? {
    guard case .align(false, _, _) = function, type == .fp32, let shape, shape[2] > 0, shape[3] > 0
    else { return nil }
    return RoiAverages.byteCount(bins: (height, width), height: shape[2], width: shape[3])
  }

  func scratchByteCount(_ inputs: KnownInputs) -> Int {
    inputs.optional(0).flatMap { averagesByteCount($0.dataType, $0.shape) } ?? 0
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let input = try operands.input(0)
    if averagesByteCount(input.dataType, input.shape) != nil {
      return try averagesStep(input, operands)
    }
    return step(
      try input.dataType.numeric(), input, try operands.input(1),
      isAlign ? Indices(try operands.input(2)) : nil, try operands.output())
  }

  @_specialize(where T == Float)
  private func step<T: Element>(
    _ type: T.Type, _ input: Operand, _ rois: Operand, _ images: Indices?, _ output: Operand
  ) -> Step {
    let (source, target) = (input.pointer(T.self), output.pointer(T.self))
    let (regions, columns) = (rois.pointer(T.self), rois.shape[1])
    let (count, channels) = (output.shape[0], output.shape[1])
    let size = (height: input.shape[2], width: input.shape[3])
    let imageCount = input.shape[0]
    let roi = self
    return { () throws(ExecutionError) in
      for region in 0..<count {
        let row = regions + region * columns
        var image = columns == 5 ? Int(row[0].asDouble, within: -1...imageCount) : 0
        if let images { image = try images.wrapped(region, size: imageCount) }
        try Self.check(image, imageCount)
        let box = row + (columns - 4)
        for channel in 0..<channels {
          let plane = source + (image * channels + channel) * size.height * size.width
          let to = target + (region * channels + channel) * roi.height * roi.width
          for bin in 0..<roi.height * roi.width {
            let value = roi.value(
              plane, size, (bin / roi.width, bin % roi.width),
              (box[0].asDouble, box[1].asDouble, box[2].asDouble, box[3].asDouble))
            to[bin] = T(converting: value)
          }
        }
      }
    }
  }

  private static func check(_ image: Int, _ count: Int) throws(ExecutionError) {
    guard (0..<count).contains(image) else {
      throw ExecutionError(
        code: .invalidValue, message: "regions must name an image in 0..<\(count)")
    }
  }

  private func averagesStep(_ input: Operand, _ operands: Operands) throws(GraphError) -> Step {
    let (output, regions) = (try operands.output(), try operands.input(1).f32)
    let images = Indices(try operands.input(2))
    let size = (height: input.shape[2], width: input.shape[3])
    let (imageCount, count, channels) = (input.shape[0], output.shape[0], output.shape[1])
    let (source, target, roi) = (UnsafePointer(input.f32), output.f32, self)
    let averages = RoiAverages(
      bins: (height, width), height: size.height, width: size.width, scratch: operands.scratch)
    return { () throws(ExecutionError) in
      for region in 0..<count {
        let image = try images.wrapped(region, size: imageCount)
        try Self.check(image, imageCount)
        let box = regions + region * 4
        let grid = roi.grid(
          (Double(box[0]), Double(box[1]), Double(box[2]), Double(box[3])), size)
        averages.place(
          top: grid.top, stepY: grid.stepY, countY: grid.countY, left: grid.left,
          stepX: grid.stepX, countX: grid.countX)
        for channel in 0..<channels {
          averages.compute(
            source + (image * channels + channel) * size.height * size.width,
            into: target + (region * channels + channel) * roi.height * roi.width)
        }
      }
    }
  }

  /// Where a region's samples lie: its corner, how large a bin is, and samples along each side of it.
  private struct Grid {
    var top, left, stepY, stepX: Double
    var countY, countX: Int
  }

  private func grid(
    _ box: (Double, Double, Double, Double), _ size: (height: Int, width: Int)
  ) -> Grid {
    guard case .align(_, let samples, let shift) = function else {
      preconditionFailure("only RoiAlign samples")
    }
    let (left, top) = (box.0 * scale - shift, box.1 * scale - shift)
    var (spanX, spanY) = (box.2 * scale - shift - left, box.3 * scale - shift - top)
    // Without the shift, regions are at least a pixel wide.
    if shift == 0 { (spanX, spanY) = (max(spanX, 1), max(spanY, 1)) }
    let (stepY, stepX) = (spanY / Double(height), spanX / Double(width))
    // A region larger than the image cannot be meant: it gets the image's samples.
    func count(_ step: Double, _ size: Int, _ bins: Int) -> Int {
      samples > 0 ? samples : Int(step.rounded(.up), within: 0...size / bins + 1)
    }
    return Grid(
      top: top, left: left, stepY: stepY, stepX: stepX,
      countY: count(stepY, size.height, height), countX: count(stepX, size.width, width))
  }

  private func value<T: Element>(
    _ plane: UnsafeMutablePointer<T>, _ size: (height: Int, width: Int), _ bin: (Int, Int),
    _ box: (Double, Double, Double, Double)
  ) -> Double {
    switch function {
    case .align(let isMax, _, _): return align(plane, size, bin, grid(box, size), isMax)
    case .maxPool: return pool(plane, size, bin, box)
    }
  }

  private func align<T: Element>(
    _ plane: UnsafeMutablePointer<T>, _ size: (height: Int, width: Int), _ bin: (Int, Int),
    _ grid: Grid, _ isMax: Bool
  ) -> Double {
    let (countY, countX) = (grid.countY, grid.countX)
    var result = isMax ? -Double.infinity : 0
    for sampleY in 0..<countY {
      let y = grid.top + grid.stepY * (Double(bin.0) + (Double(sampleY) + 0.5) / Double(countY))
      for sampleX in 0..<countX {
        let x = grid.left + grid.stepX * (Double(bin.1) + (Double(sampleX) + 0.5) / Double(countX))
        let corners = Self.corners(plane, size, y, x)
        if isMax {
          result = max(result, max(max(corners.0, corners.1), max(corners.2, corners.3)))
        } else {
          result += corners.0 + corners.1 + corners.2 + corners.3
        }
      }
    }
    if isMax { return countY * countX == 0 ? 0 : result }
    return result / Double(max(1, countY * countX))
  }

  /// The four neighbours of a position, weighted; zeros outside.
  private static func corners<T: Element>(
    _ plane: UnsafeMutablePointer<T>, _ size: (height: Int, width: Int), _ y: Double,
    _ x: Double
  ) -> (Double, Double, Double, Double) {
    let (bottom, right) = (Double(size.height - 1), Double(size.width - 1))
    guard y >= -1, y <= bottom + 1, x >= -1, x <= right + 1, bottom >= 0, right >= 0 else {
      return (0, 0, 0, 0)
    }
    let (y, x) = (min(max(y, 0), bottom), min(max(x, 0), right))
    let (top, left) = (Int(y), Int(x))
    let (low, far) = (min(top + 1, size.height - 1), min(left + 1, size.width - 1))
    let (dy, dx) = (y - Double(top), x - Double(left))
    func at(_ row: Int, _ column: Int) -> Double { plane[row * size.width + column].asDouble }
    return (
      (1 - dy) * (1 - dx) * at(top, left), (1 - dy) * dx * at(top, far),
      dy * (1 - dx) * at(low, left), dy * dx * at(low, far)
    )
  }

  private func pool<T: Element>(
    _ plane: UnsafeMutablePointer<T>, _ size: (height: Int, width: Int), _ bin: (Int, Int),
    _ box: (Double, Double, Double, Double)
  ) -> Double {
    func rounded(_ value: Double) -> Double {
      (min(max(value, -1e9), 1e9) * scale).rounded()
    }
    let (left, top) = (rounded(box.0), rounded(box.1))
    let (spanX, spanY) = (max(rounded(box.2) - left + 1, 1), max(rounded(box.3) - top + 1, 1))
    func range(_ start: Double, _ step: Double, _ bin: Int, _ size: Int) -> Range<Int> {
      let first = (start + (Double(bin) * step).rounded(.down))
      let last = (start + (Double(bin + 1) * step).rounded(.up))
      let low = Int(first, within: 0...size)
      return low..<max(low, Int(last, within: 0...size))
    }
    var result = -Double.infinity
    for y in range(top, spanY / Double(height), bin.0, size.height) {
      for x in range(left, spanX / Double(width), bin.1, size.width) {
        result = max(result, plane[y * size.width + x].asDouble)
      }
    }
    return result == -.infinity ? 0 : result
  }

  static func register(in registry: inout OperatorRegistry) {
    registry.register("RoiAlign") { context throws(GraphError) in
      let mode = try context.string("mode") ?? "avg"
      guard mode == "avg" || mode == "max" else {
        throw context.unsupported("mode", mode, expected: "avg or max")
      }
      let coordinates =
        try context.string("coordinate_transformation_mode")
        ?? (context.opset < 16 ? "output_half_pixel" : "half_pixel")
      let samples = try context.int("sampling_ratio", default: 0)
      let (height, width) = (
        try context.int("output_height", default: 1), try context.int("output_width", default: 1)
      )
      guard (0...4096).contains(samples), (1...1 << 20).contains(height),
        (1...1 << 20).contains(width)
      else {
        throw GraphError(
          code: .invalidAttribute, message: "RoiAlign's sizes must be above 0 and sane")
      }
      return RoiOperator(
        function: .align(
          isMax: mode == "max", samples: samples, shift: coordinates == "half_pixel" ? 0.5 : 0),
        height: height, width: width,
        scale: Double(try context.float("spatial_scale", default: 1)))
    }
    registry.register("MaxRoiPool") { context throws(GraphError) in
      guard let size = try context.ints("pooled_shape"), size.count == 2,
        size.allSatisfy((1...1 << 20).contains)
      else {
        throw GraphError(
          code: .invalidAttribute, message: "MaxRoiPool needs a pooled_shape of two sizes")
      }
      return RoiOperator(
        function: .maxPool, height: size[0], width: size[1],
        scale: Double(try context.float("spatial_scale", default: 1)))
    }
  }
}
