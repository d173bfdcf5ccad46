import ArgumentParser
import CommandSupport
import EventFormats
import Events
import StreamSources

/// Compressions of AEDAT 4 by the names people write.
enum CompressionName: String, ExpressibleByArgument, CaseIterable {
  case none, lz4
  case lz4High = "lz4-high"
  case zstd
  case zstdHigh = "zstd-high"

  var compression: AEDAT4Compression {
    switch self {
    case .none: .none
    case .lz4: .lz4
    case .lz4High: .lz4High
    case .zstd: .zstd
    case .zstdHigh: .zstdHigh
    }
  }
}

extension HDF5Layout: ExpressibleByArgument {}

/// `ganglion convert`: from one event format into another, through filters.
struct Convert: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Convert an event recording, through filters.",
    discussion: """
      Filters are applied in the order given, each as --filter NAME=VALUE; ganglion run, evaluate, learn, train and info \
      take them too, and sources of the daemon:

      \(EventFilterChain.help)

      The endings of outputs are .raw (EVT 3.0), .dat (DAT 2), .es, .aedat (AEDAT 2.0), .aedat4, .bin and .bs2 (five \
      bytes an event), .csv and .txt, .tsv (tabs), .npy, .npz, .h5 and .hdf5; other formats are named with --format.

      Recordings of ROS are read without ROS: bags of ROS 1 (.bag) and ROS 2 (.db3, .mcap, or the folder with \
      metadata.yaml); ganglion info lists their topics.

      What a format cannot hold is refused with the reason; nothing is rounded or dropped silently. The report on \
      standard error says what every filter took out, and what the recording held besides. Of a recording of several \
      cameras --stream names the one to convert.

      The output gets its name when all of it is written: a conversion that fails or is interrupted leaves what was \
      there before, and a recording can be converted into itself.

      \(ExitStatus.help)
      """)

  @Argument(help: "A recording, or - for standard input.")
  var input: String

  @Argument(help: "What is written, its format by its ending; - for standard output, with --format.")
  var output: String

  @Option(help: "Format of the output, instead of going by its ending.")
  var format: EventFormat?

  @Option(help: "A filter; repeat it for more.")
  var filter: [String] = []

  @Option(help: "Compression of AEDAT 4.")
  var compression: CompressionName = .lz4

  @Option(help: "How events lie in HDF5: one dataset a column, or records as Prophesee or tonic keep them.")
  var hdf5Layout: HDF5Layout = .columns

  @Option(
    name: .customLong("output-aedat2-layout"), help: "Address layout of AEDAT 1 and 2, instead of going by the sensor.")
  var outputLayout: AEDAT2Layout?

  @Flag(name: .customLong("evt21-legacy"), help: "Write EVT 2.1 with the halves of its words swapped.")
  var evt21IsLegacy = false

  @Flag(help: "Leave triggers out where the format cannot hold them.")
  var dropTriggers = false

  @Flag(name: .shortAndLong, help: "Report nothing on standard error.")
  var quiet = false

  @OptionGroup var reading: EventReportOptions

  func run() throws {
    if output == "-" { StandardOutput.shared.endWithReader() }
    let target =
      try format
      ?? EventFormat(fileName: output).orThrow(
        ValidationError("the ending of \(output) says no format: name it with --format"))
    let options = try reading.readingOptions()
    let counts = try countsForHotPixels(options)
    var reader = try openEventReader(path: input, options: options)
    var chain = EventFilterChain(geometry: reader.geometry)
    for description in filter { try chain.append(description, hotPixels: counts.map { .counted($0) } ?? .unknown) }
    var writing = EventWritingOptions(format: target, geometry: chain.geometry)
    writing.compression = compression.compression
    writing.hdf5Layout = hdf5Layout
    writing.aedat2Layout = outputLayout
    writing.evt21IsLegacy = evt21IsLegacy
    writing.separatesWithTabs = output.lowercased().hasSuffix(".tsv")
    writing.dropsTriggers = dropTriggers
    var writer = try openEventWriter(path: output, options: writing)
    try copy(&reader, through: &chain, to: &writer)
    if !quiet { report(reader, chain, writer, target) }
  }

  private func copy(
    _ reader: inout any EventReader, through chain: inout EventFilterChain, to writer: inout any EventWriter
  ) throws {
    let progress = WorkProgress()
    let size = FileByteSource.size(ofFile: input)
    var batch = EventBatch()
    while try reader.read(into: &batch, maximum: 16384) {
      chain.apply(&batch)
      try writer.write(batch)
      if !quiet, let size {
        progress.show("convert", done: Int(min(reader.accounting.bytesRead, size)), total: Int(size))
      }
    }
    progress.clear()
    try chain.refuseEmptiness(of: input)
    try writer.finish()
  }

  /// Hot pixels are those of the whole recording: it is read once before. Filters in front of it are applied.
  private func countsForHotPixels(_ options: EventReadingOptions) throws -> HotPixelFinder? {
    guard let place = filter.firstIndex(where: EventFilterChain.needsCounts), FileByteSource.size(ofFile: input) != nil
    else { return nil }
    var reader = try openEventReader(path: input, options: options)
    var chain = EventFilterChain(geometry: reader.geometry)
    for description in filter[..<place] { try chain.append(description) }
    guard let geometry = chain.geometry else {
      throw ValidationError("hot-pixels must know the sensor's size: name it with --sensor")
    }
    var finder = HotPixelFinder(geometry: geometry)
    var batch = EventBatch()
    while try reader.read(into: &batch, maximum: 16384) {
      chain.apply(&batch)
      finder.add(batch)
    }
    return finder
  }

  private func report(
    _ reader: any EventReader, _ chain: EventFilterChain, _ writer: any EventWriter, _ target: EventFormat
  ) {
    let accounting = reader.accounting
    let triggers = accounting.triggers > 0 ? " and \(accounting.triggers) triggers" : ""
    var lines = ["read \(accounting.events) events\(triggers) of \(reader.format.title)"]
    lines += reader.guesses.map { "guessed: \($0)" }
    for filter in chain.filters {
      lines.append(
        "\(filter.name): took out \(filter.removed)" + (filter.added > 0 ? ", added \(filter.added)" : "")
          + (filter.finding.map { ", \($0)" } ?? ""))
    }
    for kind in SkippedContent.allCases where kind.isLost {
      if let count = reader.accounting.skipped[kind] { lines.append("\(kind.name): \(count) left out") }
    }
    for kind in EventViolation.allCases {
      if let found = reader.accounting.violations[kind] {
        lines.append("\(kind.name): \(found.count), first at \(found.place)")
      }
    }
    if writer.triggersLeftOut > 0 {
      lines.append("left out \(writer.triggersLeftOut) triggers, for which \(target.title) has no place")
    }
    lines.append("wrote \(writer.count) events of \(target.title)")
    StandardError.write(lines.joined(separator: "\n") + "\n")
  }
}

extension SkippedContent {
  /// Whether the user may miss it: words without content are none of that.
  fileprivate var isLost: Bool {
    switch self {
    case .time, .other, .continued: false
    default: true
    }
  }
}

extension EventFilterChain {
  /// Throws where a piece was to be cut out of a recording that is not there.
  func refuseEmptiness(of path: String) throws(InputError) {
    guard let emptiness else { return }
    throw InputError(
      source: path == "-" ? "standard input" : path, problem: emptiness,
      remedy: "ask for a piece that is there; with --time-origin first-event times count from the first event")
  }
}

extension Optional {
  /// The value, or an error where there is none.
  func orThrow(_ error: @autoclosure () -> any Error) throws -> Wrapped {
    guard let self else { throw error() }
    return self
  }
}
