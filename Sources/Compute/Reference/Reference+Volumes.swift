extension Reference {
  /// Convolution of one to three dimensions in ONNX's order; `channels` and `outputs` are a group's.
  static func convolution(
    _ windows: VolumeWindows, groups: Int, batch: Int, channels: Int, outputs: Int,
    input: UnsafePointer<Float>, weights: UnsafePointer<Float>, bias: UnsafePointer<Float>?,
    activation: Epilogue.Activation, into output: UnsafeMutablePointer<Float>
  ) {
    for plane in 0..<batch * groups * outputs {
      let (image, filter) = (plane / (groups * outputs), plane % (groups * outputs))
      for position in 0..<windows.outputCount {
        var sum = 0.0
        for channel in 0..<channels {
          for tap in 0..<windows.taps {
            guard let index = place(windows, position, tap) else { continue }
            let from = (image * groups + filter / outputs) * channels + channel
            sum +=
              Double(input[from * windows.inputCount + index])
              * Double(weights[(filter * channels + channel) * windows.taps + tap])
          }
        }
        output[plane * windows.outputCount + position] = apply(
          activation, Float(sum) + (bias?[filter] ?? 0))
      }
    }
  }

  /// Transposed convolution: `windows` are those of the convolution that this is the transposition
  /// of; `weights` are [channels · groups, outputs, taps].
  static func transposedConvolution(
    _ windows: VolumeWindows, groups: Int, batch: Int, channels: Int, outputs: Int,
    input: UnsafePointer<Float>, weights: UnsafePointer<Float>, bias: UnsafePointer<Float>?,
    activation: Epilogue.Activation, into output: UnsafeMutablePointer<Float>
  ) {
    for plane in 0..<batch * groups * outputs {
      let (image, filter) = (plane / (groups * outputs), plane % (groups * outputs))
      let group = filter / outputs
      var sums = [Double](repeating: 0, count: windows.inputCount)
      for channel in group * channels..<(group + 1) * channels {
        for position in 0..<windows.outputCount {
          for tap in 0..<windows.taps {
            guard let index = place(windows, position, tap) else { continue }
            sums[index] +=
              Double(input[(image * groups * channels + channel) * windows.outputCount + position])
              * Double(weights[(channel * outputs + filter % outputs) * windows.taps + tap])
          }
        }
      }
      for index in sums.indices {
        output[plane * windows.inputCount + index] = apply(
          activation, Float(sums[index]) + (bias?[filter] ?? 0))
      }
    }
  }

  /// Where a tap of an output position's window lies; nil in the padding.
  private static func place(_ windows: VolumeWindows, _ position: Int, _ tap: Int) -> Int? {
    var (index, position, tap, stride) = (0, position, tap, 1)
    for axis in [windows.axes.2, windows.axes.1, windows.axes.0] {
      let at =
        position % axis.outputSize * axis.stride + tap % axis.kernel * axis.dilation - axis.pad
      guard 0..<axis.size ~= at else { return nil }
      index += at * stride
      stride *= axis.size
      position /= axis.outputSize
      tap /= axis.kernel
    }
    return index
  }
}
