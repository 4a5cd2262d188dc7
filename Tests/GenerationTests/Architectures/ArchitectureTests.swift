import Compute
import Generation
import ModelFormats
import Testing

/// Every architecture beside Hugging Face transformers.
@Suite struct ArchitectureTests {
  /// Ours differs from transformers by the order of sums only once keys and values are rounded
  /// there as here: 1e-4 is some hundred units of float32's last place through the layers.
  @Test(arguments: TinyModel.names) func everyRowEqualsTransformers(name: String) throws {
    let model = try TinyModel(name)
    let rows = model.run(chunk: model.tokens.count)
    #expect(relativeDifference(rows, model.answers) < 1e-4)
    for place in model.tokens.indices {
      let range = place * model.width..<(place + 1) * model.width
      #expect(relativeDifference(rows[range], model.answers[range]) < 1e-4, "at \(place)")
    }
  }

  /// Keys and values in half precision alone change up to some 5e-4 in these models.
  @Test(arguments: TinyModel.names) func rowsAreNearTransformersInFloat32(name: String) throws {
    let model = try TinyModel(name)
    for precision in [BlockMatrix.Precision.float32, .wide] {
      let rows = model.run(chunk: model.tokens.count, precision: precision)
      for (index, place) in model.plainPlaces.enumerated() {
        let got = rows[Int(place) * model.width..<(Int(place) + 1) * model.width]
        let expected = model.plainAnswers[index * model.width..<(index + 1) * model.width]
        #expect(relativeDifference(got, expected) < 2e-3, "at \(place)")
      }
      for place in model.tokens.indices {
        let row = rows[place * model.width..<(place + 1) * model.width]
        #expect(likeliest(row) == model.plainLikely[place], "at \(place)")
      }
    }
  }

  /// Scales of 8 bits are off by at most a 254th of a head's largest element.
  @Test(arguments: TinyModel.names) func keysAndValuesInEightBitsAreNearHalves(name: String) throws
  {
    let model = try TinyModel(name)
    let rows = model.run(chunk: model.tokens.count, cachePrecision: .bytes)
    #expect(relativeDifference(rows, model.answers) < 3e-2)
  }

  @Test func anEncodersEmbeddingIsTheMeanOfItsRows() throws {
    let expected = try TinyModel("bert")
    let model = try LanguageModel(try GGUFFile(bytes: try TinyModel.bytes("bert")))
    var mean = [Float](repeating: 0, count: expected.width)
    for (index, value) in expected.answers.enumerated() { mean[index % expected.width] += value }
    let length = mean.reduce(0) { $0 + $1 * $1 }.squareRoot()
    var embedder = Embedder(model, threadCount: 1)
    let got = try embedder.embed(expected.tokens)
    #expect(relativeDifference(got, mean.map { $0 / length }) < 1e-4)
  }

  /// Sums in another order, which now and then round a key or a value to the other neighbour in half
  /// precision. An encoder's positions see what comes later, so it has no parts.
  @Test(arguments: TinyModel.names.filter { $0 != "bert" })
  func partsOfAPromptAndSingleTokensAnswerAsTheWhole(name: String) throws {
    let model = try TinyModel(name)
    let whole = model.run(chunk: model.tokens.count)
    #expect(relativeDifference(model.run(chunk: 7), whole) < 1e-4)
    #expect(relativeDifference(model.run(chunk: 1), whole) < 1e-4)
    #expect(relativeDifference(model.run(chunk: 16, threadCount: 2), whole) < 1e-4)
  }
}
