internal import Glibc
internal import TestSupport

/// Runs cases one after the other and prints a line about each before the next begins, so that
/// whoever reads knows which one ended the process.
enum Worker {
  /// A case that takes longer has failed; most take milliseconds.
  static let secondsMax: UInt32 = 60

  static func run(listed path: String, from first: Int) {
    let text = (try? Files.read(path)) ?? []
    let lines = String(decoding: text, as: UTF8.self).split(separator: "\n")
    for line in lines.dropFirst(first) {
      let fields = line.split(separator: "\t")
      let item = Case(name: String(fields[0]), path: String(fields[1]))
      _ = alarm(secondsMax)
      print(item.run().line)
      fflush(nil)
    }
  }
}

/// Runs workers until every case has a result.
enum Supervisor {
  static func run(_ cases: [Case]) -> [Result] {
    var template = Array("/tmp/onnx-conformance.XXXXXX".utf8CString)
    guard let made = mkdtemp(&template) else {
      print("onnx-conformance: no temporary folder")
      exit(73)
    }
    let folder = String(cString: made)
    defer {
      unlink("\(folder)/cases")
      unlink("\(folder)/results")
      rmdir(folder)
    }
    Files.write(cases.map { "\($0.name)\t\($0.path)\n" }.joined(), "\(folder)/cases")
    var results: [Result] = []
    while results.count < cases.count {
      let status = spawn(folder, from: results.count)
      let text = (try? Files.read("\(folder)/results")) ?? []
      let lines = String(decoding: text, as: UTF8.self).split(separator: "\n")
      results += lines.compactMap { Result(line: $0) }
      if status != 0, results.count < cases.count {
        let reason = status & 0x7F == SIGALRM ? "took too long" : "ended with status \(status)"
        results.append(
          Result(
            name: cases[results.count].name, outcome: .crashed, operators: "?",
            message: "the process \(reason)"))
      } else if lines.isEmpty {
        print("onnx-conformance: a worker gave no results")
        exit(70)
      }
    }
    return results
  }

  /// Runs one worker to its end and gives its status.
  private static func spawn(_ folder: String, from first: Int) -> Int32 {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(
      &actions, 1, "\(folder)/results", O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    var arguments: [UnsafeMutablePointer<CChar>?] = [
      strdup("/proc/self/exe"), strdup("--worker"), strdup("\(folder)/cases"), strdup("\(first)"),
      nil,
    ]
    defer { for argument in arguments { free(argument) } }
    var process = pid_t()
    guard posix_spawn(&process, "/proc/self/exe", &actions, nil, &arguments, environ) == 0 else {
      print("onnx-conformance: cannot start a worker")
      exit(71)
    }
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0 && errno == EINTR {}
    return status
  }
}
