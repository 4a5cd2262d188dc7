internal import RPC

/// Which of an instance's connections takes the next call, and whether there should be one more.
/// Sans-I/O, and without an allocation: it is asked for each call.
struct ConnectionChoice {
  struct Load {
    var isReady: Bool
    /// Calls open, those that wait for the peer's limit included.
    var outstanding: Int
    /// What the peer allows.
    var streamsMax: Int
  }

  struct Answer: Equatable {
    /// nil: there is no connection. The count of connections: the one that is opened now.
    var index: Int?
    var opensAnother: Bool
  }

  let outstandingHigh: Int
  let connectionsMax: Int

  init(_ settings: BalancingSettings) {
    outstandingHigh = settings.outstandingPerConnectionHigh
    connectionsMax = settings.connectionsPerInstanceMax
  }

  /// The first connection with room, so that later ones fall idle when demand does. When none has
  /// room, the least busy one while another is on its way, or that other one when the peer allows
  /// no more calls here: they would wait for the end of others, which may be long streams.
  @inline(__always)
  func choose(_ count: Int, _ load: (Int) -> Load) -> Answer {
    var ready: (index: Int, load: Load)?
    var connecting: (index: Int, load: Load)?
    for index in 0..<count {
      let load = load(index)
      guard load.isReady else {
        if load.outstanding < connecting?.load.outstanding ?? .max { connecting = (index, load) }
        continue
      }
      if load.outstanding < min(load.streamsMax, outstandingHigh) {
        return Answer(index: index, opensAnother: false)
      }
      if load.outstanding < ready?.load.outstanding ?? .max { ready = (index, load) }
    }
    // Only who has no other waits for a connection that may not come.
    guard let ready else { return Answer(index: connecting?.index, opensAnother: false) }
    let mayOpen = count < connectionsMax
    if ready.load.outstanding < ready.load.streamsMax {
      return Answer(index: ready.index, opensAnother: mayOpen && connecting == nil)
    }
    // What a connection that is being made will allow is what the others allow.
    if let connecting, connecting.load.outstanding < min(ready.load.streamsMax, outstandingHigh) {
      return Answer(index: connecting.index, opensAnother: false)
    }
    return Answer(index: mayOpen ? count : ready.index, opensAnother: mayOpen)
  }
}
