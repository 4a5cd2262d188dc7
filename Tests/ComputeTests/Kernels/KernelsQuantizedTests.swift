import CKernels
import Testing

@testable import Compute

/// Kernels on quantised values, against their definitions.
@Suite struct KernelsQuantizedTests {
  private static func value(_ byte: UInt8, _ isSigned: Bool) -> Int32 {
    isSigned ? Int32(Int8(bitPattern: byte)) : Int32(byte)
  }

  private static func byte(_ x: Float, _ range: ByteRange) -> UInt8 {
    let whole = Double(x.rounded(.toNearestOrEven)) + Double(range.zero)
    return UInt8(truncatingIfNeeded: Int(max(Double(range.low), min(Double(range.high), whole))))
  }

  private static func bytes(_ count: Int, _ random: inout Random) -> [UInt8] {
    (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
  }

  @Test(arguments: Kernels.available)
  func convolutionsEqualTheirDefinition(_ kernels: Kernels) {
    var random = Random(#function, kernels)
    let pool = ThreadPool(participants: 2)
    for round in 0..<20 {
      let isDepthwise = round % 2 == 1
      let channels = random.size(kernels, upTo: isDepthwise ? 150 : 40, zero: false)
      let outputs = isDepthwise ? channels : random.size(kernels, upTo: 40, zero: false)
      let geometry = WindowGeometry(
        kernelHeight: .random(in: 1...3, using: &random),
        kernelWidth: .random(in: 1...4, using: &random),
        strideHeight: .random(in: 1...2, using: &random),
        strideWidth: .random(in: 1...2, using: &random),
        dilationHeight: .random(in: 1...2, using: &random),
        dilationWidth: .random(in: 1...2, using: &random),
        padTop: .random(in: 0...1, using: &random), padLeft: .random(in: 0...2, using: &random),
        padBottom: .random(in: 0...1, using: &random), padRight: .random(in: 0...1, using: &random))
      let (height, width) = (
        Int.random(in: 5...9, using: &random), Int.random(in: 7...12, using: &random)
      )
      let (isSigned, weightsAreSigned, outputIsSigned) = (
        Bool.random(using: &random), Bool.random(using: &random), Bool.random(using: &random)
      )
      let filters = [
        outputs, isDepthwise ? 1 : channels, geometry.kernelHeight, geometry.kernelWidth,
      ]
      let weights = Self.bytes(filters.reduce(1, *), &random)
      let input = Self.bytes(2 * height * width * channels, &random)
      let scales = QuantizedScales(
        inputScale: 0.5, inputZero: .random(in: isSigned ? -128...127 : 0...255, using: &random),
        inputIsSigned: isSigned,
        weightScales: (0..<outputs).map { _ in Float.random(in: 0.0001...0.01, using: &random) },
        outputScale: 0.75,
        output: ByteRange(
          zero: .random(in: outputIsSigned ? -128...127 : 0...255, using: &random),
          isSigned: outputIsSigned),
        bias: (0..<outputs).map { _ in Int32.random(in: -9999...9999, using: &random) })
      let convolution = weights.withUnsafeBytes {
        QuantizedConvolution(
          filters: filters, groups: isDepthwise && channels > 1 ? channels : 1,
          weights: $0.baseAddress!, weightsAreUnsigned: !weightsAreSigned, scales: scales,
          kernels: kernels)
      }
      let size = geometry.outputSize(height: height, width: width)
      var got = [UInt8](repeating: 0xaa, count: 2 * size.height * size.width * outputs + 64)
      let scratch = UnsafeMutableRawPointer.allocate(
        byteCount: convolution.scratchByteCount(height: height, width: width, geometry: geometry)!,
        alignment: 64)
      defer { scratch.deallocate() }
      convolution.run(
        input, batch: 2, height: height, width: width, geometry: geometry, into: &got,
        scratch: scratch, threads: pool)
      var want = [UInt8](repeating: 0xaa, count: got.count)
      for place in 0..<2 * size.height * size.width * outputs {
        let (filter, pixel) = (place % outputs, place / outputs)
        let (ox, oy) = (pixel % size.width, pixel / size.width % size.height)
        let image = pixel / size.width / size.height * height * width * channels
        var sum = scales.bias[filter]
        for tap in 0..<filters[2] * filters[3] {
          let y =
            oy * geometry.strideHeight - geometry.padTop
            + tap / filters[3] * geometry.dilationHeight
          let x =
            ox * geometry.strideWidth - geometry.padLeft
            + tap % filters[3] * geometry.dilationWidth
          guard (0..<height).contains(y), (0..<width).contains(x) else { continue }
          for channel in 0..<filters[1] {
            let from = isDepthwise ? filter : channel
            let weight = weights[(filter * filters[1] + channel) * filters[2] * filters[3] + tap]
            sum +=
              (Self.value(input[image + (y * width + x) * channels + from], isSigned)
                - scales.inputZero)
              * (Self.value(weight, weightsAreSigned) - (weightsAreSigned ? 0 : 128))
          }
        }
        let factor = scales.inputScale * scales.weightScales[filter] / scales.outputScale
        want[place] = Self.byte(Float(sum) * factor, scales.output)
      }
      #expect(got == want, "\(channels) → \(outputs), \(geometry)")
    }
  }

  @Test(arguments: Kernels.available)
  func productsMayEndAsFloats(_ kernels: Kernels) {
    var random = Random(#function, kernels)
    for _ in 0..<40 {
      let (m, n) = (random.size(kernels, upTo: 40), random.size(kernels, upTo: 80, zero: false))
      let k = random.size(kernels, upTo: 90, zero: false)
      let stride = QuantizedProduct.rowStride(k)
      let (a, b) = (Self.bytes(m * stride + 1, &random), Self.bytes(k * n, &random))
      let packed = PackedIntegerMatrix(
        b, isUnsigned: false, rowStride: n, rowCount: k, columnCount: n, kernels: kernels)
      let (offsets, factors, bias) = (
        (0..<n + 64).map { _ in Int32.random(in: -9...9, using: &random) },
        random.wholes(n + 64), random.wholes(n + 64)
      )
      var got = [Float](repeating: -1, count: m * n + 64)
      a.withUnsafeBufferPointer { a in
        got.withUnsafeMutableBufferPointer { got in
          offsets.withUnsafeBufferPointer { offsets in
            factors.withUnsafeBufferPointer { factors in
              bias.withUnsafeBufferPointer { bias in
                QuantizedProduct(
                  right: packed, offsets: offsets.baseAddress!, factors: factors.baseAddress!,
                  output: .floats(got.baseAddress!, bias: bias.baseAddress!)
                ).run(rowCount: m, threads: nil) {
                  (a.baseAddress! + $0.lowerBound * stride, stride)
                }
              }
            }
          }
        }
      }
      var want = [Float](repeating: -1, count: got.count)
      for i in 0..<m {
        for j in 0..<n {
          var sum = offsets[j]
          for x in 0..<k { sum += Int32(a[i * stride + x]) * Self.value(b[x * n + j], true) }
          want[i * n + j] = Float(sum) * factors[j] + bias[j]
        }
      }
      #expect(got == want, "\(m)×\(n)×\(k)")
    }
  }

  @Test(arguments: Kernels.available)
  func sumsAndMaximaEqualTheirDefinition(_ kernels: Kernels) {
    var random = Random(#function, kernels)
    for isSigned in [false, true] {
      let count = random.size(kernels, upTo: 100)
      let (a, b) = (Self.bytes(count + 1, &random), Self.bytes(count + 1, &random))
      let range = ByteRange(zero: isSigned ? -3 : 5, isSigned: isSigned)
      var got = [UInt8](repeating: 99, count: count + 8)
      var call = ck_add_bytes()
      (call.leftZero, call.rightZero, call.zero) = (7, -9, range.zero)
      // Halves are exact ties.
      (call.leftScale, call.rightScale, call.scale) = isSigned ? (0.25, 0.5, 0.5) : (0.3, 0.7, 0.9)
      (call.low, call.high, call.isSigned, call.count) = (range.low, range.high, isSigned, count)
      a.withUnsafeBufferPointer { a in
        b.withUnsafeBufferPointer { b in
          got.withUnsafeMutableBufferPointer { got in
            (call.left, call.right, call.output) = (a.baseAddress, b.baseAddress, got.baseAddress)
            kernels.table.pointee.addBytes(&call)
          }
        }
      }
      let want = (0..<count).map { index -> UInt8 in
        let left = Float(Self.value(a[index], isSigned) - 7) * call.leftScale
        let right = Float(Self.value(b[index], isSigned) + 9) * call.rightScale
        return Self.byte((left + right) / call.scale, range)
      }
      #expect(Array(got[..<count]) == want)
      #expect(got[count...].allSatisfy { $0 == 99 })

      let rows = Int.random(in: 0...9, using: &random)
      let matrix = Self.bytes(rows * count + 1, &random)
      var sums = [Int32](repeating: 5, count: count + 1)
      kernels.table.pointee.sumRowsOfBytes(&sums, matrix, rows, count, isSigned)
      let total = (0..<count).map { column in
        (0..<rows).reduce(Int32(0)) { $0 + Self.value(matrix[$1 * count + column], isSigned) }
      }
      #expect(sums == total + [5])
    }
  }

  @Test(arguments: Kernels.available)
  func maximaOfWindowsEqualTheirDefinition(_ kernels: Kernels) {
    var random = Random(#function, kernels)
    for round in 0..<20 {
      let (channels, isSigned) = (random.size(kernels, upTo: 150, zero: false), round % 2 == 1)
      let (height, width) = (7, Int.random(in: 5...9, using: &random))
      var call = ck_pool_bytes()
      (call.channels, call.height, call.width) = (channels, height, width)
      (call.kernelHeight, call.kernelWidth) = (2, Int.random(in: 1...3, using: &random))
      (call.strideHeight, call.strideWidth) = (2, Int.random(in: 1...2, using: &random))
      (call.dilationHeight, call.dilationWidth) = (Int.random(in: 1...2, using: &random), 1)
      (call.padTop, call.padLeft, call.isSigned) = (1, call.kernelWidth > 1 ? 1 : 0, isSigned)
      (call.outputHeight, call.outputWidth) = (3, (width - 1) / call.strideWidth)
      let input = Self.bytes(height * width * channels, &random)
      let count = call.outputHeight * call.outputWidth * channels
      var got = [UInt8](repeating: 0xaa, count: count + 64)
      input.withUnsafeBufferPointer { input in
        got.withUnsafeMutableBufferPointer { got in
          (call.input, call.output) = (input.baseAddress, got.baseAddress)
          kernels.table.pointee.maxPoolBytes(&call)
        }
      }
      var want = [UInt8](repeating: 0xaa, count: got.count)
      for place in 0..<count {
        let (pixel, channel) = (place / channels, place % channels)
        let (oy, ox) = (pixel / call.outputWidth, pixel % call.outputWidth)
        var best: UInt8?
        for tap in 0..<call.kernelHeight * call.kernelWidth {
          let y =
            oy * call.strideHeight - call.padTop + tap / call.kernelWidth * call.dilationHeight
          let x = ox * call.strideWidth - call.padLeft + tap % call.kernelWidth
          guard (0..<height).contains(y), (0..<width).contains(x) else { continue }
          let byte = input[(y * width + x) * channels + channel]
          if best.map({ Self.value(byte, isSigned) > Self.value($0, isSigned) }) ?? true {
            best = byte
          }
        }
        want[place] = best ?? (isSigned ? 0x80 : 0)
      }
      #expect(got == want, "\(channels) channels of \(height)×\(width)")
    }
  }

  @Test(arguments: Kernels.available)
  func quantizingRoundsHalfToEvenAndKnowsTheRange(_ kernels: Kernels) {
    var random = Random(#function, kernels)
    for isSigned in [false, true] {
      let count = random.size(kernels, upTo: 100, zero: false)
      var numbers = random.reals(count, in: -90...90)
      numbers[0] = 0.25
      if count > 3 { (numbers[1], numbers[2]) = (.nan, .infinity) }
      let range = ByteRange(zero: isSigned ? -3 : 120, isSigned: isSigned)
      var got = [UInt8](repeating: 99, count: count + 8)
      kernels.table.pointee.quantize(&got, numbers, count, 0.5, range.zero, isSigned)
      let want = numbers.map { $0.isNaN ? 0 : Self.byte($0 / 0.5, range) }
      #expect(Array(got[..<count]) == want)
      #expect(got[count...].allSatisfy { $0 == 99 })
      var (low, high) = (Float(9), Float(9))
      kernels.table.pointee.rangeWithZero(numbers, count, &low, &high)
      let known = numbers.filter { !$0.isNaN }
      #expect(low == min(0, known.min() ?? 0) && high == max(0, known.max() ?? 0))
    }
  }

  @Test(arguments: Kernels.available)
  func dequantizingRoundsTheDifferenceAndTheProduct(_ kernels: Kernels) {
    var random = Random(#function, kernels)
    for isSigned in [false, true] {
      let count = random.size(kernels, upTo: 100, zero: false)
      let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
      let zeros = bytes.shuffled(using: &random)
      let scales = random.reals(count, in: 0.001...0.1)
      func number(_ byte: UInt8) -> Int32 {
        isSigned ? Int32(Int8(bitPattern: byte)) : Int32(byte)
      }
      var got = [Float](repeating: 99, count: count + 8)
      kernels.table.pointee.dequantize(&got, bytes, count, scales[0], -7, isSigned)
      #expect(Array(got[..<count]) == bytes.map { Float(number($0) + 7) * scales[0] })
      kernels.table.pointee.dequantizeEach(&got, bytes, count, scales, zeros, isSigned)
      #expect(
        Array(got[..<count])
          == (0..<count).map { Float(number(bytes[$0]) - number(zeros[$0])) * scales[$0] })
      kernels.table.pointee.dequantizeEach(&got, bytes, count, scales, nil, isSigned)
      #expect(Array(got[..<count]) == (0..<count).map { Float(number(bytes[$0])) * scales[$0] })
      #expect(got[count...].allSatisfy { $0 == 99 })
    }
  }
}
