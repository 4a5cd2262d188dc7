extension Reference {
  /// A convolution of any geometry and layout; weights [outputs, inputs / groups, height, width].
  public static func convolution(
    _ geometry: WindowGeometry, layout: ImageLayout, groups: Int, batch: Int, inputChannels: Int,
    outputChannels: Int, height: Int, width: Int, input: UnsafePointer<Float>,
    weights: UnsafePointer<Float>, bias: UnsafePointer<Float>?, activation: Epilogue.Activation,
    into output: UnsafeMutablePointer<Float>
  ) {
    let size = geometry.outputSize(height: height, width: width)
    let channels = inputChannels / groups
    for image in 0..<batch {
      for out in 0..<outputChannels {
        let group = out / (outputChannels / groups)
        for oy in 0..<size.height {
          for ox in 0..<size.width {
            var sum = 0.0
            for channel in 0..<channels {
              for i in 0..<geometry.kernelHeight {
                for j in 0..<geometry.kernelWidth {
                  let y = oy * geometry.strideHeight + i * geometry.dilationHeight - geometry.padTop
                  let x = ox * geometry.strideWidth + j * geometry.dilationWidth - geometry.padLeft
                  guard 0..<height ~= y, 0..<width ~= x else { continue }
                  let value = input[
                    index(
                      layout, image, group * channels + channel, y, x, channels: inputChannels,
                      height: height, width: width)]
                  let weight = weights[
                    ((out * channels + channel) * geometry.kernelHeight + i) * geometry.kernelWidth
                      + j]
                  sum += Double(value) * Double(weight)
                }
              }
            }
            output[
              index(
                layout, image, out, oy, ox, channels: outputChannels, height: size.height,
                width: size.width)] = apply(activation, Float(sum) + (bias?[out] ?? 0))
          }
        }
      }
    }
  }

  /// Max or average pooling of any geometry and layout.
  public static func pool(
    _ pooling: Pooling, batch: Int, channels: Int, height: Int, width: Int,
    input: UnsafePointer<Float>, into output: UnsafeMutablePointer<Float>
  ) {
    let g = pooling.geometry
    let size = pooling.outputSize(height: height, width: width)
    for image in 0..<batch {
      for channel in 0..<channels {
        for oy in 0..<size.height {
          for ox in 0..<size.width {
            var top = -Float.infinity
            var sum = 0.0
            var inside = 0
            var padded = 0
            for i in 0..<g.kernelHeight {
              for j in 0..<g.kernelWidth {
                let y = oy * g.strideHeight + i * g.dilationHeight - g.padTop
                let x = ox * g.strideWidth + j * g.dilationWidth - g.padLeft
                if y < height + g.padBottom, x < width + g.padRight { padded += 1 }
                guard 0..<height ~= y, 0..<width ~= x else { continue }
                let value = input[
                  index(
                    pooling.layout, image, channel, y, x, channels: channels, height: height,
                    width: width)]
                top = value.isNaN || top.isNaN ? .nan : max(top, value)
                sum += Double(value)
                inside += 1
              }
            }
            let result: Float
            switch pooling.kind {
            case .max: result = top
            case .average(let countsPadding):
              let count = countsPadding ? padded : inside
              result = count == 0 ? 0 : Float(sum / Double(count))
            }
            output[
              index(
                pooling.layout, image, channel, oy, ox, channels: channels, height: size.height,
                width: size.width)] = result
          }
        }
      }
    }
  }
}
