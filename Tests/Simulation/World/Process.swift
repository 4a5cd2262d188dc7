internal import EventLoop
internal import Glibc
internal import TestSupport

/// One simulated process on a host of its own: its descriptors, its loops, and whether it runs.
final class Process: @unchecked Sendable {
  /// What the process does just now.
  enum State: Sendable, Equatable {
    case running
    /// SIGSTOP: its kernel still accepts connections and bytes.
    case paused
    /// Killed. With its host up, the kernel closes what it had; else the host is silent.
    case dead(hostIsUp: Bool)
  }

  /// For traces.
  let name: String
  /// Place in the world's list.
  let number: Int
  /// What it does just now.
  private(set) var state = State.running
  /// How long a turn of one of its loops takes; large when the process gets little of a CPU.
  var turnCostRange = usualTurnCost
  let world: World
  private var table: [SimulatedSocket?] = []
  private var machineCount = 0

  /// What a turn of some calls takes.
  static let usualTurnCost = Duration.microseconds(1)...Duration.microseconds(30)

  /// The first descriptors are taken in every process.
  private static let firstDescriptor = 3

  init(world: World, name: String, number: Int) {
    self.world = world
    self.name = name
    self.number = number
  }

  /// The host's address.
  var address: String { "10.0.0.\(number + 1)" }

  /// What a new loop of the process runs on.
  func makeMachine() -> any Machine {
    machineCount += 1
    return SimulatedMachine(process: self, number: number * 16 + machineCount)
  }

  func turnCost(_ random: inout SplitMix64) -> Duration {
    random.duration(turnCostRange)
  }

  // MARK: Descriptors

  /// Sockets that are open.
  var openDescriptorCount: Int { table.count { $0 != nil } }

  /// The lowest free number, as the kernel gives it: late uses of a closed one then hit another
  /// socket, which is what they would do outside.
  func install(_ socket: SimulatedSocket) -> Int32 {
    let index = table.firstIndex { $0 == nil } ?? table.count
    if index == table.count { table.append(nil) }
    table[index] = socket
    return Int32(index + Self.firstDescriptor)
  }

  func socket(_ descriptor: Int32) -> SimulatedSocket? {
    let index = Int(descriptor) - Self.firstDescriptor
    return table.indices.contains(index) ? table[index] : nil
  }

  func close(_ descriptor: Int32) {
    guard let socket = socket(descriptor) else {
      preconditionFailure("\(name) closes descriptor \(descriptor), which is not open")
    }
    table[Int(descriptor) - Self.firstDescriptor] = nil
    socket.closeByProcess()
  }

  // MARK: Faults

  /// SIGSTOP.
  func pause() {
    guard state == .running else { return }
    state = .paused
    world.log(name, "paused")
  }

  /// SIGCONT.
  func resume() {
    guard state == .paused else { return }
    state = .running
    world.log(name, "resumed")
  }

  /// SIGKILL, or the host's power. `cleanUp` starts what frees the process's memory: it runs
  /// unseen, with every socket gone.
  func kill(hostIsUp: Bool, cleanUp: () -> Void) {
    if case .dead = state { return }
    world.log(name, hostIsUp ? "killed" : "host lost its power")
    state = .dead(hostIsUp: hostIsUp)
    let sockets = table.compactMap { $0 }
    for socket in sockets { socket.processDied(hostIsUp: hostIsUp) }
    cleanUp()
    world.runOut(self)
    table = []
  }

  /// Whether packets find somebody who answers.
  var hostIsUp: Bool {
    if case .dead(let hostIsUp) = state { return hostIsUp }
    return true
  }

  var isDead: Bool {
    if case .dead = state { return true }
    return false
  }

  /// A new process at the same address.
  func restart() {
    precondition(isDead, "\(name) still runs")
    world.log(name, "started again")
    state = .running
    world.network.hostIsUp(self)
  }
}
