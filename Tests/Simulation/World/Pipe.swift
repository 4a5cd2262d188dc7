internal import EventLoop

/// One direction of a simulated TCP connection: bytes arrive in order, after a while, or not at
/// all. What is under way and what is not read yet share one capacity, as TCP's windows have it.
final class Pipe {
  private struct Segment {
    var bytes: [UInt8]
    var isEnd = false
    var arrival: MonotonicTime
  }

  unowned let network: Network
  let link: Link
  let from: Process
  let to: Process
  weak var writer: SimulatedSocket?
  weak var reader: SimulatedSocket?

  private var underWay: [Segment] = []
  private var underWayByteCount = 0
  private var received: [UInt8] = []
  private var readCount = 0
  private let capacity: Int
  private var isPumping = false
  private(set) var hasEnded = false
  /// The writer closed, or everything was dropped: nothing more is sent.
  private var isOver = false

  init(network: Network, link: Link, from: Process, to: Process, capacity: Int) {
    self.network = network
    self.link = link
    self.from = from
    self.to = to
    self.capacity = capacity
  }

  var receivedByteCount: Int { received.count - readCount }
  var isReadable: Bool { receivedByteCount > 0 || hasEnded }
  var room: Int { isOver ? 0 : max(0, capacity - underWayByteCount - receivedByteCount) }

  // MARK: The writer's side

  func send(_ bytes: [UInt8]) {
    underWayByteCount += bytes.count
    queue(Segment(bytes: bytes, arrival: arrival()))
  }

  func sendEnd() {
    guard !isOver else { return }
    isOver = true
    queue(Segment(bytes: [], isEnd: true, arrival: arrival()))
  }

  /// In order: never before what was sent earlier.
  private func arrival() -> MonotonicTime {
    let time = network.world.now + link.delay(&network.world.random)
    return max(time, underWay.last?.arrival ?? time)
  }

  private func queue(_ segment: Segment) {
    underWay.append(segment)
    pump()
  }

  /// Forgets what is under way.
  func drop() {
    underWay = []
    underWayByteCount = 0
    isOver = true
  }

  // MARK: Under way

  private func pump() {
    guard !isPumping, let first = underWay.first else { return }
    isPumping = true
    network.world.schedule(at: first.arrival) { [self] in
      isPumping = false
      arrive()
    }
  }

  /// Goes on after the link was cut: TCP sends again, less and less often.
  func retransmit() {
    guard !underWay.isEmpty, !isPumping else { return }
    let time =
      network.world.now + network.world.draw(.milliseconds(10)...Duration.milliseconds(1_500))
    for index in underWay.indices { underWay[index].arrival = max(underWay[index].arrival, time) }
    pump()
  }

  private func arrive() {
    guard let first = underWay.first else { return }
    // Stays in the queue until the link is whole again.
    guard !link.isCut(from: from), to.hostIsUp else { return network.stall(self) }
    guard first.arrival <= network.world.now else { return pump() }
    underWay.removeFirst()
    underWayByteCount -= first.bytes.count
    network.world.note(UInt64(first.bytes.count) << 8 | UInt64(to.number))
    guard let reader, reader.state != .closed, !reader.isReset else {
      if reader?.isReset != true, !first.isEnd { network.refuse(writer, at: to) }
      return drop()
    }
    if first.isEnd { hasEnded = true } else { received += first.bytes }
    reader.readable()
    pump()
  }

  // MARK: The reader's side

  func take(_ count: Int, into buffer: UnsafeMutableRawBufferPointer) {
    received.withUnsafeBytes {
      buffer.copyMemory(
        from: UnsafeRawBufferPointer(rebasing: $0[readCount..<readCount + count]))
    }
    readCount += count
    if readCount == received.count {
      received.removeAll(keepingCapacity: true)
      readCount = 0
    }
    writer?.writable()
  }

  func dropReceived() {
    received = []
    readCount = 0
  }
}
