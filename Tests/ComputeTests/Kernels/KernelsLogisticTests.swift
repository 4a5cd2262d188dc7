import Glibc
import TestSupport
import Testing

@testable import Compute

/// The loss of two classes on every instruction set, beside libm.
@Suite struct KernelsLogisticTests {
  private func reference(_ z: Double, _ isPositive: Bool) -> (loss: Double, derivative: Double) {
    let tail = exp(-z.magnitude)
    let loss = log1p(tail) + max(z, 0) - (isPositive ? z : 0)
    return (loss, (z >= 0 ? 1 : tail) / (1 + tail) - (isPositive ? 1 : 0))
  }

  @Test func scoresBecomeDerivatives() {
    var random = SplitMix64(state: 7)
    for kernels in Kernels.available {
      for count in [0, 1, 2, 3, 4, 5, 7, 8, 9, 31, 128, 511, 512, 513, 1_300] {
        for range in [1.0, 40, 800] {
          let z = (0..<count).map { _ in random.double(in: -range...range) }
          let classes = (0..<count).map { _ in Int32(random.next() & 1) }
          var found = z + [9]
          let (loss, sum) = LogisticLoss.run(
            &found, classes: classes, count: count, kernels: kernels)
          var expected = (loss: 0.0, sum: 0.0)
          for index in 0..<count {
            let own = reference(z[index], classes[index] == 1)
            expected.loss += own.loss
            expected.sum += own.derivative
            // Of e^-|z| two units, of the difference from 1 an absolute one.
            let bound = 4 * max(own.derivative.magnitude.ulp, classes[index] == 1 ? 0x1p-52 : 0)
            #expect(
              (found[index] - own.derivative).magnitude <= bound,
              "\(kernels): \(found[index]) is not \(own.derivative) of \(z[index])")
          }
          #expect(found[count] == 9, "\(kernels) wrote behind \(count)")
          #expect((loss - expected.loss).magnitude <= 1e-12 * max(1, expected.loss), "\(kernels)")
          #expect((sum - expected.sum).magnitude <= 1e-12 * Double(count + 1), "\(kernels)")
        }
      }
    }
  }

  @Test func whatIsNoNumberShows() {
    for kernels in Kernels.available {
      for place in [0, 4, 16] {
        var scores = [Double](repeating: 1, count: 17)
        scores[place] = .nan
        let loss = LogisticLoss.run(
          &scores, classes: [Int32](repeating: 0, count: 17), count: 17, kernels: kernels
        ).loss
        #expect(loss.isNaN && scores[place].isNaN && scores[(place + 1) % 17].isFinite)
      }
      var ends = [-Double.infinity, .infinity, -1e300, 1e300]
      let loss = LogisticLoss.run(&ends, classes: [0, 1, 0, 1], count: 4, kernels: kernels).loss
      #expect(loss.isNaN || loss == 0)
      #expect(ends[2] == 0 && ends[3] == 0)
    }
  }
}
