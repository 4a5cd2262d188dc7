public import Telemetry

/// What operators see of a process's memory, whatever its role.
public enum ProcessMetrics {
  /// Registers the gauges; they are measured when they are asked for.
  public static func register(_ metrics: Metrics) {
    metrics.gauge(
      "process_resident_memory_bytes", help: "Memory of the process that is really there."
    ) { Double(ProcessMemory.residentByteCount) }
    metrics.gauge(
      "martlet_heap_used_bytes", help: "Memory of the heap that is in use."
    ) { Double(ProcessMemory.usedHeapByteCount) }
    metrics.gauge(
      "martlet_heap_held_bytes", help: "Memory that the allocator has from the system, used or not."
    ) { Double(ProcessMemory.heldHeapByteCount) }
  }
}
