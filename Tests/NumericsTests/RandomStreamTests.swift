import Numerics
import Testing

/// The same seed gives the same training on every machine and in every version: its numbers must not change.
@Suite("Random numbers")
struct RandomStreamTests {
  @Test("The generator is SplitMix64, by its published sequences")
  func sequence() {
    var random = RandomStream(seed: 1_234_567)
    #expect(
      (0..<5).map { _ in random.next() } == [
        6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423, 4_593_380_528_125_082_431,
        16_408_922_859_458_223_821,
      ])
    var zero = RandomStream(seed: 0)
    #expect((0..<3).map { _ in zero.next() } == [0xe220_a839_7b1d_cdaf, 0x6e78_9e6a_a1b9_65f4, 0x06c4_5d18_8009_454f])
  }

  @Test("Purpose and index of a stream decide its numbers, and these stay")
  func purposes() {
    var order = RandomStream(seed: 7, purpose: "order", index: 3)
    #expect(
      (0..<3).map { _ in order.next() } == [
        10_305_853_415_048_531_494, 12_639_955_828_901_640_142, 10_486_924_006_844_939_190,
      ])
    var layer = RandomStream(seed: 7, purpose: "layer 0")
    #expect((0..<2).map { _ in layer.next() } == [13_231_132_679_298_389_224, 6_106_645_197_767_234_372])
    var negative = RandomStream(seed: 7, purpose: "order", index: -1)
    #expect(negative.next() == 2_177_388_834_471_544_506)
  }

  @Test("What is drawn from it stays too: uniform and normal numbers, whole ones, and the state that goes on")
  func drawn() throws {
    var uniform = RandomStream(seed: 42)
    #expect((0..<3).map { _ in uniform.uniform() } == [0.7415648787718233, 0.1599103928769201, 0.27860113025513866])
    var range = RandomStream(seed: 42)
    #expect(range.uniform(in: -1...1) == 0.4831297575436466)
    var whole = RandomStream(seed: 42)
    #expect((0..<12).map { _ in whole.integer(below: 10) } == [7, 1, 2, 3, 0, 8, 2, 8, 3, 6, 2, 4])
    var normal = RandomStream(seed: 42)
    #expect((0..<2).map { _ in normal.normal() } == [-0.8941334431933907, -0.46653479679367804])
    var going = RandomStream(seed: 42)
    going.state = whole.state
    #expect(going == whole && going.next() == whole.next())
  }

  @Test("Shuffles stay, down to how many numbers they take")
  func shuffle() {
    var order = RandomStream(seed: 1, purpose: "order")
    var numbers = Array(0..<12)
    order.shuffle(&numbers)
    #expect(numbers == [0, 2, 4, 1, 3, 11, 5, 6, 8, 10, 7, 9])
    var random = RandomStream(seed: 3)
    var few = Array("abcde")
    random.shuffle(&few)
    #expect(String(few) == "debca")
    #expect(random.state == 0x78dd_e6e5_fd29_f057)
    let before = random
    var one = [1]
    random.shuffle(&one)
    #expect(random == before)
  }

  @Test("Every order of four comes as often as every other")
  func unbiased() {
    var random = RandomStream(seed: 99)
    var counts: [[Int]: Int] = [:]
    for _ in 0..<24_000 {
      var order = [0, 1, 2, 3]
      random.shuffle(&order)
      counts[order, default: 0] += 1
    }
    #expect(counts.count == 24)
    // A thousand each, give or take four standard deviations.
    #expect(counts.values.allSatisfy { abs($0 - 1000) < 125 })
  }

  @Test("The same seed gives the same numbers, another purpose or index others")
  func seeds() {
    var first = RandomStream(seed: 7, purpose: "a")
    var again = RandomStream(seed: 7, purpose: "a")
    var other = RandomStream(seed: 7, purpose: "b")
    var next = RandomStream(seed: 7, purpose: "a", index: 1)
    let numbers = (0..<5).map { _ in first.next() }
    #expect(numbers == (0..<5).map { _ in again.next() })
    #expect(numbers != (0..<5).map { _ in other.next() })
    #expect(numbers != (0..<5).map { _ in next.next() })
  }

  @Test("Uniform and normal numbers have the moments they should")
  func moments() {
    var random = RandomStream(seed: 1)
    let count = 20_000
    let uniform = (0..<count).map { _ in random.uniform() }
    let normal = (0..<count).map { _ in random.normal() }
    #expect(uniform.allSatisfy { (0..<1).contains($0) })
    #expect(abs(uniform.reduce(0, +) / Double(count) - 0.5) < 0.01)
    #expect(abs(normal.reduce(0, +) / Double(count)) < 0.03)
    #expect(abs(normal.reduce(0) { $0 + $1 * $1 } / Double(count) - 1) < 0.05)
  }

  @Test("Shuffling keeps every element")
  func shuffling() {
    var random = RandomStream(seed: 3)
    var elements = Array(0..<100)
    random.shuffle(&elements)
    #expect(elements != Array(0..<100))
    #expect(elements.sorted() == Array(0..<100))
  }
}
