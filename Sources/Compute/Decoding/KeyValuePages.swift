internal import CKernels

/// The memory of keys and values of all sequences: pages of 16 positions, each with every layer and
/// head. Which page belongs to which sequence is the caller's knowledge.
///
/// A page lies in one piece, [layer][head][keys [size][16], values [16][size]], so that copying one is
/// one copy. Memory that was never written takes no room.
public final class KeyValuePages: Sendable {
  /// How keys and values are kept.
  public enum Precision: String, Sendable, CaseIterable {
    /// In half precision.
    case half
    /// As bytes, with a scale for each position of each head: little more than half of the memory.
    case bytes

    /// Bytes of one head's keys and values in a page.
    fileprivate func byteCount(headSize: Int) -> Int {
      let elements = 2 * headSize * positionCount
      return switch self {
      case .half: elements * MemoryLayout<UInt16>.stride
      case .bytes: elements + 2 * positionCount * MemoryLayout<Float>.stride
      }
    }
  }

  /// Positions of a page.
  public static let positionCount = Int(CK_PAGE)
  /// The largest size of a head; every size is a multiple of 16.
  public static let headSizeMax = Int(CK_HEAD_SIZE_MAX)

  /// Pages, layers, heads of keys (and of values) in a layer, elements of a head.
  public let pageCount, layerCount, headCount, headSize: Int
  /// How keys and values are kept.
  public let precision: Precision
  /// Bytes of one page.
  public let pageByteCount: Int

  // Written by the one caller that runs a step; a page is not read while it is written.
  nonisolated(unsafe) private let memory: UnsafeMutableRawPointer
  private let headByteCount: Int

  /// Pages of zeros.
  ///
  /// - Precondition: `headSize` is a multiple of 16, at most ``headSizeMax``.
  public init(
    pageCount: Int, layerCount: Int, headCount: Int, headSize: Int, precision: Precision = .half
  ) {
    precondition(headSize % 16 == 0 && headSize > 0 && headSize <= Self.headSizeMax)
    (self.pageCount, self.layerCount) = (pageCount, layerCount)
    (self.headCount, self.headSize) = (headCount, headSize)
    self.precision = precision
    headByteCount = precision.byteCount(headSize: headSize)
    pageByteCount = layerCount * headCount * headByteCount
    guard let memory = ck_allocate_zeros(pageCount * pageByteCount) else {
      preconditionFailure(
        "out of memory: \(pageCount * pageByteCount) bytes of keys and values")
    }
    self.memory = memory
  }

  deinit { ck_free(memory, pageCount * pageByteCount) }

  /// Bytes one page of a model takes.
  public static func pageByteCount(
    layerCount: Int, headCount: Int, headSize: Int, precision: Precision = .half
  ) -> Int {
    layerCount * headCount * precision.byteCount(headSize: headSize)
  }

  /// Writes one position's keys and values, [heads, size] each.
  public func store(
    _ keys: UnsafePointer<Float>, _ values: UnsafePointer<Float>, layer: Int, page: Int32,
    place: Int, kernels: Kernels = .active
  ) {
    for head in 0..<headCount {
      kernels.table.pointee.storePosition(
        keysOf(layer: layer, head: head) + Int(page) * pageByteCount, place,
        keys + head * headSize, values + head * headSize, headSize, precision == .bytes)
    }
  }

  /// Copies what one page holds into another.
  public func copy(page source: Int32, to destination: Int32) {
    (memory + Int(destination) * pageByteCount)
      .copyMemory(from: memory + Int(source) * pageByteCount, byteCount: pageByteCount)
  }

  /// A head's keys in page 0.
  func keysOf(layer: Int, head: Int) -> UnsafeMutableRawPointer {
    memory + (layer * headCount + head) * headByteCount
  }
}
