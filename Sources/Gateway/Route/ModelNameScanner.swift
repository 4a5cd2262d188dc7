/// Finds one string field of a protobuf message while its bytes pass by, whatever the pieces they
/// come in, and watches the rest of the message for a second occurrence.
///
/// Readers of protobuf take the *last* occurrence of a field. A gateway that authorised the first
/// and let a second pass would authorise a model that is not the one served, so a second is an
/// error here. Only top-level fields are looked at; the bytes of others are counted, not read, apart
/// from the entries of `parameters` where the request's sequence is wanted too.
struct ModelNameScanner {
  enum Progress {
    case more
    /// The name is complete: see ``name``. Returned once per message.
    case found
    /// Readable, and nothing that may be served.
    case malformed(StaticString)
    /// Not protobuf.
    case undecodable(StaticString)
  }

  static let nameByteCountMax = 1_024

  private enum State {
    case tag, varint, length
    case skip(Int)
    case name(Int)
    case entry(Int)
  }

  private var field: UInt64
  private var state = State.tag
  private var value: UInt64 = 0
  private var shift: UInt64 = 0
  private var number: UInt64 = 0

  /// The name, once found; empty when a whole message had none.
  private(set) var name: [UInt8] = []
  private(set) var isFound = false

  private var findsSequence = false
  private var entry: [UInt8] = []
  /// The request's sequence, hashed; nil as far as none was seen.
  private(set) var sequence: UInt64?
  /// A field has begun that comes after the parameters.
  private(set) var isPastParameters = false

  init(field: Int) {
    precondition(field > 0, "expected a field number, got \(field)")
    self.field = UInt64(field)
    name.reserveCapacity(64)
  }

  /// Starts on messages that have the name in another field; keeps the memory.
  mutating func begin(field: Int) {
    self.field = UInt64(field)
    reset()
  }

  /// Starts a new message; keeps the memory.
  mutating func reset(findsSequence: Bool = false) {
    self.findsSequence = findsSequence
    sequence = nil
    isPastParameters = false
    state = .tag
    value = 0
    shift = 0
    name.removeAll(keepingCapacity: true)
    isFound = false
  }

  /// Takes the next bytes of the message.
  mutating func scan(_ bytes: UnsafeRawBufferPointer) -> Progress {
    var index = 0
    var wasFound = false
    while index < bytes.count {
      switch state {
      case .skip(let remaining):
        let count = min(remaining, bytes.count - index)
        index += count
        state = count == remaining ? .tag : .skip(remaining - count)
      case .name(let remaining):
        let count = min(remaining, bytes.count - index)
        name.append(contentsOf: UnsafeRawBufferPointer(rebasing: bytes[index..<index + count]))
        index += count
        if count == remaining {
          isFound = true
          wasFound = true
          state = .tag
        } else {
          state = .name(remaining - count)
        }
      case .entry(let remaining):
        let count = min(remaining, bytes.count - index)
        entry.append(contentsOf: UnsafeRawBufferPointer(rebasing: bytes[index..<index + count]))
        index += count
        if count == remaining {
          if let hash = SequenceEntry.hash(entry) { sequence = hash }
          state = .tag
        } else {
          state = .entry(remaining - count)
        }
      case .tag, .varint, .length:
        let byte = bytes[index]
        index += 1
        if shift == 63, byte > 1 { return .undecodable("a varint has more than 64 bits") }
        value |= UInt64(byte & 0x7F) << shift
        if byte >= 0x80 {
          shift += 7
          continue
        }
        let complete = value
        value = 0
        shift = 0
        if let problem = take(complete) { return problem }
        if case .name(0) = state {
          isFound = true
          wasFound = true
          state = .tag
        }
      }
    }
    return wasFound ? .found : .more
  }

  /// To be called at the end of the message: nil, or what is wrong.
  func finish() -> StaticString? {
    if case .tag = state, shift == 0, value == 0 { return nil }
    return "the message ends inside a field"
  }

  /// Acts on a complete varint.
  private mutating func take(_ complete: UInt64) -> Progress? {
    switch state {
    case .tag:
      number = complete >> 3
      guard number > 0, number <= 0x1FFF_FFFF else {
        return .undecodable("a field's number is out of range")
      }
      if number > SequenceEntry.field { isPastParameters = true }
      switch complete & 7 {
      case 0: state = .varint
      case 1: state = .skip(8)
      case 2: state = .length
      case 5: state = .skip(4)
      default: return .undecodable("a field has a wire type that proto3 does not use")
      }
      if number == field, complete & 7 != 2 {
        return .malformed("the model's name is not a string")
      }
      if number == field, isFound { return .malformed("the model's name occurs twice") }
    case .length:
      guard complete <= UInt64(UInt32.max) else {
        return .undecodable("a field is longer than 4 GiB")
      }
      if number == field {
        guard complete <= UInt64(Self.nameByteCountMax) else {
          return .malformed("the model's name is too long")
        }
        state = .name(Int(complete))
      } else if findsSequence, number == SequenceEntry.field, complete > 0,
        complete <= UInt64(SequenceEntry.byteCountMax)
      {
        entry.removeAll(keepingCapacity: true)
        state = .entry(Int(complete))
      } else {
        state = complete == 0 ? .tag : .skip(Int(complete))
      }
    case .varint: state = .tag
    case .skip, .name, .entry: break
    }
    return nil
  }
}
