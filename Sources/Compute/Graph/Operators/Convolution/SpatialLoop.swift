/// Walks output positions and the input positions under each window, for one to three
/// dimensions. The plain way: the kernels have fast ones for FP32 images.
struct SpatialLoop {
  /// Always three axes, missing ones of size 1 in front.
  let axes: [Window.Axis]
  let inputCount: Int
  let outputCount: Int
  let kernelCount: Int

  init(_ given: [Window.Axis]) {
    let unit = Window.Axis(
      input: 1, output: 1, kernel: 1, stride: 1, dilation: 1, padBegin: 0, padEnd: 0)
    axes = [Window.Axis](repeating: unit, count: 3 - given.count) + given
    inputCount = given.reduce(1) { $0 * $1.input }
    outputCount = given.reduce(1) { $0 * $1.output }
    kernelCount = given.reduce(1) { $0 * $1.kernel }
  }

  /// Taps that are looked at for one plane of the output; those outside a row's end are passed over.
  static func work(_ axes: [Window.Axis]) -> Double {
    axes.reduce(1) { $0 * Double($1.output) * Double($1.kernel) }
  }

  /// Calls `body` with each output position and where its window starts (may be negative).
  @inline(__always)
  func forEachOutput(_ body: (Int, (Int, Int, Int)) -> Void) {
    var position = 0
    for z in 0..<axes[0].output {
      for y in 0..<axes[1].output {
        for x in 0..<axes[2].output {
          body(
            position,
            (
              z * axes[0].stride - axes[0].padBegin, y * axes[1].stride - axes[1].padBegin,
              x * axes[2].stride - axes[2].padBegin
            ))
          position += 1
        }
      }
    }
  }

  /// Calls `body` with each tap of the kernel that lies inside the input, and the input's
  /// position in its plane.
  @inline(__always)
  func forEachTap(_ origin: (Int, Int, Int), _ body: (Int, Int) -> Void) {
    let (a, b, c) = (axes[0], axes[1], axes[2])
    for kz in 0..<a.kernel {
      let z = origin.0 + kz * a.dilation
      if z < 0 || z >= a.input { continue }
      for ky in 0..<b.kernel {
        let y = origin.1 + ky * b.dilation
        if y < 0 || y >= b.input { continue }
        for kx in 0..<c.kernel {
          let x = origin.2 + kx * c.dilation
          if x < 0 || x >= c.input { continue }
          body((kz * b.kernel + ky) * c.kernel + kx, (z * b.input + y) * c.input + x)
        }
      }
    }
  }

  /// Elements of the window at `origin` inside the padded input: what average pooling divides
  /// by when padding counts.
  func paddedCount(_ origin: (Int, Int, Int)) -> Int {
    func count(_ axis: Window.Axis, _ start: Int) -> Int {
      let end = axis.input + axis.padEnd
      return (0..<axis.kernel).reduce(0) { $0 + (start + $1 * axis.dilation < end ? 1 : 0) }
    }
    return count(axes[0], origin.0) * count(axes[1], origin.1) * count(axes[2], origin.2)
  }
}
