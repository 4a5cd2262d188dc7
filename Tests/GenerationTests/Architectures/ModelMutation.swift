/// Spoils a tiny model as a string of bytes says: what a fuzzer mutates is that string, not the
/// model's hundred kilobytes, of which nearly all are weights that may be anything.
struct ModelMutation {
  private static let models = TinyModel.names.map {
    (try? TinyModel.bytes($0)).map(EditableModel.init)
  }
  /// Kinds of changes.
  static let changeCount = 14
  /// Names of GGUF's numbers for types, with elements and bytes of their blocks.
  private static let types: [(type: UInt32, elements: UInt64, bytes: Int)] = [
    (0, 1, 4), (1, 1, 2), (30, 1, 2), (2, 32, 18), (3, 32, 20), (6, 32, 22), (7, 32, 24),
    (8, 32, 34), (20, 32, 18), (10, 256, 84), (11, 256, 110), (12, 256, 144), (13, 256, 176),
    (14, 256, 210), (16, 256, 66), (99, 1, 1),
  ]
  private static let sizes: [UInt64] = [
    0, 1, 2, 3, 15, 16, 17, 31, 32, 33, 47, 48, 64, 96, 128, 256, 271, 272, 273, 512, 1 << 16,
    1 << 20, 1 << 31, 1 << 32, 1 << 62, .max,
  ]
  private static let texts = ["", " ", "\u{2581}", "<0x41>", "th", "ß", "🦆", "<s>", "</s>", "a b"]
  /// Bytes that a changed tensor has at most; a larger one stays shorter than it says.
  private static let byteCountMax = 1 << 20

  private var bytes: ArraySlice<UInt8>
  private(set) var model = EditableModel()
  /// What is flipped in the whole file at last.
  private var flips: [(place: Int, bit: UInt8)] = []

  init(_ bytes: [UInt8]) {
    self.bytes = bytes[...]
    guard let model = Self.models[next(below: Self.models.count)] else { return }
    self.model = model
    for _ in 0..<8 where !self.bytes.isEmpty { change() }
  }

  var file: [UInt8] {
    var file = model.file
    for flip in flips where !file.isEmpty { file[flip.place % file.count] ^= 1 << flip.bit }
    return file
  }

  private mutating func next(below limit: Int) -> Int {
    guard limit > 1, let first = bytes.popFirst() else { return 0 }
    return limit > 256
      ? (Int(first) << 8 | Int(bytes.popFirst() ?? 0)) % limit : Int(first) % limit
  }

  private mutating func change() {
    let change = next(below: Self.changeCount)
    if change < 6 { changeValue(change) } else if !model.tensors.isEmpty { changeTensor(change) }
  }

  private mutating func changeValue(_ change: Int) {
    guard !model.values.isEmpty else { return }
    let index = next(below: model.values.count)
    let value = model.values[index]
    switch change {
    case 0: model.set(value.key, type: 4, EditableModel.bytes(UInt32(truncatingIfNeeded: size())))
    case 1: setAny(value.key)
    case 2: model.values.remove(at: index)
    case 3:
      // Another kind of model with the same numbers.
      let old = model.architecture
      let new = EditableModel.architectures[next(below: EditableModel.architectures.count)]
      for index in model.values.indices where model.values[index].key.hasPrefix(old + ".") {
        model.values[index].key = new + model.values[index].key.dropFirst(old.count)
      }
      model.set("general.architecture", new)
    case 4:
      // What another model says there.
      let other = Self.models[next(below: Self.models.count)]?.values ?? []
      guard !other.isEmpty else { return }
      let taken = other[next(below: other.count)]
      model.set(taken.key, type: taken.type, taken.bytes)
    default:
      let key = ["tokens", "merges"][next(below: 2)]
      let count = [0, 1, 271, 272, 273, 600][next(below: 6)]
      let text = Self.texts[next(below: Self.texts.count)]
      model.set("tokenizer.ggml." + key, (0..<count).map { $0 % 3 == 0 ? text : "\(text)\($0)" })
    }
  }

  private mutating func size() -> UInt64 { Self.sizes[next(below: Self.sizes.count)] }

  private mutating func setAny(_ key: String) {
    let reals: [Float] = [0, -0.0, .nan, .infinity, -1, 1e-38, 3e38, 1e30, 1e-30, 0.5]
    switch next(below: 8) {
    case 0: model.set(key, size())
    case 1: model.set(key, [-1, .min, .max][next(below: 3)] as Int32)
    case 2: model.set(key, reals[next(below: reals.count)])
    case 3: model.set(key, type: 12, EditableModel.bytes(1e308.bitPattern))
    case 4: model.set(key, type: 7, [UInt8(next(below: 2))])
    case 5: model.set(key, Self.texts[next(below: Self.texts.count)])
    case 6: model.set(key, type: 9, EditableModel.bytes(UInt32(4)) + EditableModel.bytes(size()))
    default:
      let number = EditableModel.bytes(UInt32(truncatingIfNeeded: size()))
      model.set(key, type: 9, [4, 0, 0, 0] + EditableModel.bytes(UInt64(1)) + number)
    }
  }

  private mutating func changeTensor(_ change: Int) {
    let index = next(below: model.tensors.count)
    switch change {
    case 6: model.tensors.remove(at: index)
    case 7: model.tensors[index].name = model.tensors[next(below: model.tensors.count)].name
    case 8:
      let dimension = next(below: model.tensors[index].sizes.count)
      model.tensors[index].sizes[dimension] = size()
      fit(index)
    case 9:
      model.tensors[index].sizes.reverse()
    case 10:
      model.tensors[index].type = Self.types[next(below: Self.types.count)].type
      fit(index)
    case 11:
      // Bytes that are no numbers, or large ones.
      let byte = [0, 0xFF, 0x7F, 0x7C, 0x41][next(below: 5)] as UInt8
      let start = next(below: model.tensors[index].bytes.count)
      let count = min(1 << next(below: 16), model.tensors[index].bytes.count - start)
      for place in start..<start + max(0, count) { model.tensors[index].bytes[place] = byte }
    case 12: model.tensors[index].offset = size() / 32 * 32
    default:
      let place = next(below: 1 << 14)
      flips.append((place, UInt8(next(below: 8))))
    }
  }

  /// Gives a tensor as many bytes as it says.
  private mutating func fit(_ index: Int) {
    let tensor = model.tensors[index]
    guard let type = Self.types.first(where: { $0.type == tensor.type }) else { return }
    var count = UInt64(1)
    for size in tensor.sizes {
      let (product, overflow) = count.multipliedReportingOverflow(by: size)
      count = overflow ? .max : product
    }
    let wanted =
      Int(min(count / type.elements, UInt64(Self.byteCountMax / type.bytes))) * type.bytes
    var bytes = tensor.bytes
    while bytes.count < wanted, !bytes.isEmpty { bytes += bytes.prefix(wanted - bytes.count) }
    model.tensors[index].bytes = Array(bytes.prefix(wanted))
  }
}
