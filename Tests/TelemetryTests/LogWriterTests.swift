import Glibc
import Telemetry
import Testing

@Suite struct LogWriterTests {
  private func pipePair() -> (reader: Int32, writer: Int32) {
    var ends: [Int32] = [0, 0]
    precondition(pipe(&ends) == 0)
    return (ends[0], ends[1])
  }

  private func readAll(_ descriptor: Int32) -> String {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = read(descriptor, &buffer, buffer.count)
      guard count > 0 else { break }
      bytes += buffer[..<count]
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  @Test func linesArriveInOrder() {
    let (reader, writer) = pipePair()
    let log = LogWriter(descriptor: writer)
    for number in 0..<100 { log.append(Array("line \(number)\n".utf8)) }
    log.write(.warning, "late") { $0.field("n", 7) }
    log.close()
    close(writer)
    let lines = readAll(reader).split(separator: "\n")
    close(reader)
    #expect(lines.dropLast().elementsEqual((0..<100).map { "line \($0)" }, by: { $0 == $1 }))
    #expect(lines.last?.hasSuffix(#","level":"warning","message":"late","n":7}"#) == true)
    #expect(log.droppedLineCount == 0)
  }

  @Test func aFileThatTakesNothingCostsLinesNotTime() {
    signal(SIGPIPE, SIG_IGN)
    let (reader, writer) = pipePair()
    // A pipe holds 64 KiB; nobody reads it, so the thread gets stuck in its first big batch.
    let log = LogWriter(descriptor: writer, pendingByteCountMax: 100_000)
    let line = [UInt8](repeating: UInt8(ascii: "x"), count: 999) + [UInt8(ascii: "\n")]
    for _ in 0..<1_000 { log.append(line) }
    // 64 KiB in the pipe, at most two batches of 100,000 bytes on the way.
    #expect(log.droppedLineCount >= 1_000 - 66 - 200)
    #expect(log.droppedLineCount < 1_000)
    close(reader)  // the stuck write fails, the thread goes on
    log.close()
    close(writer)
    #expect(log.droppedLineCount > 0)
  }

  @Test func droppedLinesAreReportedInTheLog() {
    let (reader, writer) = pipePair()
    let log = LogWriter(descriptor: writer, pendingByteCountMax: 10)
    log.append(Array("much longer than ten\n".utf8))
    log.append(Array("short\n".utf8))
    log.close()
    close(writer)
    let text = readAll(reader)
    close(reader)
    #expect(text.hasPrefix("short\n"))
    #expect(text.hasSuffix("\"dropped\":1}\n"))
  }

  @Test func aRotatedFileIsOpenedAgain() throws {
    let path = "/tmp/martlet-log-test-\(getpid())"
    defer {
      unlink(path)
      unlink(path + ".1")
    }
    let log = try LogWriter(path: path)
    log.append(Array("before\n".utf8))
    log.flush()
    rename(path, path + ".1")
    log.reopen()
    log.append(Array("after\n".utf8))
    log.close()
    let file = open(path, O_RDONLY)
    #expect(readAll(file) == "after\n")
    close(file)
    #expect(throws: LogError.self) { try LogWriter(path: "/nonexistent/folder/log") }
  }
}
