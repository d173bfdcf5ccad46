import Events

func openROS1Bag(_ opened: InputBuffer, _ options: EventReadingOptions) throws(EventFormatError) -> any EventReader {
  try openBag(ROS1Bag(opened), .rosbag1, options)
}

func openMCAP(_ opened: InputBuffer, _ options: EventReadingOptions) throws(EventFormatError) -> any EventReader {
  try openBag(MCAPFile(opened), .mcap, options)
}

/// A database, or the description of a folder.
func openROS2Bag(_ opened: InputBuffer, _ options: EventReadingOptions) throws(EventFormatError) -> any EventReader {
  opened.prefix(BagFolder.signature.count) == BagFolder.signature
    ? try openBag(BagFolder(opened), .rosbag2, options) : try openBag(SQLiteBag(opened), .rosbag2, options)
}

private func openBag(
  _ opened: any BagContainer, _ format: EventFormat, _ options: EventReadingOptions
) throws(EventFormatError) -> any EventReader {
  var container = opened
  let choice = TopicChoice(wanted: options.stream, surveys: options.surveysStreams)
  let topics = try container.survey()
  if let topics { try choice.check(topics, name: container.name) }
  var decoder = BagDecoder(container, choice: choice, stopsAtViolation: options.strictness == .stop)
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
  let holding = topics?.count { $0.holdsEvents && $0.messages > 0 } ?? 1
  if options.stream == nil, holding > 1, let topic = decoder.topic {
    guesses.append(
      ReadingGuess(
        .stream, topic.name, because: "the first of \(holding); whoever uses the events has to name one"))
  }
  let encoding = [
    decoder.packing, decoder.isCompressed ? "Zstd messages" : nil, decoder.topic?.type, decoder.front?.encoding,
  ]
  return StreamingEventReader(
    input: InputBuffer(MemoryByteSource([], name: container.name)), decoder: decoder, format: format,
    encoding: encoding.compactMap { $0 }.filter { !$0.isEmpty }.joined(separator: ", "), geometry: geometry,
    metadata: [], guesses: guesses, options: options)
}
