internal import RPC

/// Finds a route by the exact bytes of `:path`: nothing is decoded, folded or normalised, so two
/// readers cannot disagree about which method was meant.
struct RouteTable: Sendable {
  let routes: [Route]
  /// Route indices + 1 by hash; 0 is an empty place. Open addressing, at most half full.
  private let places: [UInt16]
  private let mask: Int

  init(_ routes: [Route] = Route.all) {
    self.routes = routes
    var size = 16
    while size < routes.count * 4 { size *= 2 }
    var places = [UInt16](repeating: 0, count: size)
    for (index, route) in routes.enumerated() {
      let path = UnsafeRawBufferPointer(
        start: route.path.utf8Start, count: route.path.utf8CodeUnitCount)
      var place = Self.hash(path) & (size - 1)
      while places[place] != 0 {
        precondition(
          !path.equals(routes[Int(places[place]) - 1].path), "\(route.path) is listed twice")
        place = (place + 1) & (size - 1)
      }
      places[place] = UInt16(index + 1)
    }
    self.places = places
    mask = size - 1
  }

  /// The route's index in `routes`, or nil.
  func find(_ path: UnsafeRawBufferPointer) -> Int? {
    var place = Self.hash(path) & mask
    while places[place] != 0 {
      let index = Int(places[place]) - 1
      if path.equals(routes[index].path) { return index }
      place = (place + 1) & mask
    }
    return nil
  }

  /// FNV-1a over the last 24 bytes and the length: methods differ at their end. Attackers gain
  /// nothing from collisions, because the table is fixed.
  private static func hash(_ path: UnsafeRawBufferPointer) -> Int {
    var value: UInt64 = 0xcbf2_9ce4_8422_2325 ^ UInt64(path.count)
    for index in max(0, path.count - 24)..<path.count {
      value = (value ^ UInt64(path[index])) &* 0x100_0000_01b3
    }
    return Int(truncatingIfNeeded: value ^ value >> 32) & .max
  }
}
