internal import TestSupport

/// A table of results by operator, and what did not pass.
enum Report {
  static func print(_ results: [Result]) {
    var rows: [String: [Result.Outcome: Int]] = [:]
    for result in results { rows[result.operators, default: [:]][result.outcome, default: 0] += 1 }
    Swift.print(row("operator", Result.Outcome.allCases.map(\.rawValue)))
    for name in rows.keys.sorted() {
      Swift.print(row(name, Result.Outcome.allCases.map { "\(rows[name]?[$0] ?? 0)" }))
    }
    for result in results where result.outcome != .passed {
      Swift.print("\(result.outcome.rawValue) \(result.name): \(result.message)")
    }
    let counts = Result.Outcome.allCases.map { outcome in
      "\(results.count { $0.outcome == outcome }) \(outcome.rawValue)"
    }
    Swift.print("\(results.count) cases: " + counts.joined(separator: ", "))
  }

  private static func row(_ name: String, _ cells: [String]) -> String {
    func padded(_ text: String, _ width: Int) -> String {
      String(repeating: " ", count: max(0, width - text.count)) + text
    }
    return name + String(repeating: " ", count: max(1, 30 - name.count))
      + cells.map { padded($0, 8) }.joined()
  }
}

/// The cases that do not pass, each with its reason: "NAME: REASON" a line, # before a remark.
/// A case on the list that passes is an error, so that the list only shrinks; unless its reason
/// begins with "random", when it may pass by chance.
struct Expectations {
  private var reasons: [String: String] = [:]
  private let path: String

  init(path: String) {
    self.path = path
    let text = String(decoding: (try? Files.read(path)) ?? [], as: UTF8.self)
    for line in text.split(separator: "\n") where !line.hasPrefix("#") {
      let parts = line.split(separator: ":", maxSplits: 1)
      if parts.count == 2 { reasons[String(parts[0])] = String(parts[1]) }
    }
  }

  /// Prints every difference between list and results; whether there is none.
  mutating func check(_ results: [Result], all: Bool) -> Bool {
    var isRight = true
    for result in results {
      let reason = reasons.removeValue(forKey: result.name)
      if result.outcome == .crashed {
        print("\(result.name) crashed: that is never expected")
        isRight = false
      } else if result.outcome == .passed, let reason, !reason.hasPrefix(" random") {
        print("\(result.name) passes: take it off \(path)")
        isRight = false
      } else if result.outcome != .passed, reason == nil {
        print("\(result.name) does not pass and is not in \(path)")
        isRight = false
      }
    }
    if all {
      for name in reasons.keys.sorted() {
        print("\(name) is in \(path), but there is no such case")
        isRight = false
      }
    }
    return isRight
  }
}
