internal import Glibc

/// One line on a terminal that is drawn again and again; nothing where there is no terminal.
struct ProgressBar: Sendable {
  private let isShown = isatty(STDERR_FILENO) == 1
  private static let width = 24

  /// Draws `done` of `total`, between what it is and how it goes.
  func show(_ title: String, _ done: Int, _ total: Int, _ text: String) {
    guard isShown else { return }
    let share = total > 0 ? min(1, Double(done) / Double(total)) : 0
    let filled = Int(share * Double(Self.width))
    let bar =
      String(repeating: "=", count: filled) + (filled < Self.width ? ">" : "")
      + String(repeating: " ", count: max(0, Self.width - filled - 1))
    write("\r\u{1B}[K\(title) [\(bar)] \(text)")
  }

  /// Draws a line without a bar.
  func show(_ text: String) {
    if isShown { write("\r\u{1B}[K\(text)") }
  }

  /// Removes the line.
  func clear() {
    if isShown { write("\r\u{1B}[K") }
  }

  private func write(_ text: String) {
    _ = text.withCString { Glibc.write(STDERR_FILENO, $0, strlen($0)) }
  }
}
