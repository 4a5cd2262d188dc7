import CMPI
import Glibc
import TestSupport
import Testing

/// The program has no mpi.h: what it takes for granted is compared with what mpi.h says.
@Suite struct MPIHandleTests {
  private static let program = #"""
    #include <mpi.h>
    #include <stdint.h>
    #include <stdio.h>
    #define SAME(a, b) (void *)(a) == (void *)&b
    int main(void) {
      printf("%d%d%d%d%d %d %d %d %d\n", SAME(MPI_COMM_WORLD, ompi_mpi_comm_world),
             SAME(MPI_FLOAT, ompi_mpi_float), SAME(MPI_DOUBLE, ompi_mpi_double),
             SAME(MPI_BYTE, ompi_mpi_byte), SAME(MPI_SUM, ompi_mpi_op_sum),
             (int)(intptr_t)MPI_IN_PLACE, (int)(intptr_t)MPI_STATUS_IGNORE, MPI_THREAD_SERIALIZED,
             MPI_SUCCESS);
    }
    """#

  private static let isInstalled = access("/usr/bin/mpicc", X_OK) == 0

  @Test(.enabled(if: isInstalled, "needs mpicc: make deps-test installs it"))
  func handlesAreWhatTheHeaderSays() throws {
    let folder = ScratchFolder()
    folder.write(Array(Self.program.utf8), "handles.c")
    let binary = folder.path + "/handles"
    let pipe = try #require(popen("mpicc -w -o '\(binary)' '\(binary).c' && '\(binary)'", "r"))
    var line = [CChar](repeating: 0, count: 256)
    fgets(&line, 255, pipe)
    #expect(pclose(pipe) == 0)
    let said = line.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    #expect(
      said == "11111 \(martlet_mpi_in_place()) \(martlet_mpi_no_status()) "
        + "\(martlet_mpi_serialized()) 0\n")
  }

  @Test(.enabled(if: isInstalled, "needs Open MPI: make deps-test installs it"))
  func theLibraryIsFoundAndNamed() {
    #expect(martlet_mpi_load() == nil)
    #expect(String(cString: martlet_mpi_version()).hasPrefix("Open MPI v"))
    for object in 0..<MARTLET_MPI_OBJECT_COUNT {
      #expect(martlet_mpi_object(Int32(object)) != nil)
    }
  }
}
