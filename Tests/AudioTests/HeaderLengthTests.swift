import TestSupport
import Testing

@testable import Audio

/// Lengths in headers: those that no writer can have known, those that are wrong, and those that are true.
struct HeaderLengthTests {
  /// From the file and through a pipe, in several pieces.
  private func everywhere(_ bytes: [UInt8], _ check: (Heard) -> Void) throws {
    check(try .file(bytes))
    for piece in [1, 7, 4_096] { check(try .pipe(bytes, piece: piece)) }
  }

  @Test(
    arguments: [
      0, 0x7FFF_0000, 0x7FFF_F000, 0x7FFF_FFDA, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_F000, 0xFFFF_FFDB, 0xFFFF_FFFF,
    ] as [UInt32])
  func whatNoWriterCanKnowMeansToTheEnd(size: UInt32) throws {
    let data = SoundBytes.chunk("data", SoundBytes.samples(values), claiming: size)
    for total in [size &+ 36, 36, 0, UInt32.max] {
      try everywhere(SoundBytes.riff(SoundBytes.format() + data, claiming: total)) {
        #expect($0.holds([read(values)]))
        #expect($0.errors.isEmpty && $0.notices.isEmpty)
      }
    }
  }

  /// CAF with 16 bits at 16 kHz, the highest byte first.
  private func coreAudio(claiming size: UInt64, behind: [UInt8] = [], kind: String = "lpcm") -> [UInt8] {
    let big = { (value: UInt32) in SoundBytes.big(value) }
    let description = SoundBytes.big((16_000 as Double).bitPattern) + Array(kind.utf8)
    let room = Array("free".utf8) + SoundBytes.big(UInt64(4_000)) + [UInt8](repeating: 0, count: 4_000)
    return Array("caff".utf8) + [0, 1, 0, 0] + Array("desc".utf8) + SoundBytes.big(UInt64(32)) + description + big(0)
      + big(2) + big(1) + big(1) + big(16) + room + Array("data".utf8) + SoundBytes.big(size) + big(0)
      + values.flatMap { SoundBytes.big($0) } + behind
  }

  @Test func aCAFThatWasNotClosedIsReadToItsEnd() throws {
    let length = UInt64(2 * values.count + 4)
    for size in [UInt64.max, 0, 4, length] {
      try everywhere(coreAudio(claiming: size)) {
        #expect($0.holds([read(values)]))
        #expect($0.parts.map(\.container) == ["CAF"] && $0.errors.isEmpty && $0.notices.isEmpty)
      }
    }
    let note = Array("info".utf8) + SoundBytes.big(UInt64(12)) + [0, 0, 0, 1] + Array("a\0b\0cde\0".utf8)
    try everywhere(coreAudio(claiming: length, behind: note)) {
      #expect($0.holds([read(values)]) && $0.errors.isEmpty && $0.notices.isEmpty)
    }
    try everywhere(coreAudio(claiming: length + 2_000)) {
      #expect($0.holds([read(values)]))
      #expect($0.errors == [.truncated("its header promises \(length + 1_996) bytes where \(length - 4) are")])
    }
    // One after another.
    try everywhere(coreAudio(claiming: .max) + coreAudio(claiming: length)) {
      #expect($0.holds([read(values), read(values)]) && $0.errors.isEmpty)
    }
  }

  @Test func aPackedCAFThatWasNotClosedIsNamed() throws {
    for size in [UInt64.max, 0] {
      for kind in ["alac", "aac ", "ima4"] {
        let bytes = coreAudio(claiming: size, kind: kind)
        let expected = AudioError.Reason.unfinished(format: "CAF packed with '\(kind)'")
        try everywhere(bytes) { #expect($0.errors == [expected]) }
      }
    }
  }

  @Test func samplesBeyondTheLengthAreReadAndTold() throws {
    // 32 bits were too few, or the recorder crashed after it had written a length for the first time.
    let data = SoundBytes.chunk("data", SoundBytes.samples(values), claiming: 400)
    try everywhere(SoundBytes.riff(SoundBytes.format() + data, claiming: 436)) {
      #expect($0.holds([read(values)]))
      #expect($0.errors.isEmpty)
      #expect($0.notices == ["its header tells 400 bytes of samples, but more follow; they are read"])
    }
  }

  @Test func whatIsMissingIsTold() throws {
    let data = SoundBytes.chunk("data", SoundBytes.samples(values), claiming: 9_000)
    try everywhere(SoundBytes.riff(SoundBytes.format() + data, claiming: 9_036)) {
      #expect($0.holds([read(values)]))
      #expect($0.errors == [.truncated("its header promises 9000 bytes where 6000 are")])
    }
  }

  @Test func chunksAndTagsBehindTheSamplesAreNoSamples() throws {
    let data = SoundBytes.chunk("data", SoundBytes.samples(values))
    let list = SoundBytes.chunk("LIST", Array("INFOISFT".utf8) + SoundBytes.little(UInt32(4)) + Array("Test".utf8))
    let odd = SoundBytes.chunk("note", [1, 2, 3]) + [0]
    let tag = Array("TAG".utf8) + [UInt8](repeating: 0x41, count: 125)
    for tail in [list, odd + list, list + tag, tag, [0, 0, 0]] {
      let inside = tail == tag || tail.count == 3 ? [] : tail
      let size = UInt32(36 + 6_000 + inside.count)
      for claimed in [size, 0, UInt32.max] where tail != tag && tail.count > 3 || claimed == size {
        try everywhere(SoundBytes.riff(SoundBytes.format() + data + tail, claiming: claimed)) {
          #expect($0.holds([read(values)]))
          #expect($0.errors.isEmpty && $0.notices.isEmpty)
        }
      }
    }
    // A chunk of odd length without its byte of filling, as some write it.
    let forgotten = SoundBytes.chunk("junk", [1, 2, 3]) + SoundBytes.format() + data
    try everywhere(SoundBytes.riff(forgotten)) { #expect($0.holds([read(values)])) }
  }

  @Test(arguments: ["RF64", "BW64"])
  func longFormsAreReadFromFileAndPipeAlike(name: String) throws {
    let list = SoundBytes.chunk("LIST", Array("INFO".utf8))
    for bytes in [
      SoundBytes.long(values, name: name, dataSize: nil),
      SoundBytes.long(values, name: name, dataSize: nil, behind: list),
      SoundBytes.long(values, name: name, dataSize: 0), SoundBytes.long(values, name: name, dataSize: .max),
      SoundBytes.riff(
        SoundBytes.format() + SoundBytes.chunk("data", SoundBytes.samples(values), claiming: .max), name: name,
        claiming: .max),
    ] {
      try everywhere(bytes) {
        #expect($0.holds([read(values)]))
        #expect($0.parts.first?.container == name)
        #expect($0.errors.isEmpty && $0.notices.isEmpty)
      }
    }
    try everywhere(SoundBytes.long(values, name: name, dataSize: 8_000)) {
      #expect($0.errors == [.truncated("its header promises 8000 bytes where 6000 are")])
    }
  }

  @Test func otherContainersKeepToTheSameRules() throws {
    for size in [nil, 0, 6_000, 1_000] as [UInt32?] {
      try everywhere(SoundBytes.au(values, claiming: size)) {
        #expect($0.holds([read(values)]))
        #expect($0.errors.isEmpty)
        #expect($0.notices.count == (size == 1_000 ? 1 : 0))
      }
    }
    for size in [nil, 0, 0x7F00_0008, UInt32.max, 1_008] {
      try everywhere(SoundBytes.aiff(values, claiming: size)) {
        #expect($0.holds([read(values)]))
        #expect($0.errors.isEmpty)
        #expect($0.notices.count == (size == 1_008 ? 1 : 0))
      }
    }
    try everywhere(SoundBytes.aiff(values, formatLast: true)) { #expect($0.holds([read(values)])) }
  }

  @Test func aLengthThatMayStillGrowIsNotBelieved() throws {
    // The header of a file that is being written says how much there was when it was last mended.
    let data = SoundBytes.chunk("data", SoundBytes.samples(values), claiming: 400)
    let bytes = SoundBytes.riff(SoundBytes.format() + data, claiming: 436)
    let heard = try Heard.file(bytes, isGrowing: true)
    #expect(heard.holds([read(values)]))
    #expect(heard.notices.isEmpty)
  }

  @Test func noSampleAtAllIsAFault() throws {
    for bytes in [
      SoundBytes.riff(SoundBytes.format() + SoundBytes.chunk("data", [])), SoundBytes.au([], claiming: 0),
      SoundBytes.aiff([]),
    ] {
      try everywhere(bytes) { #expect($0.errors == [.noSamples]) }
    }
    try everywhere(SoundBytes.riff(SoundBytes.format())) {
      #expect($0.errors == [.unrecognised("it ends before its samples")])
    }
    try everywhere(SoundBytes.riff(SoundBytes.chunk("data", SoundBytes.samples(values)))) {
      #expect($0.errors == [.unrecognised("its header does not say what its samples are")])
    }
  }
}
