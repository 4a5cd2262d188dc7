internal import CKernels

/// The memory of keys and values of all sequences: pages of 16 positions, each with every layer and
/// head, in half precision. Which page belongs to which sequence is the caller's knowledge.
///
/// A page lies in one piece, [layer][head][keys [size][16], values [16][size]], so that copying one is
/// one copy. Memory that was never written takes no room.
public final class KeyValuePages: Sendable {
  /// Positions of a page.
  public static let positionCount = Int(CK_PAGE)
  /// The largest size of a head; every size is a multiple of 16.
  public static let headSizeMax = Int(CK_HEAD_SIZE_MAX)

  /// Pages, layers, heads of keys (and of values) in a layer, elements of a head.
  public let pageCount, layerCount, headCount, headSize: Int
  /// Bytes of one page.
  public var pageByteCount: Int { pageStride * MemoryLayout<UInt16>.stride }

  // Written by the one caller that runs a step; a page is not read while it is written.
  nonisolated(unsafe) private let memory: UnsafeMutablePointer<UInt16>
  private let pageStride: Int

  /// Pages of zeros.
  ///
  /// - Precondition: `headSize` is a multiple of 16, at most ``headSizeMax``.
  public init(pageCount: Int, layerCount: Int, headCount: Int, headSize: Int) {
    precondition(headSize % 16 == 0 && headSize > 0 && headSize <= Self.headSizeMax)
    (self.pageCount, self.layerCount) = (pageCount, layerCount)
    (self.headCount, self.headSize) = (headCount, headSize)
    pageStride = Self.elementCount(layerCount, headCount, headSize)
    let bytes = pageCount * pageStride * MemoryLayout<UInt16>.stride
    guard let memory = ck_allocate_zeros(bytes) else {
      preconditionFailure("out of memory: \(bytes) bytes of keys and values")
    }
    self.memory = memory.bindMemory(to: UInt16.self, capacity: pageCount * pageStride)
  }

  deinit { ck_free(memory, pageCount * pageByteCount) }

  /// Bytes one page of a model takes.
  public static func pageByteCount(layerCount: Int, headCount: Int, headSize: Int) -> Int {
    elementCount(layerCount, headCount, headSize) * MemoryLayout<UInt16>.stride
  }

  private static func elementCount(_ layers: Int, _ heads: Int, _ size: Int) -> Int {
    layers * heads * size * positionCount * 2
  }

  /// Writes one position's keys and values, [heads, size] each.
  public func store(
    _ keys: UnsafePointer<Float>, _ values: UnsafePointer<Float>, layer: Int, page: Int32,
    place: Int, kernels: Kernels = .active
  ) {
    for head in 0..<headCount {
      let at = keysOf(layer: layer, head: head) + Int(page) * pageStride
      kernels.table.pointee.storePosition(
        at, at + valueOffset, place, keys + head * headSize, values + head * headSize, headSize)
    }
  }

  /// Copies what one page holds into another.
  public func copy(page source: Int32, to destination: Int32) {
    (memory + Int(destination) * pageStride)
      .update(from: memory + Int(source) * pageStride, count: pageStride)
  }

  /// A head's keys in page 0.
  func keysOf(layer: Int, head: Int) -> UnsafeMutablePointer<UInt16> {
    memory + (layer * headCount + head) * headSize * Self.positionCount * 2
  }
  var valueOffset: Int { headSize * Self.positionCount }
  var elementsPerPage: Int { pageStride }
}
