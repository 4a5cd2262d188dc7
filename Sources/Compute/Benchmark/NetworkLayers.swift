/// Convolutions of real networks, in NHWC: what `martlet bench kernels --assert` holds the choice of an
/// algorithm against.
struct NetworkLayer {
  var network: String
  var batch: Int, height: Int, width: Int
  var channels: Int, outputs: Int
  var kernel: Int, stride: Int, groups: Int

  private init(
    _ network: String, _ height: Int, _ width: Int, _ channels: Int, _ outputs: Int, _ kernel: Int,
    stride: Int = 1, groups: Int = 1, batch: Int = 1
  ) {
    self.network = network
    (self.batch, self.height, self.width) = (batch, height, width)
    (self.channels, self.outputs) = (channels, outputs)
    (self.kernel, self.stride, self.groups) = (kernel, stride, groups)
  }

  var name: String {
    "\(network): \(batch > 1 ? "\(batch) × " : "")\(height)×\(width)×\(channels) → \(outputs)"
      + ", \(kernel)×\(kernel)" + (stride > 1 ? " by \(stride)" : "")
      + (groups > 1 ? ", \(groups) groups" : "")
  }

  var problem: ConvolutionProblem {
    // "Same" padding, but for the digits network.
    let pad = network == "digits" ? 0 : kernel / 2
    return ConvolutionProblem(
      geometry: WindowGeometry(
        kernelHeight: kernel, kernelWidth: kernel, strideHeight: stride, strideWidth: stride,
        padTop: pad, padLeft: pad, padBottom: pad, padRight: pad),
      inputChannels: channels, outputChannels: outputs, groups: groups,
      images: ExpectedImages(batch: batch, height: height, width: width))
  }

  static let all: [NetworkLayer] =
    [
      NetworkLayer("digits", 28, 28, 1, 32, 3), NetworkLayer("digits", 13, 13, 32, 32, 3),
      NetworkLayer("digits", 13, 13, 32, 32, 3, batch: 32),
    ] + resNet + mobileNet + yolo + ocr

  private static let resNet: [NetworkLayer] =
    [
      NetworkLayer("ResNet-50", 224, 224, 3, 64, 7, stride: 2),
      NetworkLayer("ResNet-50", 56, 56, 64, 256, 1),
      NetworkLayer("ResNet-50", 56, 56, 256, 64, 1),
      NetworkLayer("ResNet-50", 56, 56, 128, 128, 3, stride: 2),
      NetworkLayer("ResNet-50", 28, 28, 512, 128, 1),
      NetworkLayer("ResNet-50", 14, 14, 256, 1024, 1),
      NetworkLayer("ResNet-50", 14, 14, 1024, 256, 1),
      NetworkLayer("ResNet-50", 7, 7, 512, 2048, 1),
      NetworkLayer("ResNet-50", 7, 7, 2048, 512, 1),
    ]
    + [1, 8].flatMap { batch in
      [(56, 64), (28, 128), (14, 256), (7, 512)].map { size, channels in
        NetworkLayer("ResNet-50", size, size, channels, channels, 3, batch: batch)
      }
    }

  private static let mobileNet: [NetworkLayer] = [
    NetworkLayer("MobileNetV2", 224, 224, 3, 32, 3, stride: 2),
    NetworkLayer("MobileNetV2", 112, 112, 32, 32, 3, groups: 32),
    NetworkLayer("MobileNetV2", 112, 112, 16, 96, 1),
    NetworkLayer("MobileNetV2", 56, 56, 144, 144, 3, stride: 2, groups: 144),
    NetworkLayer("MobileNetV2", 56, 56, 144, 24, 1),
    NetworkLayer("MobileNetV2", 28, 28, 32, 192, 1),
    NetworkLayer("MobileNetV2", 14, 14, 384, 64, 1),
    NetworkLayer("MobileNetV2", 7, 7, 960, 960, 3, groups: 960),
    NetworkLayer("MobileNetV2", 7, 7, 960, 160, 1),
    NetworkLayer("MobileNetV2", 7, 7, 320, 1280, 1),
  ]

  private static let yolo: [NetworkLayer] = [
    NetworkLayer("YOLOv8n", 160, 160, 16, 32, 3, stride: 2),
    NetworkLayer("YOLOv8n", 80, 80, 16, 16, 3), NetworkLayer("YOLOv8n", 80, 80, 48, 32, 1),
    NetworkLayer("YOLOv8n", 40, 40, 32, 32, 3), NetworkLayer("YOLOv8n", 40, 40, 64, 64, 3),
    NetworkLayer("YOLOv8n", 20, 20, 64, 64, 3), NetworkLayer("YOLOv8n", 20, 20, 128, 64, 3),
    NetworkLayer("YOLOv8n", 10, 10, 128, 128, 3), NetworkLayer("YOLOv8n", 10, 10, 256, 64, 3),
    NetworkLayer("YOLOv8n", 40, 40, 64, 64, 3, batch: 8),
  ]

  private static let ocr: [NetworkLayer] = [
    NetworkLayer("OCR detection", 160, 160, 96, 24, 3),
    NetworkLayer("OCR detection", 40, 40, 96, 24, 3),
    NetworkLayer("OCR detection", 40, 40, 192, 192, 5, groups: 192),
    NetworkLayer("OCR detection", 40, 40, 192, 192, 1),
    NetworkLayer("OCR recognition", 12, 80, 240, 240, 1),
    NetworkLayer("OCR recognition", 24, 160, 16, 16, 3, groups: 16),
  ]
}
