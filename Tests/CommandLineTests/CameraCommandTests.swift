import TestSupport
import Testing

/// Cameras of another size than the model's, and filters, at the command line.
struct CameraCommandTests {
  private let bench: Bench

  init() throws {
    bench = try Bench()
    try bench.put("big.bin", TestModels.bar(width: 100))
  }

  private func lines(_ command: String) throws -> (results: [String], told: [String]) {
    let outcome = try bench.shell(command)
    #expect(outcome.code == 0, "\(outcome.errors)")
    return (outcome.lines, outcome.errorLines.filter { !$0.contains("N-MNIST") })
  }

  @Test func whatIsDoneToAPictureIsPrinted() throws {
    let run = "ganglion run -m events.safetensors --sensor 100x100"
    let (results, told) = try lines("\(run) --filter polarity=off --fit crop --turn 90 --mirror big.bin")
    #expect(results.count == 2)
    #expect(
      told == [
        "ganglion: big.bin: a sensor of 100x100, turned by 90 degrees, mirrored, scaled to 16x16, 39.06 pixels to one, "
          + "at 0,0 of the model's 16x16",
        "ganglion: big.bin: filter polarity=off took out 3000 of 6000 events",
      ])
    let pipe = try lines("\(run) --filter polarity=off --fit crop --turn 90 --mirror - < big.bin")
    #expect(
      pipe.results.map { $0.replacing("\"stdin\"", with: "") } == results.map { $0.replacing("\"big.bin\"", with: "") })
  }

  @Test func infoSaysWhatAFilterWouldTakeOutAndHowAPictureIsFitted() throws {
    let (recording, _) = try lines("ganglion info --sensor 100x100 big.bin --filter mask=0,0,50,100 --filter flicker")
    #expect(recording.suffix(2).first == "filter mask=0,0,50,100 took out 3000 of 6000 events")
    #expect(recording.last == "filter flicker=90..135,5 took out 0 of 3000 events")
    let (_, told) = try lines("ganglion info events.safetensors --sensor 100x100 --on big.bin --fit region=0,0,64,64")
    #expect(told.count == 1 && told[0].contains("of which 64x64 at 0,0, scaled to 16x16, 16.00 pixels"), "\(told)")
  }

  @Test(arguments: [
    ("run -m events.safetensors --sensor 100x100 --fit none big.bin", 65, "the model expects 16x16"),
    ("run -m events.safetensors --fit letterbox big.bin", 64, "scale, crop, region=X,Y,WIDTH,HEIGHT, follow or none"),
    ("run -m events.safetensors --turn 45 big.bin", 64, "0, 90, 180 or 270"),
    ("run -m events.safetensors --filter blur big.bin", 64, "no such filter"),
    ("run -m sound.safetensors --fit crop tones.wav", 64, "listens to sound"),
    ("run -m events.safetensors --filter time=9000000.. bar.bin", 65, "no event lies in time=9000000.."),
    ("info --filter flicker --sensor 100x100 - < big.bin", 64, "a second time"),
  ])
  func whatCannotBeIsRefused(command: String, code: Int, part: String) throws {
    let outcome = try bench.shell("ganglion \(command)")
    #expect(outcome.code == Int32(code) && outcome.errors.contains(part), "\(outcome.errors)")
  }
}
