import CKernels
import Events

/// Events of one topic of a bag, message by message.
struct BagDecoder: BlockDecoder {
  /// Copies would share the file and what unpacks it.
  static var isCheapToCopy: Bool { false }
  let wordSize = 1

  private enum State {
    case betweenMessages
    case events(EventsInMessage)
    case packet(PacketDecoder)
  }

  private var input: MessageInput
  private var choice: TopicChoice
  /// Topics as they were known before reading.
  private let surveyed: [BagTopic]
  private var state = State.betweenMessages
  /// The decoder of EVT 3.0 goes on from packet to packet.
  private var evt3 = ganglion_evt3_state()
  /// Where the message stands that is read.
  private var message = BagPlace(byteOffset: 0, isExact: true)
  private(set) var front: MessageFront?
  private(set) var isCompressed = false
  /// What was found before the first call of `decode`.
  private var early = ganglion_event_report()
  private var hasEarlyFindings = true
  /// Thrown by the next call: what came before is delivered first.
  private var pending: EventFormatError?
  /// Where messages begin among the events of the last call.
  private var places: [(firstEvent: Int, byteOffset: Int64)] = []

  init(_ container: any BagContainer, choice: TopicChoice, surveyed: [BagTopic] = [], stopsAtViolation: Bool) {
    self.surveyed = surveyed
    input = MessageInput(container)
    self.choice = choice
    early.stop_at_violation = stopsAtViolation ? 1 : 0
  }

  var bytesTaken: Int64? { input.container.bytesRead }
  var packing: String { input.container.packing }
  /// Type of the messages that are decoded, once it is known.
  var topic: BagTopic? { choice.topic.map { input.container.topics[$0] } }
  var streams: [RecordingStream] {
    input.container.topics.enumerated().map { place, topic in
      RecordingStream(
        name: topic.name, details: topic.type, sensor: nil, messages: topic.messages, isRead: place == choice.topic,
        holdsEvents: topic.holdsEvents)
    }
  }

  var guesses: [ReadingGuess] {
    topic.map { choice.guesses(taking: $0, among: surveyed, met: input.container.topics) } ?? []
  }

  /// Reads up to the first message of the topic, whose front says what the sensor is.
  mutating func begin() throws(EventFormatError) {
    var report = early
    defer { early = report }
    while front == nil, try nextMessage(&report) {
      if report.stop_at_violation != 0, report.hasViolations { return }
    }
    if front == nil, !report.hasViolations || choice.topic == nil {
      try choice.checkEnd(input.container, cutAt: report.place(of: .truncatedTail))
    }
  }

  func byteOffset(ofEvent index: Int) -> Int64? {
    places.last { $0.firstEvent <= index }?.byteOffset
  }

  mutating func decode(
    _ bytes: UnsafeRawBufferPointer, byteOffset: Int64, isLast: Bool, into columns: ganglion_event_columns,
    report: inout ganglion_event_report
  ) throws(EventFormatError) -> DecodingProgress {
    if let pending {
      self.pending = nil
      throw pending
    }
    if hasEarlyFindings {
      report.add(early)
      hasEarlyFindings = false
    }
    places.removeAll(keepingCapacity: true)
    if report.stop_at_violation != 0, report.hasViolations { return DecodingProgress(consumed: 0, produced: 0) }
    var produced = 0
    do throws(EventFormatError) {
      while try decodeSome(columns, &produced, &report) {
        if report.stop_at_violation != 0, report.hasViolations { break }
      }
    } catch {
      guard produced > 0 else { throw error }
      pending = error
    }
    return DecodingProgress(consumed: 0, produced: produced)
  }

  /// One step; false when the columns are full, when more would have to be waited for while there is something to
  /// deliver, and at the end.
  private mutating func decodeSome(
    _ columns: ganglion_event_columns, _ produced: inout Int, _ report: inout ganglion_event_report
  ) throws(EventFormatError) -> Bool {
    let free = columns.dropFirst(produced)
    let hasSome = produced > 0 || report.trigger_count > 0
    guard free.capacity > 0, report.trigger_count < GANGLION_TRIGGER_CAPACITY else { return false }
    if produced == 0 || places.last?.byteOffset != message.byteOffset { places.append((produced, message.byteOffset)) }
    switch state {
    case .betweenMessages:
      // The last vector of the packet before may not have had room.
      if evt3.vector_mask != 0 {
        produced += Int(ganglion_decode_evt3(nil, 0, 1, &evt3, free, &report).produced)
        return true
      }
      if hasSome, input.container.mayWait { return false }
      return try nextMessage(&report)
    case .events(var events):
      if hasSome, input.container.mayWait, input.count < EventsInMessage.largestEvent { return false }
      state = .betweenMessages
      produced += try events.decode(&input, into: free, &report)
      if events.remaining > 0 { state = .events(events) }
      return true
    case .packet(var packet):
      if hasSome, input.container.mayWait, input.count < PacketDecoder.largestWord { return false }
      state = .betweenMessages
      produced += try packet.decode(&input, &evt3, into: free, &report)
      if packet.remaining > 0 { state = .packet(packet) }
      return true
    }
  }

  /// Takes the next message, whatever it is; false at the end.
  private mutating func nextMessage(_ report: inout ganglion_event_report) throws(EventFormatError) -> Bool {
    guard let next = try input.nextMessage(&report) else { return false }
    guard let layout = try choice.accept(next, of: input.container) else {
      report.skip(input.container.topics[next.topic].skippedAs)
      return true
    }
    message = next.place
    guard try input.open(next, &report) else { return true }
    isCompressed = isCompressed || input.isCompressed
    guard let found = try readFront(layout, &report) else { return true }
    if front == nil { front = found }
    switch layout.kind {
    case .events: state = .events(EventsInMessage(found, layout, message))
    case .packet: state = .packet(try PacketDecoder(found, message, name: input.container.name))
    }
    return true
  }

  /// What stands in front of the events; nil for a message that does not hang together, which is reported.
  private mutating func readFront(
    _ layout: MessageLayout, _ report: inout ganglion_event_report
  ) throws(EventFormatError) -> MessageFront? {
    var wanted = 64
    while true {
      let isAll = input.left.map { $0 <= Int64(wanted) } ?? false
      let availability = try input.require(Int(min(Int64(wanted), input.left ?? .max)), &report)
      if availability == .lost { return nil }
      switch input.withBytes({ MessageFront.read($0, layout) }) {
      case .found(let front):
        let size = front.contentSize(layout)
        // Filling may end a message of ROS 2.
        let filling: Int64 = layout.serialization == .cdr ? 7 : 0
        if let left = input.left, !(size...size + filling).contains(left - Int64(front.size)) {
          report.violate(.corruptPacket, offset: Int(message.byteOffset))
          return nil
        }
        input.consume(front.size)
        return front
      case .unknown(let representation):
        throw EventFormatError(
          .unsupported, source: input.container.name, byteOffset: message.byteOffset,
          reason: "a message in representation \(representation) of CDR; plain CDR is read",
          remedy: "record it with another middleware, or convert it with: ros2 bag convert")
      case .cut:
        if isAll || availability == .beyondMessage || wanted >= MessageFront.largestSize {
          report.violate(.corruptPacket, offset: Int(message.byteOffset))
          return nil
        }
        wanted *= 4
      }
    }
  }
}

extension ganglion_event_report {
  /// Whether any rule was found broken.
  var hasViolations: Bool { EventViolation.allCases.contains { violations($0).count > 0 } }

  /// Where a rule was first broken.
  func place(of kind: EventViolation) -> Int64? {
    let (count, offset) = violations(kind)
    return count > 0 ? offset : nil
  }

  /// Adds what another found before, whose offsets come first. Triggers are left out.
  mutating func add(_ earlier: ganglion_event_report) {
    for kind in EventViolation.allCases {
      let (count, offset) = earlier.violations(kind)
      for _ in 0..<count { violate(kind, offset: Int(offset)) }
    }
    for kind in SkippedContent.allCases {
      let count = earlier.skipped(kind)
      if count > 0 { skip(kind, count: count) }
    }
  }
}
