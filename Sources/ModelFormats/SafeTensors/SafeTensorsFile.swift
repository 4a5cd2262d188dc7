internal import Compute
internal import JSON

/// A safetensors file: the length of a header (8 bytes), the header in JSON, the tensors' bytes. It
/// is mapped, and checked completely when it is opened; elements are not looked at.
public final class SafeTensorsFile: Sendable {
  /// Texts that the file's writer left, as `format`.
  public let metadata: [String: String]
  /// Tensors by their names.
  public let tensors: [String: SafeTensor]
  private let mapping: FileMapping

  /// Maps a file.
  public convenience init(
    path: String, limits: SafeTensorsLimits = SafeTensorsLimits()
  ) throws(SafeTensorsError) {
    let mapping: FileMapping
    do throws(FileMapping.Failure) {
      mapping = try FileMapping(path: path, copiedByteCountMax: limits.copiedByteCountMax)
    } catch {
      throw SafeTensorsError(.unreadable, error.reason, at: SafeTensorsFile.name(path))
    }
    try self.init(mapping, limits)
  }

  /// Copies a file's bytes.
  public convenience init(
    bytes: [UInt8], limits: SafeTensorsLimits = SafeTensorsLimits()
  ) throws(SafeTensorsError) {
    try self.init(FileMapping(bytes), limits)
  }

  private init(_ mapping: FileMapping, _ limits: SafeTensorsLimits) throws(SafeTensorsError) {
    self.mapping = mapping
    var header = SafeTensorsHeader(mapping.bytes, limits)
    try header.read()
    (metadata, tensors) = (header.metadata, header.tensors)
  }

  /// A path's last part: errors hold no paths of this machine.
  private static func name(_ path: String) -> String {
    path.split(separator: "/").last.map(String.init) ?? path
  }
}

/// What comes before the tensors' data, on its way in.
private struct SafeTensorsHeader {
  private let file: UnsafeRawBufferPointer
  private let limits: SafeTensorsLimits
  private(set) var metadata: [String: String] = [:]
  private(set) var tensors: [String: SafeTensor] = [:]

  init(_ file: UnsafeRawBufferPointer, _ limits: SafeTensorsLimits) {
    (self.file, self.limits) = (file, limits)
  }

  mutating func read() throws(SafeTensorsError) {
    let length = try headerByteCount()
    let data = UnsafeRawBufferPointer(rebasing: file[(8 + length)...])
    var places: [SafeTensor.Place] = []
    for member in try members(Array(file[8..<8 + length])) {
      if member.name == "__metadata__" {
        try readMetadata(member.value)
        continue
      }
      do throws(SafeTensorsError) {
        guard places.count < limits.tensorCountMax else {
          throw SafeTensorsError(
            .limitExceeded, "expected at most \(limits.tensorCountMax) tensors, got more")
        }
        let place = try SafeTensor.Place(member, limits)
        guard tensors.updateValue(try place.tensor(in: data), forKey: place.name) == nil else {
          throw SafeTensorsError(.duplicateName, "expected each tensor once, got it twice")
        }
        places.append(place)
      } catch { throw error.at(member.name) }
    }
    try checkCoverage(places, byteCount: data.count)
  }

  private func headerByteCount() throws(SafeTensorsError) -> Int {
    guard file.count >= 8 else {
      throw SafeTensorsError(
        .truncated, "expected 8 bytes for the header's length, the file has \(file.count)")
    }
    let length = UInt64(littleEndian: file.loadUnaligned(as: UInt64.self))
    guard length <= UInt64(clamping: limits.headerByteCountMax) else {
      throw SafeTensorsError(
        .limitExceeded,
        "expected a header of at most \(limits.headerByteCountMax) bytes, got \(length)")
    }
    guard Int(length) <= file.count - 8 else {
      throw SafeTensorsError(
        .truncated, "expected a header of \(length) bytes, the file has \(file.count - 8) there")
    }
    return Int(length)
  }

  private func members(_ text: [UInt8]) throws(SafeTensorsError) -> [JSONValue.Member] {
    guard text.first == UInt8(ascii: "{") else {
      throw SafeTensorsError(
        .malformed, "expected a header that begins with '{', got another byte or none")
    }
    var json = JSONLimits()
    (json.depthMax, json.valuesMax) = (8, limits.headerValuesMax)
    let value: JSONValue
    do throws(JSONError) {
      value = try JSONParser(limits: json).parse(JSONText(text))
    } catch {
      let code: SafeTensorsError.Code =
        switch error.code {
        case .tooLarge: .limitExceeded
        case .duplicateName: .duplicateName
        default: .malformed
        }
      throw SafeTensorsError(code, "the header: \(error.message)")
    }
    guard case .object(let members) = value else {
      throw SafeTensorsError(.malformed, "expected a header that is an object, got \(value.kind)")
    }
    return members
  }

  private mutating func readMetadata(_ value: JSONValue) throws(SafeTensorsError) {
    guard case .object(let members) = value else {
      throw SafeTensorsError(
        .malformed, "expected an object of texts, got \(value.kind)", at: "__metadata__")
    }
    for member in members {
      guard case .string(let text) = member.value else {
        throw SafeTensorsError(
          .malformed, "expected texts, got \(member.value.kind)", at: "__metadata__")
      }
      metadata[member.name] = text
    }
  }

  /// Every byte behind the header belongs to one tensor: so says the format, lest anything hides
  /// between them.
  private func checkCoverage(
    _ places: [SafeTensor.Place], byteCount: Int
  ) throws(SafeTensorsError) {
    var end = 0
    for place in places.sorted(by: { ($0.begin, $0.end) < ($1.begin, $1.end) }) {
      guard place.begin == end else {
        throw SafeTensorsError(
          .tensorMisplaced,
          "expected bytes from \(end) on, where the tensor before it ends, got \(place.begin)",
          at: place.name)
      }
      end = place.end
    }
    guard end == byteCount else {
      throw SafeTensorsError(
        .tensorMisplaced,
        "expected the file to end where its last tensor does, at \(end) behind the header, got "
          + "\(byteCount) bytes")
    }
  }
}
