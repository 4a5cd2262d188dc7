/// What brings a row to zero mean and unit variance: (x - mean) * factor.
struct Moments {
  let mean: Double
  let factor: Double

  /// Of `count` elements, which must be above 0; the variance in a second walk, because the sum of
  /// squares loses digits. Without centring the mean counts as zero.
  init<T: Element>(
    _ row: UnsafeMutablePointer<T>, count: Int, epsilon: Double, isCentered: Bool = true
  ) {
    var sum = 0.0
    if isCentered { for index in 0..<count { sum += row[index].asDouble } }
    mean = sum / Double(count)
    var squares = 0.0
    for index in 0..<count {
      let distance = row[index].asDouble - mean
      squares += distance * distance
    }
    factor = 1 / (squares / Double(count) + epsilon).squareRoot()
  }
}
