import Audio
import EventFormats
import Events
import StreamSources
import Testing

@Suite struct RecordingOptionsTests {
  /// A value of each setting, and one that is refused.
  private static let values: [(setting: RecordingOptions.Setting, right: String, wrong: String)] = [
    (.inputFormat, "evt3", "evt9"), (.sensor, "346x260", "346"), (.aedat2Layout, "davis346", "davis1"),
    (.csvColumns, "3,0,1,2", "0,1,1,2"), (.timeUnit, "ns", "hours"), (.group, "left/events", ""),
    (.stream, "/dvs/events", ""), (.sample, "7", "-1"),
    (.filters, "hot-pixels=5 flicker mask=0,0,4,4", "blur=3"), (.fit, "region=1,2,30,40", "letterbox"),
    (.turn, "270", "45"), (.mirror, "true", "yes"), (.raw, "s24le:48000:2", "s7:1"), (.channel, "5", "64"),
    (.gain, "-6.5", "nan"),
  ]

  @Test func everySettingIsTakenAndToldAgain() {
    #expect(Self.values.map(\.setting) == RecordingOptions.Setting.allCases)
    for (setting, right, wrong) in Self.values {
      var options = RecordingOptions()
      #expect(options.text(of: setting) == nil)
      let isTaken = options.set(setting, to: right)
      #expect(isTaken, "\(setting)")
      #expect(options.text(of: setting) == right)
      #expect(options != RecordingOptions())
      let before = options
      let isRefused = !options.set(setting, to: wrong)
      #expect(isRefused, "\(setting) takes \(wrong)")
      #expect(options == before)
    }
  }

  @Test func settingsReachTheReaders() {
    var options = RecordingOptions()
    for (setting, right, _) in Self.values { _ = options.set(setting, to: right) }
    #expect(options.events.format == .evt3)
    #expect(options.events.geometry == SensorGeometry(width: 346, height: 260))
    #expect(options.events.csv.timeColumn == 3 && options.events.csv.polarityColumn == 2)
    #expect(options.events.csv.xColumn == 0 && options.events.csv.yColumn == 1)
    #expect(options.events.timeUnit == .nanoseconds && options.events.sample == 7)
    #expect(options.events.group == "left/events" && options.events.stream == "/dvs/events")
    #expect(options.filters == ["hot-pixels=5", "flicker", "mask=0,0,4,4"])
    let region = PixelRectangle(x: 1, y: 2, width: 30, height: 40)
    #expect(options.fit == SensorFit(.region(region), turn: .threeQuarters, isMirrored: true))
    #expect(RecordingOptions().fit == SensorFit())
    #expect(options.sound == SoundReadingOptions(raw: "s24le:48000:2", channel: 5, gain: -6.5))
  }

  @Test func theCallersSettingsComeBeforeTheRecipes() {
    var own = RecordingOptions()
    var recipe = RecordingOptions()
    _ = own.set(.timeUnit, to: "ms")
    _ = recipe.set(.timeUnit, to: "ns")
    _ = recipe.set(.gain, to: "12")
    // What is said is said, also where it is what would be done anyway.
    _ = own.set(.fit, to: "scale")
    _ = own.set(.mirror, to: "false")
    _ = recipe.set(.fit, to: "crop")
    _ = recipe.set(.mirror, to: "true")
    let made = own.completed(by: recipe)
    #expect(made.fit == SensorFit())
    #expect(made.events.timeUnit == .milliseconds)
    #expect(made.sound.gain == 12)
  }

  @Test func namesAreSpelledAsTheirPlacesSpellThem() {
    #expect(RecordingOptions.Setting.csvColumns.flag == "--csv-columns")
    #expect(RecordingOptions.Setting.aedat2Layout.key == "aedat2_layout")
    #expect(RecordingOptions.Setting(.layout) == .aedat2Layout)
    #expect(RecordingOptions.Setting(.origin) == nil)
  }

  @Test func guessesOfManyRecordingsAreToldOnce() {
    let notes = ReadingNotes()
    let unit = ReadingGuess(.timeUnit, "seconds", because: "times have a point")
    notes.add([unit, ReadingGuess(.columns, "t,x,y,p", because: "of their values")], of: "b.csv")
    notes.add([unit], of: "a.csv")
    notes.add([], of: "c.csv")
    #expect(
      notes.lines == [
        "2 recordings (a.csv …): time unit taken as seconds: times have a point",
        "b.csv: columns taken as t,x,y,p: of their values",
      ])
  }
}
