import Testing

@testable import RPCWire

@Suite struct HeaderListTests {
  private func pairs(_ list: HeaderList) -> [String] {
    var result: [String] = []
    list.withBlock { block in
      block.forEach { field in
        let name = String(decoding: field.name, as: UTF8.self)
        let value = String(decoding: field.value, as: UTF8.self)
        result.append("\(name)=\(value)\(field.indexing == .never ? "!" : "")")
      }
    }
    return result
  }

  @Test func copiesDoNotSeeLaterChanges() {
    var first = list(("a", "1"))
    let copy = first
    first.append("b", "2" as StaticString)
    var third = copy
    third.append("c", "" as StaticString)
    #expect(pairs(first) == ["a=1", "b=2"])
    #expect(pairs(copy) == ["a=1"])
    #expect(pairs(third) == ["a=1", "c="])
    first.removeAll()
    #expect(first.isEmpty && pairs(first).isEmpty)
    #expect(pairs(copy) == ["a=1"])
  }

  @Test func aMarkForgetsWhatCameLater() {
    var fields = list(("a", "1"))
    let mark = fields.mark
    for round in 0..<3 {
      fields.removeAll(after: mark)
      fields.append("round", "\(round)", indexing: .never)
    }
    #expect(pairs(fields) == ["a=1", "round=2!"])
    #expect(fields.count == 2)
  }

  @Test func fieldsOfABlockAreAddedAsTheyAre() {
    var secret = HeaderList()
    secret.append("authorization", "k", indexing: .never)
    var fields = HeaderList()
    secret.withBlock { $0.forEach { fields.append($0) } }
    fields.append(contentsOf: list(("x", "y")))
    #expect(pairs(fields) == ["authorization=k!", "x=y"])
  }

  @Test func listsAreEqualByTheirFields() {
    let empty = HeaderList()
    #expect(empty == HeaderList())
    #expect(list(("a", "1"), ("b", "2")) == list(("a", "1"), ("b", "2")))
    #expect(list(("a", "1")) != list(("a", "2")))
    #expect(list(("a", "1")).hashValue == list(("a", "1")).hashValue)
  }

  @Test func manyFieldsGrowTheMemory() {
    var fields = HeaderList()
    for index in 0..<1_000 { fields.append("n\(index)", String(repeating: "v", count: index)) }
    #expect(fields.count == 1_000)
    #expect(pairs(fields).last == "n999=\(String(repeating: "v", count: 999))")
  }
}
