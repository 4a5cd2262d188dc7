internal import CKernels
internal import Glibc

/// The leaf kernels of one instruction set. Callers use `Kernels.active` and never see an ISA;
/// tests run every kernel on each of `Kernels.available`.
public struct Kernels: Sendable, CustomStringConvertible {
  // The tables are constant data of the program: reading them needs no synchronisation.
  nonisolated(unsafe) let table: UnsafePointer<ck_table>

  /// The instruction set: "baseline", "avx2", "avx512" or "neon".
  public var name: String { String(cString: table.pointee.name) }
  /// The instruction set's name.
  public var description: String { name }

  /// Rows of a full tile of C in a matrix product.
  var panelRows: Int { Int(table.pointee.panelRows) }
  /// Columns of a full panel of B in a matrix product.
  var panelColumns: Int { Int(table.pointee.panelColumns) }
  /// Float lanes of one vector.
  public var vectorLanes: Int { Int(table.pointee.vectorBytes) / 4 }

  /// Every instruction set this processor can run, the best one last.
  public static let available: [Kernels] = {
    var tables = [UnsafePointer<ck_table>?](repeating: nil, count: 8)
    let count = tables.withUnsafeMutableBufferPointer { ck_available($0.baseAddress, $0.count) }
    return tables.prefix(count).compactMap { $0.map { Kernels(table: $0) } }
  }()

  /// The instruction set of this process: the best one, or the one the environment variable
  /// `MARTLET_ISA` names. A name this processor cannot run stops the process at once.
  public static let active: Kernels = {
    guard let best = available.last else { preconditionFailure("no kernel table was built in") }
    guard let asked = getenv("MARTLET_ISA").map({ String(cString: $0) }), !asked.isEmpty else {
      return best
    }
    guard let named = available.first(where: { $0.name == asked }) else {
      let names = available.map(\.name).joined(separator: ", ")
      preconditionFailure("MARTLET_ISA is '\(asked)'; this processor offers \(names)")
    }
    return named
  }()
}
