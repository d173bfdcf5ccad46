import EventFormats
import Events
import Testing

/// Which numbers stand for brighter and darker.
@Suite struct PolarityTests {
  private func read(_ polarities: String) throws -> Reading {
    let lines = polarities.split(separator: " ").enumerated().map { "\($0.offset),1,2,\($0.element)\n" }.joined()
    return try Reading(Array(("t,x,y,p\n" + lines).utf8), pieceSize: 4)
  }

  @Test(arguments: [
    ("1 0 1", [1, 0, 1], 0), ("1 -1 1", [1, 0, 1], 0), ("True False ON off", [1, 0, 1, 0], 0),
    ("1 255 1 255", [1, 0, 1, 0], 0),
    ("1 4294967295", [1, 0], 0), ("1.0 0.0 1e0", [1, 0, 1], 0),
    // Any third one is counted.
    ("1 0 2 0 -7 3", [1, 0, 1, 0, 0, 1], 3), ("0 1 -1 0 -1", [0, 1, 0, 0, 0], 2), ("-1 1 0", [0, 1, 0], 1),
  ])
  func textOf(polarities: String, expected: [UInt8], strange: Int64) throws {
    let reading = try read(polarities)
    #expect(reading.batch.polarities == expected)
    #expect(reading.accounting.violations[.unknownPolarity]?.count ?? 0 == strange)
  }

  @Test func aThirdOneIsNamedWithItsPlaceAndEndsAStrictReading() throws {
    let text = Array("t,x,y,p\n1,1,2,1\n2,1,2,0\n3,1,2,5\n4,1,2,1\n".utf8)
    #expect(try Reading(text).accounting.violations[.unknownPolarity] == .init(count: 1, firstByteOffset: 24))
    let strict = try Reading(text, options: .init(strictness: .stop))
    #expect(strict.batch.times == [1, 2] && strict.error?.byteOffset == 24)
  }

  /// Four columns of an NPZ file, polarities of some type.
  private func npz<Value: BitwiseCopyable>(_ type: String, _ polarities: [Value]) -> [UInt8] {
    let count = polarities.count
    func column(_ type: String, _ bytes: [UInt8]) -> [UInt8] { npyFile("'\(type)'", shape: "(\(count),)", bytes) }
    return zipFile([
      ("t.npy", column("<i8", bytes((0..<count).map { Int64($0) }))),
      ("x.npy", column("|u1", [UInt8](repeating: 3, count: count))),
      ("y.npy", column("|u1", [UInt8](repeating: 4, count: count))), ("p.npy", column(type, bytes(polarities))),
    ])
  }

  @Test func minusOneThatLostItsSignIsDarker() throws {
    for file in [
      npz("|u1", [1, 255, 255, 1] as [UInt8]), npz("<u2", [1, 65535, 65535, 1] as [UInt16]),
      npz("<u4", [1, .max, .max, 1] as [UInt32]), npz("<u8", [1, .max, .max, 1] as [UInt64]),
      npz("|i1", [1, -1, -1, 1] as [Int8]), npz("<f4", [1, -1, -1, 1] as [Float]),
    ] {
      let reading = try Reading(file)
      #expect(reading.batch.polarities == [1, 0, 0, 1])
      #expect(reading.accounting.violations.isEmpty)
    }
    #expect(try Reading(npz("|u1", [1, 255] as [UInt8])).guessed[.polarity] == "255 for darker")
    #expect(try Reading(npz("|i1", [1, -1] as [Int8])).guessed[.polarity] == nil)
  }

  @Test func anyThirdOneInAnArrayIsCounted() throws {
    // 255 is no more than strange where 0 stands for darker.
    let reading = try Reading(npz("|u1", [1, 0, 255, 1, 2, 0] as [UInt8]), maximum: 2)
    #expect(reading.batch.polarities == [1, 0, 0, 1, 1, 0])
    #expect(reading.accounting.violations[.unknownPolarity]?.count == 2)
    let other = try Reading(npz("|i1", [-1, 1, 0, -1] as [Int8]), maximum: 2)
    #expect(other.accounting.violations[.unknownPolarity]?.count == 1)
  }

  @Test func twoValuesOfWhichIsNotKnownWhichIsBrighterAreRefused() {
    #expect(refusal("t,x,y,p\n1,2,3,1\n2,2,3,2\n")?.subject == .polarity)
    #expect(refusal("t,x,y,p\n1,2,3,0\n2,2,3,-1\n")?.subject == .polarity)
    let array = refusal(npz("|u1", [0, 255, 0] as [UInt8]))
    #expect(array?.code == .ambiguous && array?.subject == .polarity)
    #expect(refusal("t,x,y,p\n1,2,3,255\n2,2,3,0\n")?.subject == .polarity)
    #expect(refusal("100000 2 3 255\n100001 2 3 0\n")?.subject == .polarity)
  }
}
