import Compute
import ModelFormats
import Testing

@testable import Generation

@Suite struct FolderLogitsTests {
  /// Keys and values are stored in f16, everything else is computed in f32.
  @Test(arguments: FolderFixture.names) func logitsAreThoseOfTransformers(name: String) throws {
    let fixture = try FolderFixture(name)
    let decoder = try Decoder(try HuggingFaceFolder(path: fixture.path))
    for parts in [[24], [5, 1, 18], Array(repeating: 1, count: 24)] {
      let got = fixture.computed(decoder, parts: parts)
      #expect(difference(got, fixture.expected) < 2e-3, "\(name) in parts of \(parts)")
    }
  }

  @Test func hiddenStatesOfAnEncoderAreThoseOfTransformers() throws {
    let fixture = try FolderFixture("bert")
    let decoder = try Decoder(try HuggingFaceFolder(path: fixture.path))
    let got = fixture.computed(decoder, parts: [24], hidden: true)
    #expect(difference(got, fixture.expected) < 2e-3)
  }

  /// Eight bits a weight move logits by some per cent; gpt2's and phi3's joined and turned matrices
  /// must come out of the same rows.
  @Test(arguments: FolderFixture.names) func quantisedWeightsAreNearTheirs(name: String) throws {
    let fixture = try FolderFixture(name)
    let folder = try HuggingFaceFolder(path: fixture.path)
    let plain = try Decoder(folder)
    let quantised = try Decoder(folder, quantization: .q8_0)
    #expect(
      quantised.weights.layers.allSatisfy {
        $0.queryKeyValue.weights.matrices.allSatisfy { $0.format == .q8_0 }
      })
    #expect(quantised.byteCount < plain.byteCount)
    let got = fixture.computed(quantised, parts: [24])
    #expect(difference(got, fixture.expected) < 0.1, "\(name)")
    // Rows of 32 are no whole blocks of Q4_K.
    let other = try Decoder(folder, quantization: .q4_K)
    #expect(fixture.computed(other, parts: [24]) == got)
  }

  @Test func rowsOfWholeBlocksBecomeQ4K() {
    #expect(WeightQuantization.q4_K.format(of: "blk.0.ffn_up.weight", columns: 512) == .q4_K)
    #expect(WeightQuantization.q4_K.format(of: "blk.0.ffn_up.weight", columns: 576) == .q8_0)
    #expect(WeightQuantization.q4_K.format(of: "output.weight", columns: 512) == .q8_0)
    #expect(WeightQuantization.q4_K.format(of: "token_embd.weight", columns: 512) == .q8_0)
    #expect(WeightQuantization.q8_0.format(of: "blk.0.ffn_up.weight", columns: 512) == .q8_0)
    #expect(WeightQuantization.q8_0.format(of: "blk.0.ffn_up.weight", columns: 40) == nil)
  }
}
