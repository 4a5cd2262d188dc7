/// Those who train together, each with a number. All of them make the same calls in the same order, and each
/// call returns when all have made it.
///
/// One thread at a time calls; which one does not matter.
package protocol Collective: AnyObject, Sendable {
  /// This one's number, from 0.
  var rank: Int { get }
  /// How many there are.
  var size: Int { get }
  /// Where it runs, for people.
  var place: String { get }
  /// Adds up everybody's numbers, in place; all get the same bits.
  func sum(_ values: UnsafeMutableBufferPointer<Float>)
  /// Adds up everybody's numbers, in place; all get the same bits.
  func sum(_ values: UnsafeMutableBufferPointer<Double>)
  /// Gives everybody the bytes of `root`.
  func broadcast(_ bytes: UnsafeMutableRawBufferPointer, from root: Int)
  /// Whether somebody waits for what is under way: before that, it need not hurry and may leave the core to
  /// others.
  func await(_ isAwaited: Bool)
}

extension Collective {
  /// The bytes of rank 0, whatever the others pass.
  package func broadcast(_ bytes: [UInt8]) -> [UInt8] {
    guard size > 1 else { return bytes }
    var count = UInt64(bytes.count)
    withUnsafeMutableBytes(of: &count) { broadcast($0, from: 0) }
    var result = rank == 0 ? bytes : [UInt8](repeating: 0, count: Int(count))
    result.withUnsafeMutableBytes { broadcast($0, from: 0) }
    return result
  }

  /// The sums of everybody's numbers.
  package func sum(_ values: [Double]) -> [Double] {
    guard size > 1 else { return values }
    var result = values
    result.withUnsafeMutableBufferPointer { sum($0) }
    return result
  }

  /// Rows of a batch that are this rank's: as many as the others', or one less. The parts of all ranks are
  /// the batch in its order.
  package func part(of count: Int) -> Range<Int> {
    count * rank / size..<count * (rank + 1) / size
  }
}
