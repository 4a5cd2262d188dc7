internal import CKernels

/// A one-dimensional convolution with its weights packed once, shared by all threads; one group,
/// [batch, channels, length] as ONNX has it.
///
/// Windows become columns of a matrix, those of many images together: signals are short and many, and
/// then the weights are read once for all of them instead of once for each. A row of that matrix is what
/// one tap of one channel meets at neighbouring positions, a piece of the signal. The product's rows
/// turn into the columns that the output has.
public final class Convolution1D: Sendable {
  /// Window, stride, dilation and padding, in the width's fields.
  public let geometry: WindowGeometry
  /// Channels of the input and of the output.
  public let inputChannels: Int, outputChannels: Int
  private let weights: PackedMatrix
  private let bias: AlignedFloats?
  private let activation: Epilogue.Activation

  /// Windows and their products that are held at a time: they stay in the second cache.
  private static let floatsPerBlock = 96 << 10

  /// Copies the weights.
  /// - Parameters:
  ///   - weights: [outputChannels, inputChannels, kernelWidth], row-major.
  ///   - bias: one value per output channel.
  public init(
    geometry: WindowGeometry, inputChannels: Int, outputChannels: Int,
    weights: UnsafePointer<Float>, bias: UnsafePointer<Float>? = nil,
    activation: Epilogue.Activation = .none, kernels: Kernels = .active
  ) {
    geometry.validate()
    precondition(
      geometry.kernelHeight == 1 && geometry.padTop == 0 && geometry.padBottom == 0,
      "a signal has one row")
    self.geometry = geometry
    self.inputChannels = inputChannels
    self.outputChannels = outputChannels
    self.activation = activation
    let depth = inputChannels * geometry.kernelWidth
    self.weights = PackedMatrix(
      Matrix(weights, rowStride: depth).transposed, rowCount: depth, columnCount: outputChannels,
      kernels: kernels)
    self.bias = bias.map { given in
      let copy = AlignedFloats(count: outputChannels)
      copy.base.update(from: given, count: outputChannels)
      return copy
    }
  }

  /// Convolves `batch` signals. The output must not overlap the input.
  public func run(
    _ input: UnsafePointer<Float>, batch: Int, length: Int,
    into output: UnsafeMutablePointer<Float>, threads: ThreadPool? = nil
  ) {
    let positions = geometry.outputSize(height: 1, width: length).width
    let rows = batch * positions
    guard rows > 0, outputChannels > 0 else { return }
    let rowsPerBlock = max(4, Self.floatsPerBlock / max(1, weights.rowCount + outputChannels))
    let work = 2.0 * Double(rows) * Double(weights.rowCount) * Double(outputChannels)
    Parallel.rows(rows, cost: .flops(work), on: threads, evenly: true) { range in
      var first = range.lowerBound
      while first < range.upperBound {
        let last = min(first + rowsPerBlock, range.upperBound)
        convolve(first..<last, positions, input, length: length, into: output)
        first = last
      }
    }
  }

  private func convolve(
    _ rows: Range<Int>, _ positions: Int, _ input: UnsafePointer<Float>, length: Int,
    into output: UnsafeMutablePointer<Float>
  ) {
    let depth = weights.rowCount
    let memory = Scratch.image.floats(rows.count * (depth + outputChannels))
    let products = memory + rows.count * depth
    forEachImage(rows, positions) { image, first, count, row in
      gather(
        input + image * inputChannels * length, length: length, first..<first + count,
        into: memory + row, rowStride: rows.count)
    }
    SGEMM.run(
      m: rows.count, Matrix(memory, rowStride: rows.count).transposed, weights, into: products,
      rowStride: outputChannels,
      epilogue: Epilogue(
        biasColumn: bias.map { UnsafePointer($0.base) }, activation: activation))
    forEachImage(rows, positions) { image, first, count, row in
      weights.kernels.table.pointee.transpose(
        output + (image * outputChannels * positions + first), positions,
        products + row * outputChannels, outputChannels, count, outputChannels,
        MemoryLayout<Float>.stride)
    }
  }

  /// Calls `body` with each image that has some of the rows: its number, its first position and how
  /// many there are, and which row of these that is.
  private func forEachImage(
    _ rows: Range<Int>, _ positions: Int, _ body: (Int, Int, Int, Int) -> Void
  ) {
    var row = rows.lowerBound
    while row < rows.upperBound {
      let image = row / positions
      let end = min(rows.upperBound, (image + 1) * positions)
      body(image, row - image * positions, end - row, row - rows.lowerBound)
      row = end
    }
  }

  /// Writes the windows at some positions of one signal as columns: per channel, its taps.
  private func gather(
    _ signal: UnsafePointer<Float>, length: Int, _ positions: Range<Int>,
    into columns: UnsafeMutablePointer<Float>, rowStride: Int
  ) {
    let (taps, stride) = (geometry.kernelWidth, geometry.strideWidth)
    for tap in 0..<taps {
      // Positions whose tap lies inside the signal; what it meets at position 0.
      let offset = tap * geometry.dilationWidth - geometry.padLeft
      let first = (max(0, -offset) + stride - 1) / stride
      let end = length > offset ? (length - offset - 1) / stride + 1 : 0
      let begin = min(max(first, positions.lowerBound), positions.upperBound)
      let inside = begin..<max(begin, min(end, positions.upperBound))
      for channel in 0..<inputChannels {
        let target = columns + (channel * taps + tap) * rowStride
        let source = signal + (channel * length + offset + inside.lowerBound * stride)
        let before = inside.lowerBound - positions.lowerBound
        target.update(repeating: 0, count: before)
        if stride == 1 {
          (target + before).update(from: source, count: inside.count)
        } else {
          for index in 0..<inside.count { target[before + index] = source[index * stride] }
        }
        (target + before + inside.count).update(
          repeating: 0, count: positions.upperBound - inside.upperBound)
      }
    }
  }
}
