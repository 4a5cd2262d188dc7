/// A transposed convolution in NHWC whose windows neither overlap nor leave gaps: the stride is the
/// kernel's size, without padding, dilation or groups. Weights are packed once.
///
/// Row y of the image then makes `kernelHeight` rows of the output, and each of them, seen as one
/// row per pixel of the image, is a matrix product: nothing is gathered or added up afterwards.
public final class TransposedConvolution2D: Sendable {
  /// Rows and columns that a pixel becomes.
  public let kernelHeight: Int, kernelWidth: Int
  /// Channels of the input and of the output.
  public let inputChannels: Int, outputChannels: Int
  private let weights: [PackedMatrix]
  private let bias: AlignedFloats?
  private let activation: Epilogue.Activation

  /// Copies the weights.
  /// - Parameters:
  ///   - weights: [inputChannels, outputChannels, kernelHeight, kernelWidth], row-major.
  ///   - bias: one value per output channel.
  public init(
    kernelHeight: Int, kernelWidth: Int, inputChannels: Int, outputChannels: Int,
    weights: UnsafePointer<Float>, bias: UnsafePointer<Float>? = nil,
    activation: Epilogue.Activation = .none, kernels: Kernels = .active
  ) {
    precondition(kernelHeight > 0 && kernelWidth > 0, "a window has a positive size")
    self.kernelHeight = kernelHeight
    self.kernelWidth = kernelWidth
    self.inputChannels = inputChannels
    self.outputChannels = outputChannels
    self.activation = activation
    let columns = kernelWidth * outputChannels
    let turned = AlignedFloats(count: inputChannels * columns)
    self.weights = (0..<kernelHeight).map { row in
      for channel in 0..<inputChannels {
        for output in 0..<outputChannels {
          for tap in 0..<kernelWidth {
            turned.base[channel * columns + tap * outputChannels + output] =
              weights[
                ((channel * outputChannels + output) * kernelHeight + row) * kernelWidth + tap]
          }
        }
      }
      return PackedMatrix(
        Matrix(turned.base, rowStride: columns), rowCount: inputChannels, columnCount: columns,
        kernels: kernels)
    }
    self.bias = bias.map { given in
      let copy = AlignedFloats(count: columns)
      for column in 0..<columns { copy.base[column] = given[column % outputChannels] }
      return copy
    }
  }

  /// Makes `batch` images of kernelHeight · height rows and kernelWidth · width columns. The output
  /// must not overlap the input.
  public func run(
    _ input: UnsafePointer<Float>, batch: Int, height: Int, width: Int,
    into output: UnsafeMutablePointer<Float>, threads: ThreadPool? = nil
  ) {
    let columns = kernelWidth * outputChannels
    let rows = batch * height
    func compute(_ row: Int) {
      for tap in 0..<kernelHeight {
        SGEMM.run(
          m: width, Matrix(input + row * width * inputChannels, rowStride: inputChannels),
          weights[tap], into: output + (row * kernelHeight + tap) * width * columns,
          rowStride: columns,
          epilogue: Epilogue(
            biasColumn: bias.map { UnsafePointer($0.base) }, activation: activation))
      }
    }
    let work = 2.0 * Double(rows * width) * Double(inputChannels * columns * kernelHeight)
    Parallel.rows(rows, cost: .flops(work), on: threads) { range in
      for row in range { compute(row) }
    }
  }
}
