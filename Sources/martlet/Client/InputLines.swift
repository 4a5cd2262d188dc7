/// The lines of standard input, as they come.
struct InputLines {
  private var pending: [UInt8] = []
  private var number = 0
  private var isAtEnd = false

  /// The next line without what ends it, or why it is no text; nil at the end.
  mutating func next() throws(CommandFailure) -> Result<String, CommandFailure>? {
    var searched = 0
    while true {
      if let end = pending[searched...].firstIndex(of: UInt8(ascii: "\n")) {
        let line = Array(pending[..<end])
        pending.removeFirst(end + 1)
        return text(line)
      }
      if isAtEnd {
        let line = pending
        pending = []
        return line.isEmpty ? nil : text(line)
      }
      searched = pending.count
      isAtEnd = try !FileBytes.appendStandardInput(to: &pending)
    }
  }

  private mutating func text(_ line: [UInt8]) -> Result<String, CommandFailure> {
    number += 1
    let content = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
    do throws(CommandFailure) {
      return .success(try ValidText.of(content, "line \(number)"))
    } catch { return .failure(error) }
  }
}
