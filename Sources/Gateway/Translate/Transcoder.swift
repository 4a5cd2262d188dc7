internal import RPC
internal import Synchronization

/// Reads and writes JSON that would hold up a loop, on a thread beside the loops.
///
/// Tenants take turns, so that one with many large bodies delays nobody but himself.
final class Transcoder: Sendable {
  typealias Ticket = UInt64

  /// Shorter texts take a fifth of a millisecond at most: a loop's turn may be longer.
  static let byteCountMin = 32 << 10

  private static let threads = WorkerThreads(count: 1, name: "json")
  private let turns = Mutex(Turns<@Sendable () -> Void>())

  /// Queues a job of a tenant's.
  func submit(_ ticket: Ticket, of tenant: String, _ job: @escaping @Sendable () -> Void) {
    turns.withLock { $0.append(job, ticket, of: tenant) }
    Self.threads.submit { self.turns.withLock { $0.next() }?() }
  }

  /// Drops a job, and what it holds, unless it has begun.
  func cancel(_ ticket: Ticket, of tenant: String) {
    // What the job holds is freed outside the lock.
    _ = turns.withLock { $0.remove(ticket, of: tenant) }
  }

  /// A ticket that nobody else in the process has.
  static func ticket() -> Ticket { tickets.add(1, ordering: .relaxed).newValue }
  private static let tickets = Atomic<Ticket>(0)
}

/// Work of several tenants: each gives one job when it is his turn.
struct Turns<Job> {
  private var queues: [String: [(ticket: Transcoder.Ticket, job: Job)]] = [:]
  /// Tenants with work, the next one first.
  private var order: [String] = []

  mutating func append(_ job: Job, _ ticket: Transcoder.Ticket, of tenant: String) {
    if queues[tenant, default: []].isEmpty { order.append(tenant) }
    queues[tenant, default: []].append((ticket, job))
  }

  /// The oldest job of the tenant whose turn it is.
  mutating func next() -> Job? {
    guard let tenant = order.first else { return nil }
    order.removeFirst()
    let job = queues[tenant]?.removeFirst().job
    if queues[tenant]?.isEmpty ?? true {
      queues[tenant] = nil
    } else {
      order.append(tenant)
    }
    return job
  }

  mutating func remove(_ ticket: Transcoder.Ticket, of tenant: String) -> Job? {
    guard let index = queues[tenant]?.firstIndex(where: { $0.ticket == ticket }) else { return nil }
    let job = queues[tenant]?.remove(at: index).job
    if queues[tenant]?.isEmpty ?? true {
      queues[tenant] = nil
      order.removeAll { $0 == tenant }
    }
    return job
  }
}
