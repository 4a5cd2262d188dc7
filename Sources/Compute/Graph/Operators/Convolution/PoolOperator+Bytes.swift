internal import CKernels

/// MaxPool of 8-bit images in NHWC.
extension PoolOperator {
  func isBytes(_ type: DataType) -> Bool { type == .uint8 || type == .int8 }

  func bytesStep(_ input: Operand, _ operands: Operands) throws(GraphError) -> Step? {
    let shape = input.shape
    let axes = try axes([shape[0], shape[3], shape[1], shape[2]])
    var whole = ck_pool_bytes()
    whole.input = UnsafePointer(input.pointer(UInt8.self))
    whole.output = try operands.output().pointer(UInt8.self)
    whole.channels = shape[3]
    (whole.height, whole.width) = (axes[0].input, axes[1].input)
    (whole.outputHeight, whole.outputWidth) = (axes[0].output, axes[1].output)
    (whole.kernelHeight, whole.kernelWidth) = (axes[0].kernel, axes[1].kernel)
    (whole.strideHeight, whole.strideWidth) = (axes[0].stride, axes[1].stride)
    (whole.dilationHeight, whole.dilationWidth) = (axes[0].dilation, axes[1].dilation)
    (whole.padTop, whole.padLeft) = (axes[0].padBegin, axes[1].padBegin)
    whole.isSigned = input.dataType == .int8
    let (first, table) = (whole, Kernels.active.table)
    let (size, outputSize) = (
      first.height * first.width * first.channels,
      first.outputHeight * first.outputWidth * first.channels
    )
    return {
      for image in 0..<shape[0] {
        var call = first
        call.input = first.input + image * size
        call.output = first.output + image * outputSize
        table.pointee.maxPoolBytes(&call)
      }
    }
  }
}
