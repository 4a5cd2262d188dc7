import TestSupport
import Testing

@testable import Generation

struct IndexedHeapTests {
  @Test func givesWhatASortedListGives() {
    var random = SplitMix64(state: 3)
    var heap = IndexedHeap<Int, Int>()
    var list: [Int: Int] = [:]
    for _ in 0..<5_000 {
      let element = Int.random(in: 0..<60, using: &random)
      switch Int.random(in: 0..<4, using: &random) {
      case 0, 1:
        let key = Int.random(in: 0..<1_000, using: &random) * 100 + element
        heap.set(element, key: key)
        list[element] = key
      case 2:
        heap.remove(element)
        list[element] = nil
      default:
        let least = list.min { $0.value < $1.value }
        #expect(heap.popFirst()?.element == least?.key)
        if let least { list[least.key] = nil }
      }
      #expect(heap.count == list.count)
      #expect(heap.contains(element) == (list[element] != nil))
      #expect(heap.first?.key == list.values.min())
    }
  }
}
