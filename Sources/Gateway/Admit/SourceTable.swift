internal import Synchronization

// Sendable by hand: the buckets are atomic words, and the pointer does not change.

/// Rates by where clients come from, in memory that does not grow with their number: a source's
/// bucket is the less used of two that its hash names. Each holds half of the rate, for a source may
/// use both. Two sources share both only by rare chance; then they share a rate.
final class SourceTable: @unchecked Sendable {
  private let buckets: UnsafeMutablePointer<TokenBucket>
  /// 64 KiB of memory, and room for thousands of sources that misbehave at one time.
  private static let count = 8_192

  init() {
    buckets = .allocate(capacity: Self.count)
    for index in 0..<Self.count { (buckets + index).initialize(to: TokenBucket()) }
  }

  deinit {
    buckets.deinitialize(count: Self.count)
    buckets.deallocate()
  }

  /// Nanoseconds until the source has a token again; 0: it has one.
  func wait(_ source: Int, now: UInt64, perSecond: UInt32, burst: UInt32) -> UInt64 {
    let (first, second) = waits(source, now, perSecond, burst)
    return min(first, second)
  }

  /// Takes a token, whether it is there or not.
  func charge(_ source: Int, now: UInt64, perSecond: UInt32, burst: UInt32) {
    let (first, second) = waits(source, now, perSecond, 1)
    let index = first <= second ? Self.first(source) : Self.second(source)
    buckets[index].charge(
      1, now: now, perSecond: Self.half(perSecond), burst: Self.half(burst))
  }

  private func waits(
    _ source: Int, _ now: UInt64, _ perSecond: UInt32, _ burst: UInt32
  ) -> (UInt64, UInt64) {
    let (perSecond, burst) = (Self.half(perSecond), Self.half(burst))
    return (
      buckets[Self.first(source)].wait(now: now, perSecond: perSecond, burst: burst),
      buckets[Self.second(source)].wait(now: now, perSecond: perSecond, burst: burst)
    )
  }

  /// Rounded up: 0 means no limit of a rate, and a second's worth as a burst.
  private static func half(_ number: UInt32) -> UInt32 { number / 2 + number % 2 }

  private static func first(_ source: Int) -> Int { source & (count - 1) }
  private static func second(_ source: Int) -> Int { source >> 32 & (count - 1) }

  /// Who counts as one source: an address, and for IPv6 its network of 64 bits, which is what one
  /// customer gets. `address` is what logs show: `host:port`, `[host]:port` or a word.
  static func source(of address: String) -> Int {
    var hasher = Hasher()
    if address.first == "[", let end = address.lastIndex(of: "]") {
      let host = address[address.index(after: address.startIndex)..<end]
      if host.hasPrefix(mappedPrefix), host.contains(".") {
        hasher.combine(host.dropFirst(mappedPrefix.count))
      } else {
        for group in network(host) { hasher.combine(group) }
      }
    } else {
      hasher.combine(address.prefix { $0 != ":" })
    }
    return hasher.finalize()
  }

  /// How a socket for both families shows an IPv4 address (RFC 4291 section 2.5.5.2).
  private static let mappedPrefix = "::ffff:"

  /// The first four groups of an IPv6 address, `::` written out.
  static func network(_ address: Substring) -> [Substring] {
    let halves = address.prefix { $0 != "%" }.split(
      separator: "::", maxSplits: 1, omittingEmptySubsequences: false)
    var groups = halves[0].split(separator: ":")
    if halves.count == 2 {
      let tail = halves[1].split(separator: ":")
      groups += Array(repeating: "0", count: max(0, 8 - groups.count - tail.count)) + tail
    }
    return Array(groups.prefix(4))
  }
}
