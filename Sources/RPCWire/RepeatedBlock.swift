internal import CNGHTTP2

/// The header block that an HTTP/2 session receives, with the verdict on its fields. Owned by the
/// session, which calls ``deallocate()``.
///
/// The messages of a connection begin alike, and fields that repeat come out of HPACK's table: the
/// library then hands the very same two buffers over, or at least the same name. So the beginning of
/// the last block stays where it is, with references to its buffers, lest their addresses become
/// another field's; a field that stands at the same place again costs two comparisons instead of a
/// copy and a check. The first one that differs takes the block back to where the messages part
/// (decision 157).
struct RepeatedBlock {
  /// What is known once some fields were read.
  struct Progress {
    var extent = InboundFields.Extent()
    var rules = MessageRules()
  }

  /// A field of the last block, and where the block stood behind it.
  private struct Remembered {
    let name: OpaquePointer
    let value: OpaquePointer
    let flags: UInt8
    let valueByteCount: Int
    let after: Progress
  }

  /// More fields than calls of gRPC have through a gateway.
  static let rememberedMax = 16
  /// Fields that end beyond are not remembered: the memory is each connection's.
  static let rememberedByteCountMax = 2048

  private var fields = InboundFields()
  private var section = MessageRules.Section.request
  /// Checks of the fields so far; valid behind ``complete()``.
  private(set) var rules = MessageRules()
  private var remembered: UnsafeMutablePointer<Remembered>?
  private var rememberedCount = 0
  /// Of the block that is coming in: how many fields equalled the remembered ones.
  private var repeatedCount = 0
  private var isRepeating = false
  /// Counts the blocks that were not the last one again.
  private var version: UInt64 = 0

  /// The fields; valid behind ``complete()`` until the next change.
  var block: HeaderBlock {
    var block = fields.block
    block.version = version
    return block
  }
  /// See ``InboundFields/listByteCount``.
  var listByteCount: Int { fields.listByteCount }

  /// Starts a new block.
  @inline(__always)
  mutating func begin(_ section: MessageRules.Section) {
    if section != self.section || fields.isLarge {
      forget(from: 0)
      self.section = section
    }
    repeatedCount = 0
    isRepeating = true
  }

  /// Whether a field is the one that stood at its place in the last block: then that is all.
  @inline(__always)
  mutating func repeats(_ name: OpaquePointer, _ value: OpaquePointer, _ flags: UInt8) -> Bool {
    guard isRepeating else { return false }
    if repeatedCount < rememberedCount {
      let known = remembered.unsafelyUnwrapped + repeatedCount
      if known.pointee.name == name, known.pointee.flags == flags,
        known.pointee.value == value || hasValue(known, value)
      {
        repeatedCount += 1
        return true
      }
    }
    part()
    return false
  }

  /// Many clients index neither paths nor lengths: the same text in a buffer of its own.
  @inline(__always)
  private func hasValue(
    _ known: UnsafeMutablePointer<Remembered>, _ value: OpaquePointer
  ) -> Bool {
    let value = nghttp2_rcbuf_get_buf(value)
    return value.len == known.pointee.valueByteCount
      && fields.equal(value.base, value.len, before: known.pointee.after.extent)
  }

  /// All fields were read.
  @inline(__always)
  mutating func complete() {
    if isRepeating, repeatedCount == 0 || repeatedCount != fields.count { part() }
  }

  /// Takes the block back to the fields that are the same.
  @inline(never)
  private mutating func part() {
    isRepeating = false
    version += 1
    forget(from: repeatedCount)
    guard repeatedCount > 0, let remembered else {
      fields.removeAll()
      return rules.begin(section)
    }
    let progress = remembered[repeatedCount - 1].after
    fields.rewind(to: progress.extent)
    rules = progress.rules
  }

  /// Reads a field that repeats nothing. False, and the field is only counted, when the block is
  /// larger than allowed.
  @inline(__always)
  mutating func append(
    _ name: OpaquePointer, _ value: OpaquePointer, _ flags: UInt8, _ limits: HTTP2Limits
  ) -> Bool {
    let (nameBytes, valueBytes) = (nghttp2_rcbuf_get_buf(name), nghttp2_rcbuf_get_buf(value))
    fields.count(nameByteCount: nameBytes.len, valueByteCount: valueBytes.len)
    guard fields.listByteCount <= limits.headerListByteCountMax,
      fields.count < limits.headerFieldCountMax
    else { return false }
    let indexing: HeaderIndexing =
      flags & UInt8(NGHTTP2_NV_FLAG_NO_INDEX.rawValue) != 0 ? .never : .usual
    // Pseudo-fields come first, or the message is malformed.
    let field = fields.append(
      nameBytes.base, nameBytes.len, valueBytes.base, valueBytes.len, indexing: indexing)
    rules.check(field, nameBytes.len, valueBytes.len)
    if fields.count == rememberedCount + 1 { remember(name, value, flags, valueBytes.len) }
    return true
  }

  private mutating func remember(
    _ name: OpaquePointer, _ value: OpaquePointer, _ flags: UInt8, _ valueByteCount: Int
  ) {
    guard rememberedCount < Self.rememberedMax,
      fields.extent.byteCount <= Self.rememberedByteCountMax
    else { return }
    let remembered =
      self.remembered ?? UnsafeMutablePointer<Remembered>.allocate(capacity: Self.rememberedMax)
    self.remembered = remembered
    nghttp2_rcbuf_incref(name)
    nghttp2_rcbuf_incref(value)
    (remembered + rememberedCount).initialize(
      to: Remembered(
        name: name, value: value, flags: flags, valueByteCount: valueByteCount,
        after: Progress(extent: fields.extent, rules: rules)))
    rememberedCount += 1
  }

  private mutating func forget(from count: Int) {
    guard let remembered else { return }
    while rememberedCount > count {
      rememberedCount -= 1
      nghttp2_rcbuf_decref(remembered[rememberedCount].name)
      nghttp2_rcbuf_decref(remembered[rememberedCount].value)
    }
  }

  /// Frees the memory. Not while a block is coming in.
  mutating func deallocate() {
    forget(from: 0)
    remembered?.deallocate()
    remembered = nil
    fields.deallocate()
  }
}
