internal import Glibc

/// Fills an output from places of the input that each dimension tells by itself: what pads and
/// repeats. Along the last dimension, runs that stay together are copied together.
struct AxisMove {
  /// Per dimension and place of the output, how far into the input it lies; negative: nowhere.
  private let offsets: [[Int]]

  private struct Run {
    let count: Int
    let offset: Int
  }

  init(_ offsets: [[Int]]) { self.offsets = offsets }

  /// A step for any type; what lies nowhere becomes `fill` (zero, or no text).
  func step(_ input: Operand, _ output: Operand, fill: Operand? = nil) -> Step {
    switch input.dataType.elementByteCount {
    case 1: return step(UInt8.self, input, output, fill)
    case 2: return step(UInt16.self, input, output, fill)
    case 4: return step(UInt32.self, input, output, fill)
    case 8: return step(UInt64.self, input, output, fill)
    default: return textStep(input, output, fill)
    }
  }

  private var sizes: [Int] { offsets.map(\.count) }

  private func textStep(_ input: Operand, _ output: Operand, _ fill: Operand?) -> Step {
    let strides = Shape.strides(sizes)
    return ElementMove.step(input, output, fill: fill) { index in
      var position = 0
      for (axis, stride) in strides.enumerated() {
        let offset = offsets[axis][index / stride % offsets[axis].count]
        if offset < 0 { return -1 }
        position += offset
      }
      return position
    }
  }

  private func step<T: FixedWidthInteger>(
    _ type: T.Type, _ input: Operand, _ output: Operand, _ fill: Operand?
  ) -> Step {
    let (from, to) = (input.pointer(T.self), output.pointer(T.self))
    guard output.count > 0 else { return {} }
    guard let last = offsets.last else { return { to[0] = from[0] } }
    let outer = Array(offsets.dropLast())
    let runs = Self.runs(last)
    let isLong = runs.count * 4 <= last.count
    let fill = fill?.pointer(T.self)
    return {
      let rest = fill?.pointee ?? 0
      withUnsafeTemporaryAllocation(of: Int.self, capacity: outer.count) { places in
        places.initialize(repeating: 0)
        var row = to
        while true {
          var start = 0
          for (axis, place) in places.enumerated() {
            let offset = outer[axis][place]
            start = offset < 0 || start < 0 ? -1 : start + offset
          }
          if start < 0 {
            row.update(repeating: rest, count: last.count)
          } else if isLong {
            Self.copy(runs, from + start, row, rest)
          } else {
            for place in last.indices {
              row[place] = last[place] < 0 ? rest : from[start + last[place]]
            }
          }
          row += last.count
          var axis = outer.count - 1
          while axis >= 0 {
            places[axis] += 1
            if places[axis] < outer[axis].count { break }
            places[axis] = 0
            axis -= 1
          }
          if axis < 0 { return }
        }
      }
    }
  }

  private static func copy<T>(
    _ runs: [Run], _ from: UnsafeMutablePointer<T>, _ to: UnsafeMutablePointer<T>, _ rest: T
  ) {
    var to = to
    for run in runs {
      if run.offset < 0 {
        to.update(repeating: rest, count: run.count)
      } else {
        to.update(from: from + run.offset, count: run.count)
      }
      to += run.count
    }
  }

  /// Neighbours that are neighbours in the input, too, or that all lie nowhere.
  private static func runs(_ offsets: [Int]) -> [Run] {
    var runs: [Run] = []
    for offset in offsets {
      if let last = runs.last,
        last.offset < 0 ? offset < 0 : offset == last.offset + last.count
      {
        runs[runs.count - 1] = Run(count: last.count + 1, offset: last.offset)
      } else {
        runs.append(Run(count: 1, offset: max(offset, -1)))
      }
    }
    return runs
  }
}
