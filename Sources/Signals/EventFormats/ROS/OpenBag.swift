import CKernels
import Events

func openROS1Bag(_ opened: InputBuffer, _ options: EventReadingOptions) throws(EventFormatError) -> any EventReader {
  let (input, topics) = try glance(opened, options) { input throws(EventFormatError) in try ROS1Bag(input) }
  return try openBag(ROS1Bag(input), .rosbag1, options, glanced: topics)
}

func openMCAP(_ opened: InputBuffer, _ options: EventReadingOptions) throws(EventFormatError) -> any EventReader {
  let (input, topics) = try glance(opened, options) { input throws(EventFormatError) in try MCAPFile(input) }
  return try openBag(MCAPFile(input), .mcap, options, glanced: topics)
}

/// A database, or the description of a folder.
func openROS2Bag(_ opened: InputBuffer, _ options: EventReadingOptions) throws(EventFormatError) -> any EventReader {
  opened.prefix(BagFolder.signature.count) == BagFolder.signature
    ? try openBag(BagFolder(opened), .rosbag2, options) : try openBag(SQLiteBag(opened), .rosbag2, options)
}

/// What the index would say is not known of a bag from a pipe until it is through; several cameras show themselves in its
/// first messages, though, before any result is told.
private func glance(
  _ opened: InputBuffer, _ options: EventReadingOptions,
  as container: (InputBuffer) throws(EventFormatError) -> any BagContainer
) throws(EventFormatError) -> (input: InputBuffer, topics: [BagTopic]) {
  var input = opened
  // Of a live one more would have to be waited for; of a file the index is at hand.
  guard options.stream == nil, !options.isLive, input.source.path == nil else { return (input, []) }
  _ = try input.require(BagLimits.glance)
  let beginning = MemoryByteSource(input.prefix(BagLimits.glance), name: input.name)
  guard var bag = try? container(InputBuffer(beginning)) else { return (input, []) }
  var report = ganglion_event_report()
  while (try? bag.nextMessage(&report)) != nil {}
  return (input, bag.topics)
}

private func openBag(
  _ opened: any BagContainer, _ format: EventFormat, _ options: EventReadingOptions, glanced: [BagTopic] = []
) throws(EventFormatError) -> any EventReader {
  var container = opened
  let choice = TopicChoice(wanted: options.stream, surveys: options.surveysStreams)
  let topics = try container.survey()
  if let topics = topics ?? (glanced.isEmpty ? nil : glanced) { try choice.check(topics, name: container.name) }
  var decoder = BagDecoder(
    container, choice: choice, surveyed: topics ?? glanced, stopsAtViolation: options.strictness == .stop)
  try decoder.begin()
  var geometry = options.geometry
  if geometry == nil, let front = decoder.front {
    let named = SensorGeometry(width: front.width, height: front.height)
    geometry = named.isValid ? named : nil
  }
  var guesses: [ReadingGuess] = []
  if let topic = decoder.topic, case .events(_, isByName: true) = topic.content {
    guesses.append(
      ReadingGuess(
        .layout, topic.type, because: "the bag does not define this type, whose fields are known by its name"))
  }
  let encoding = [
    decoder.packing, decoder.isCompressed ? "Zstd messages" : nil, decoder.topic?.type, decoder.front?.encoding,
  ]
  return StreamingEventReader(
    input: InputBuffer(MemoryByteSource([], name: container.name)), decoder: decoder, format: format,
    encoding: encoding.compactMap { $0 }.filter { !$0.isEmpty }.joined(separator: ", "), geometry: geometry,
    metadata: [], guesses: guesses, options: options)
}
