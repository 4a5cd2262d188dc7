internal import ModelFormats

/// Handwritten digits drawn in the terminal, each over what the network reads in it.
struct DigitsDemo {
  var model: BundledModel

  private static let side = 28
  private static let perRow = 4
  private static let shades = Array(" ░▒▓█")

  func run(_ connection: Connection) async throws {
    print("digits: \(model.description.description)\n")
    let shown = min(2 * Self.perRow, model.rowCount)
    let all = try await model.ask(connection, model.request(rows: 0..<model.rowCount))
    let probabilities = TensorData(all[0].array).numbers
    let answers = (0..<model.rowCount).map { row in
      let chances = probabilities[row * 10..<row * 10 + 10]
      let best = chances.indices.max { chances[$0] < chances[$1] } ?? chances.startIndex
      return (digit: best - chances.startIndex, probability: chances[best])
    }
    for start in stride(from: 0, to: shown, by: Self.perRow) {
      let rows = start..<min(start + Self.perRow, shown)
      draw(rows)
      print(
        rows.map { row in
          let answer = answers[row]
          let truth = Int(model.labels[row])
          let mark = answer.digit == truth ? "" : "  (it is \(truth))"
          let text =
            "read as \(answer.digit), \(Output.fixed(answer.probability * 100, 1)) %\(mark)"
          return text.padded(to: Self.side + 2)
        }.joined())
    }
    let right = zip(answers, model.labels).count { $0.digit == Int($1) }
    print("\n\(right) of \(model.rowCount) held-back digits are read right.\n")
  }

  // Two rows of pixels share a line, because a character is twice as high as wide.
  private func draw(_ rows: Range<Int>) {
    let pictures = rows.map(model.sample)
    for line in stride(from: 0, to: Self.side, by: 2) {
      print(
        pictures.map { picture in
          let characters = (0..<Self.side).map { column in
            let ink =
              (picture[line * Self.side + column] + picture[(line + 1) * Self.side + column]) / 2
            let shade = Int(ink * Double(Self.shades.count - 1) + 0.5)
            return Self.shades[min(max(shade, 0), Self.shades.count - 1)]
          }
          return String(characters) + "  "
        }.joined())
    }
  }
}

extension String {
  func padded(to width: Int) -> String {
    self + String(repeating: " ", count: Swift.max(0, width - count))
  }
}
