import Compute
import TestSupport
import Testing

/// Products of 8-bit integers by constant weights, which are packed once, and by weights that come in,
/// which are packed every time.
@Suite struct IntegerProductTests {
  @Test(arguments: [(1, 4, 5), (3, 12, 40), (17, 8, 33), (5, 7, 3)])
  func constantWeightsGiveTheSameSums(_ m: Int, _ k: Int, _ n: Int) throws {
    var random = SplitMix64(state: 5)
    func bytes(_ count: Int) -> [UInt8] {
      (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
    }
    func tensor(_ type: DataType, _ shape: [Int]) -> Tensor {
      bytes(shape.reduce(1, *)).withUnsafeBytes {
        Tensor(dataType: type, shape: shape, copying: $0)!
      }
    }
    for zeroShape in [[], [n]] {
      let inputs = [
        tensor(.uint8, [2, m, k]), tensor(.int8, [k, n]), tensor(.uint8, []),
        tensor(.int8, zeroShape),
      ]
      let plain = try Run.node("MatMulInteger", inputs)[0]
      let packed = try Run.node("MatMulInteger", inputs, constants: [1])[0]
      #expect(packed.elements(as: Int32.self) == plain.elements(as: Int32.self))
    }
  }
}
