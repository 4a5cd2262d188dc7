internal import Glibc

/// One role's process under a supervisor: how it is started, and what is known about it.
struct Child {
  /// `gateway`, `auth` or `model`.
  var role: String
  /// The role, with the instance's number where there may be several.
  var name: String
  var configurationPath: String
  /// Inherited in this order as descriptors 3, 4, …
  var sockets: [ListeningSocket]

  private(set) var pid: pid_t?
  private(set) var readyDescriptor: Int32 = -1
  var startedAt: Int = 0
  /// Deaths soon after a start, without a long life between them.
  var quickDeaths = 0
  /// When to start it again; nil while it runs.
  var restartAt: Int?

  static let firstSocket: Int32 = 3

  init(role: String, name: String, configurationPath: String, sockets: [ListeningSocket]) {
    self.role = role
    self.name = name
    self.configurationPath = configurationPath
    self.sockets = sockets
  }

  /// Starts the process: this same program, with the role's command.
  mutating func start(in directory: DataDirectory, lifeline: Int32, now: Int) throws(CommandFailure)
  {
    let ready = try closingPipe()
    let log = open(
      "\(directory.logs)/\(name).log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    let readyNumber = Self.firstSocket + Int32(sockets.count)
    let lifelineNumber = readyNumber + 1

    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    if log >= 0 {
      posix_spawn_file_actions_adddup2(&actions, log, STDOUT_FILENO)
      posix_spawn_file_actions_adddup2(&actions, log, STDERR_FILENO)
    }
    // Descriptors move to a high range first, so that none is overwritten before it is copied.
    let sources = sockets.map(\.descriptor) + [ready[1], lifeline]
    for (i, source) in sources.enumerated() {
      posix_spawn_file_actions_adddup2(&actions, source, 200 + Int32(i))
    }
    for i in sources.indices {
      posix_spawn_file_actions_adddup2(&actions, 200 + Int32(i), Self.firstSocket + Int32(i))
      posix_spawn_file_actions_addclose(&actions, 200 + Int32(i))
    }

    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    // A group of its own: Ctrl-C in the terminal reaches the supervisor alone, which then stops
    // the roles in order.
    posix_spawnattr_setpgroup(&attributes, 0)
    posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP))

    var id: pid_t = 0
    let status = CStrings.with([CommandLine.arguments[0], role, "--config", configurationPath]) {
      arguments in
      CStrings.with(
        Self.environment() + [
          "\(RoleProcess.readyVariable)=\(readyNumber)",
          "\(RoleProcess.lifelineVariable)=\(lifelineNumber)",
        ]
      ) { posix_spawn(&id, "/proc/self/exe", &actions, &attributes, arguments, $0) }
    }
    close(ready[1])
    if log >= 0 { close(log) }
    guard status == 0 else {
      close(ready[0])
      throw CommandFailure(
        .software, "cannot start the \(name) process: \(String(cString: strerror(status)))")
    }
    if readyDescriptor >= 0 { close(readyDescriptor) }
    readyDescriptor = ready[0]
    pid = id
    startedAt = now
    restartAt = nil
    try FileBytes.write(Array("\(id)\n".utf8), to: "\(directory.run)/\(name).pid")
  }

  /// Waits for the line `ready`: false when the process ends or the time is over first.
  func waitUntilReady(milliseconds: Int32) -> Bool {
    var poll = pollfd(fd: readyDescriptor, events: Int16(POLLIN), revents: 0)
    guard Glibc.poll(&poll, 1, milliseconds) == 1 else { return false }
    var byte: UInt8 = 0
    return read(readyDescriptor, &byte, 1) == 1
  }

  mutating func ended() { pid = nil }

  private static func environment() -> [String] {
    var variables: [String] = []
    var next = environ
    while let entry = next.pointee {
      let text = String(cString: entry)
      if !text.hasPrefix("MARTLET_API_KEY=") { variables.append(text) }
      next += 1
    }
    return variables
  }
}

/// A pipe whose ends no child inherits unless it is given them: read end, write end.
func closingPipe() throws(CommandFailure) -> [Int32] {
  var ends: [Int32] = [-1, -1]
  guard pipe(&ends) == 0 else {
    throw CommandFailure(.software, "pipe: \(String(cString: strerror(errno)))")
  }
  for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
  return ends
}

/// NULL-terminated arrays of C strings for the length of a call.
enum CStrings {
  static func with<R>(
    _ texts: [String], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> R
  ) -> R {
    var pointers = texts.map { strdup($0) } + [nil]
    defer { for pointer in pointers { free(pointer) } }
    return pointers.withUnsafeMutableBufferPointer { body($0.baseAddress!) }
  }
}
