/// A function of one byte, said by its 256 values: what stands between a dequantised and a quantised
/// value and looks at one number at a time. The table is made of what it replaces, so it answers the same.
struct ByteTableOperator: Operator {
  static let opType = "ByteTable"

  private let table: [UInt8]
  private let type: DataType

  init(_ context: OperatorContext) throws(GraphError) {
    guard let tensor = try context.tensor("table"), tensor.elementCount == 256,
      QuantizedConstants.bytes.contains(tensor.dataType)
    else {
      throw GraphError(
        code: .invalidAttribute, message: "\(Self.opType) needs a table of 256 bytes")
    }
    table = tensor.storage.withBytes { Array($0.prefix(256)) }
    type = tensor.dataType
  }

  var inPlaceInputs: [Int] { [0] }

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    [TensorType(type, try inputs.type(0, among: QuantizedConstants.bytes).shape)]
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let (input, output) = (try operands.input(0), try operands.output())
    let (source, target) = (input.pointer(UInt8.self), output.pointer(UInt8.self))
    let (count, table, threads) = (output.count, table, operands.threadPool)
    return {
      Parallel.rows(
        count, multipleOf: 64, cost: .elements(count, nanosecondsEach: 0.3), on: threads
      ) { part in
        table.withUnsafeBufferPointer { table in
          for index in part { target[index] = table[Int(source[index])] }
        }
      }
    }
  }

  static func register(in registry: inout OperatorRegistry) {
    registry.register(opType, domain: FusedAttribute.domain) { context throws(GraphError) in
      try ByteTableOperator(context)
    }
  }
}
