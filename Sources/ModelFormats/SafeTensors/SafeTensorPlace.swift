internal import Compute
internal import JSON

extension SafeTensor {
  /// What a header says about a tensor: nothing of it is known to be in the file.
  struct Place {
    let name: String
    let type: SafeTensorType
    let shape: [Int]
    /// The bytes, counted from the end of the header.
    let begin, end: Int

    /// Reads one member of a header.
    init(_ member: JSONValue.Member, _ limits: SafeTensorsLimits) throws(SafeTensorsError) {
      name = member.name
      guard !name.isEmpty else {
        throw SafeTensorsError(.malformed, "expected a tensor's name, got none")
      }
      guard case .object(let members) = member.value else {
        throw SafeTensorsError(
          .malformed,
          "expected an object with dtype, shape and data_offsets, got \(member.value.kind)")
      }
      for part in members where !["dtype", "shape", "data_offsets"].contains(part.name) {
        throw SafeTensorsError(
          .malformed, "expected dtype, shape and data_offsets, got '\(part.name.prefix(40))'")
      }
      type = try Self.type(member.value["dtype"])
      shape = try Self.numbers(member.value["shape"], "shape", limits.dimensionCountMax)
      let offsets = try Self.numbers(member.value["data_offsets"], "data_offsets", 2)
      guard offsets.count == 2, offsets[0] <= offsets[1] else {
        throw SafeTensorsError(
          .malformed, "expected data_offsets of a begin and an end behind it, got \(offsets)")
      }
      (begin, end) = (offsets[0], offsets[1])
    }

    private static func type(_ value: JSONValue?) throws(SafeTensorsError) -> SafeTensorType {
      guard case .string(let text)? = value else {
        throw SafeTensorsError(
          .malformed, "expected a dtype that is a text, got \(value?.kind ?? "none")")
      }
      guard let type = SafeTensorType(rawValue: text) else {
        throw SafeTensorsError(
          .unsupportedType,
          "expected a dtype among "
            + SafeTensorType.allCases.map(\.rawValue).joined(separator: ", ")
            + ", got '\(text.prefix(40))'")
      }
      return type
    }

    private static func numbers(
      _ value: JSONValue?, _ what: String, _ countMax: Int
    ) throws(SafeTensorsError) -> [Int] {
      guard case .array(let elements)? = value else {
        throw SafeTensorsError(
          .malformed, "expected a \(what) that is a list, got \(value?.kind ?? "none")")
      }
      guard elements.count <= countMax else {
        throw SafeTensorsError(
          .limitExceeded, "expected a \(what) of at most \(countMax) numbers, got \(elements.count)"
        )
      }
      var numbers: [Int] = []
      for element in elements {
        guard case .integer(let number) = element, number >= 0, let number = Int(exactly: number)
        else {
          throw SafeTensorsError(
            .malformed, "expected a \(what) of whole numbers from 0 on, got another value")
        }
        numbers.append(number)
      }
      return numbers
    }

    /// The tensor where it lies.
    func tensor(in data: UnsafeRawBufferPointer) throws(SafeTensorsError) -> SafeTensor {
      guard end <= data.count else {
        throw SafeTensorsError(
          .truncated,
          "expected bytes up to \(end) behind the header, the file has \(data.count) there")
      }
      guard let byteCount, byteCount == end - begin else {
        throw SafeTensorsError(
          .tensorMisplaced,
          "\(type.rawValue) with the shape \(shape) takes "
            + "\(byteCount.map(String.init) ?? "no whole or too large a number of") bytes, got "
            + "\(end - begin)")
      }
      return SafeTensor(
        name: name, type: type, shape: shape,
        bytes: UnsafeRawBufferPointer(rebasing: data[begin..<end]))
    }

    private var byteCount: Int? {
      guard let elements = Shape.elementCount(shape) else { return nil }
      let (bits, overflow) = elements.multipliedReportingOverflow(by: type.bitCount)
      return overflow || bits % 8 != 0 ? nil : bits / 8
    }
  }
}
