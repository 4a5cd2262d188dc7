/// How Resize reads along one dimension: where output coordinates lie in the input, and with which
/// weights their neighbours count.
struct ResizeSampling: Sendable {
  enum Mode: String, Sendable { case nearest, linear, cubic }
  enum Coordinates: String, Sendable {
    case halfPixel = "half_pixel", symmetric = "half_pixel_symmetric"
    case pytorch = "pytorch_half_pixel", corners = "align_corners", asymmetric
    case crop = "tf_crop_and_resize"
  }
  enum Nearest: String, Sendable {
    case preferFloor = "round_prefer_floor", preferCeil = "round_prefer_ceil", floor, ceil
  }

  let mode: Mode
  let coordinates: Coordinates
  let nearest: Nearest
  let cubicA: Double
  let excludesOutside: Bool
  let antialiases: Bool
  let extrapolation: Float

  init(_ context: OperatorContext, isAsymmetric: Bool) throws(GraphError) {
    func read<V: RawRepresentable<String>>(
      _ name: String, default value: V
    ) throws(GraphError) -> V {
      guard let text = try context.string(name) else { return value }
      guard let found = V(rawValue: text) else {
        throw context.unsupported(name, text, expected: "as the standard lists them")
      }
      return found
    }
    if try context.string("mode") == "bilinear" {
      mode = .linear
    } else {
      mode = try read("mode", default: Mode.nearest)
    }
    coordinates =
      isAsymmetric
      ? .asymmetric : try read("coordinate_transformation_mode", default: .halfPixel)
    nearest = isAsymmetric ? .floor : try read("nearest_mode", default: .preferFloor)
    cubicA = Double(try context.float("cubic_coeff_a", default: -0.75))
    excludesOutside = try context.bool("exclude_outside", default: false)
    antialiases = try context.bool("antialias", default: false)
    extrapolation = try context.float("extrapolation_value", default: 0)
  }

  private func stretch(_ scale: Double) -> Double {
    antialiases && mode != .nearest ? min(scale, 1) : 1
  }

  /// Places that an output place of a dimension reads.
  func tapCount(input: Int, output: Int, scale: Double) -> Double {
    if output <= 0 || input == 0 || isCopy(input, output, scale) { return 1 }
    let reach = mode == .cubic ? 2.0 : 1.0
    // Neighbours on either side, at least one; stretched filters reach further.
    return -2 * (-reach / stretch(scale)).rounded(.down)
  }

  private func isCopy(_ input: Int, _ output: Int, _ scale: Double) -> Bool {
    input == output && scale == 1 && coordinates != .crop
  }

  /// What every output place of a dimension reads.
  func taps(
    input: Int, output: Int, scale: Double, roi: (start: Double, end: Double), stride: Int
  ) -> AxisTaps {
    if output <= 0 || input == 0 { return AxisTaps(count: max(output, 0), width: 1) }
    if isCopy(input, output, scale) {
      return AxisTaps(
        count: output, width: 1, offsets: (0..<output).map { $0 * stride },
        weights: [Double](repeating: 1, count: output))
    }
    let stretch = stretch(scale)
    let half = Int(tapCount(input: input, output: output, scale: scale)) / 2
    var taps = AxisTaps(count: output, width: 2 * half)
    for place in 0..<output {
      var at = position(place, input: input, output: output, scale: scale, roi: roi)
      // A region of interest may hold anything, and no number of it may reach an index.
      at = at.isNaN ? -1 : min(max(at, -1e15), 1e15)
      if coordinates == .crop, at < 0 || at > Double(input - 1) { taps.outside.insert(place) }
      // The left neighbour lies strictly before the position, so the ratio is in (0, 1].
      let left = at.rounded(.up) - 1
      let ratio = at - left
      var weights = (1 - half...half).map { weight(Double($0) - ratio, ratio, $0, stretch) }
      let indices = (1 - half...half).map { left + Double($0) }
      if excludesOutside {
        for (index, position) in indices.enumerated()
        where position < 0 || position > Double(input - 1) {
          weights[index] = 0
        }
      }
      let sum = weights.reduce(0, +)
      for (weight, index) in zip(weights, indices) {
        taps.weights.append(
          excludesOutside || stretch < 1 ? (sum == 0 ? 0 : weight / sum) : weight)
        taps.offsets.append(Int(index, within: 0...input - 1) * stride)
      }
    }
    return taps
  }

  /// Where an output coordinate lies in the input.
  private func position(
    _ place: Int, input: Int, output: Int, scale: Double, roi: (start: Double, end: Double)
  ) -> Double {
    let (x, length) = (Double(place), Double(input))
    let resized = scale * length
    switch coordinates {
    case .asymmetric: return x / scale
    case .halfPixel: return (x + 0.5) / scale - 0.5
    case .pytorch: return resized == 1 ? -0.5 : (x + 0.5) / scale - 0.5
    case .corners: return resized == 1 ? 0 : x * (length - 1) / (resized - 1)
    case .symmetric:
      let offset = length / 2 * (1 - Double(output) / resized)
      return offset + (x + 0.5) / scale - 0.5
    case .crop:
      let span = (roi.end - roi.start) * (length - 1)
      return roi.start * (length - 1) + (resized == 1 ? span / 2 : x * span / (resized - 1))
    }
  }

  /// The weight of neighbour `step` (0: the left one), which lies `distance` to the right.
  private func weight(
    _ distance: Double, _ ratio: Double, _ step: Int, _ stretch: Double
  ) -> Double {
    let x = (distance * stretch).magnitude
    switch mode {
    case .nearest:
      if ratio == 1 { return step == 1 ? 1 : 0 }
      let isLeft =
        switch nearest {
        case .preferFloor: ratio <= 0.5
        case .preferCeil: ratio < 0.5
        case .floor: true
        case .ceil: false
        }
      return step == (isLeft ? 0 : 1) ? 1 : 0
    case .linear: return max(0, 1 - x)
    case .cubic:
      // Keys 1981, equation 4, with a free coefficient.
      if x <= 1 { return ((cubicA + 2) * x - (cubicA + 3)) * x * x + 1 }
      return x < 2 ? ((cubicA * x - 5 * cubicA) * x + 8 * cubicA) * x - 4 * cubicA : 0
    }
  }
}

/// The places of the input that each place of an output dimension reads.
struct AxisTaps: Sendable {
  let count: Int
  /// Neighbours per place.
  let width: Int
  /// Offsets in elements, `width` per place, and their weights.
  var offsets: [Int] = []
  var weights: [Double] = []
  /// Places that lie outside the input and take a fixed value.
  var outside: Set<Int> = []

  func isOutside(_ place: Int) -> Bool { !outside.isEmpty && outside.contains(place) }
}
