internal import CMPI
internal import Glibc

/// Processes that mpirun or srun started.
package final class MPICollective: Collective {
  package let rank: Int
  package let size: Int
  package let place: String
  /// The library's name and version.
  package let library: String

  /// Begins MPI; once in a process. What is missing is said in a sentence.
  package init() throws(TrainingError) {
    if let reason = martlet_mpi_start() {
      throw TrainingError(.resources, String(cString: reason))
    }
    (rank, size) = (Int(martlet_mpi_rank()), Int(martlet_mpi_size()))
    library = String(cString: martlet_mpi_version())
    var name = [CChar](repeating: 0, count: 256)
    gethostname(&name, name.count - 1)
    place = name.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
  }

  package func sum(_ values: UnsafeMutableBufferPointer<Float>) {
    guard size > 1, let base = values.baseAddress else { return }
    martlet_mpi_sum_floats(base, values.count)
  }

  package func sum(_ values: UnsafeMutableBufferPointer<Double>) {
    guard size > 1, let base = values.baseAddress else { return }
    martlet_mpi_sum_doubles(base, values.count)
  }

  package func broadcast(_ bytes: UnsafeMutableRawBufferPointer, from root: Int) {
    guard size > 1, let base = bytes.baseAddress else { return }
    martlet_mpi_broadcast(base, bytes.count, Int32(root))
  }

  package func await(_ isAwaited: Bool) { martlet_mpi_await(isAwaited ? 1 : 0) }

  /// Ends MPI: every rank must, before it exits.
  package func finish() { martlet_mpi_finish() }
}
