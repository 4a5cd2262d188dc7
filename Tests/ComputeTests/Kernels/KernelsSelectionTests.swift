import Glibc
import Testing

@testable import Compute

struct KernelsSelectionTests {
  /// A few ulp for each exponential and half an ulp for each sum on the way.
  @Test(arguments: Kernels.available)
  func sumOfExponentialsStaysCloseToTheReference(_ kernels: Kernels) {
    var random = Random("sumOfExponentials", kernels)
    for _ in 0..<200 {
      let values = random.reals(random.size(kernels, upTo: 300), in: -20...20)
      let factor = Float.random(in: 0.1...2, using: &random)
      let top = values.max() ?? 0
      let want = values.reduce(0.0) { $0 + exp(Double($1 - top) * Double(factor)) }
      let memory = Memory(values)
      let got = Selection.sumOfExponentials(
        memory.base, count: values.count, shift: top, factor: factor, kernels: kernels)
      #expect(abs(Double(got) - want) <= 1e-5 * want)
    }
  }

  @Test(arguments: Kernels.available)
  func minusInfinityWeighsNothing(_ kernels: Kernels) {
    let memory = Memory([1, -.infinity, 1, -.infinity, -.infinity])
    let sum = Selection.sumOfExponentials(memory.base, count: 5, shift: 1, kernels: kernels)
    #expect(sum == 2)
  }

  @Test(arguments: Kernels.available)
  func indicesAreThoseOfTheReference(_ kernels: Kernels) {
    var random = Random("indicesAtLeast", kernels)
    for _ in 0..<300 {
      var values = random.wholes(random.size(kernels, upTo: 600))
      for index in values.indices where Int.random(in: 0..<20, using: &random) == 0 {
        values[index] = [.nan, .infinity, -.infinity].randomElement(using: &random)!
      }
      let threshold = [-.infinity, .infinity, 8, 7, 0].randomElement(using: &random)! as Float
      let want = values.indices.filter { values[$0] >= threshold }.map(Int32.init)
      let capacity = Int.random(in: 0...values.count + 1, using: &random)
      var got = [Int32](repeating: -1, count: capacity)
      let memory = Memory(values)
      let count = got.withUnsafeMutableBufferPointer {
        Selection.indices(
          atLeast: threshold, of: memory.base, count: values.count, into: $0, kernels: kernels)
      }
      #expect(count == want.count)
      let written = min(count, capacity)
      #expect(Array(got.prefix(written)) == Array(want.prefix(written)))
      #expect(got.dropFirst(written).allSatisfy { $0 == -1 })
    }
  }
}
