import Dataflow
import EventFormats
import Events
import Glibc

/// Address events in UDP datagrams.
public final class DatagramSource: StreamSource {
  /// How the datagrams are written.
  public enum Format: String, CaseIterable, Sendable {
    /// Words of 32 bits, little-endian, as SPIF and AEStream send them: bit 31 set where no time follows, bits 30-16 x,
    /// bit 15 polarity, bits 14-0 y; a word with the time in microseconds follows where bit 31 is clear.
    case words
    /// As jAER sends them: a sequence number of 32 bits, then address and time of 32 bits each, big-endian; addresses
    /// are those of a DVS128, whose rows jAER counts from the bottom.
    case jaer
  }

  /// The largest datagram.
  private static let room = 65_536
  private static let quietMilliseconds: Int32 = 100

  private let host: String
  private let port: UInt16
  private let format: Format
  private let stop: StopSignal
  private var reopening = Reopening()
  private var descriptor: Int32 = -1
  private var decoder: DatagramDecoder
  private var buffer = [UInt8](repeating: 0, count: room)
  private let camera: SensorGeometry?
  private var intake: EventIntake
  private var hasBegun = false
  /// Of datagrams of which the filters left nothing.
  private var loss: LossReason?

  public var filtered: [String: Int64] { intake.filtered }
  public var picture: String? { intake.picture }
  public var notices: [InputNotice] { intake.found.map { InputNotice(source: "udp \(host):\(port)", text: $0) } }

  /// Listens on a port, as soon as it can be had: an address may be there later than the daemon.
  ///
  /// - Parameters:
  ///   - host: a numeric IPv4 address to listen on.
  ///   - sensors: those that the models were trained on.
  ///   - options: the camera's sensor, filters and fit.
  ///   - originMicroseconds: stream time of the first event.
  public init(
    host: String, port: UInt16, format: Format, sensors: [SensorGeometry],
    options: RecordingOptions = RecordingOptions(), stop: StopSignal, originMicroseconds: Int64 = 0
  ) {
    camera = options.events.geometry ?? (format == .jaer ? SensorGeometry(width: 128, height: 128) : nil)
    intake = EventIntake(models: sensors, options: options)
    decoder = DatagramDecoder(beginMicroseconds: originMicroseconds)
    self.host = host
    self.port = port
    self.format = format
    self.stop = stop
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  public func next() throws -> Arrival<EventBlock> {
    if !hasBegun { try intake.begin(camera: camera, source: "udp \(host):\(port)") }
    hasBegun = true
    if descriptor < 0 {
      let wasAbsent = reopening.told != nil
      switch reopening.run(until: stop, open: open) {
      case .stopped: return .end
      case .absent(let why): return .absent("udp \(host):\(port): \(why)")
      case .open: if wasAbsent { return .quiet }
      }
    }
    while true {
      switch stop.wait(for: descriptor, milliseconds: Self.quietMilliseconds) {
      case .stopped: return .end
      case .timeout: return .quiet
      case .ready: break
      }
      let count = recv(descriptor, &buffer, buffer.count, 0)
      guard count > 0 else { continue }
      let arrival = bootMicroseconds()
      let result = decoder.decode(buffer[..<count], format, arrivalMicroseconds: arrival)
      var events = result.events
      intake.apply(&events)
      loss = loss ?? result.loss
      guard events.count > 0 else { continue }
      defer { loss = nil }
      return .block(
        EventBlock(
          events: events, camera: intake.camera, fit: intake.fit, loss: loss, wallMicroseconds: wallMicroseconds()))
    }
  }

  /// Nil where it worked, or else why not.
  private func open() -> String? {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    guard inet_pton(AF_INET, host, &address.sin_addr) == 1 else { return "is no numeric address" }
    let made = socket(AF_INET, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
    // Bursts of a camera should wait in the system rather than be lost there.
    var bytes: Int32 = 4 << 20
    setsockopt(made, SOL_SOCKET, SO_RCVBUF, &bytes, socklen_t(MemoryLayout<Int32>.size))
    let bound = withUnsafePointer(to: address) { pointer in
      // sockaddr is the common head of all socket addresses.
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(made, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard made >= 0, bound == 0 else {
      let why = String(cString: strerror(errno))
      if made >= 0 { close(made) }
      return "cannot be listened on: \(why)"
    }
    descriptor = made
    return nil
  }
}

/// Reads datagrams and keeps their times in order: a value.
struct DatagramDecoder: Sendable {
  private var firstArrival: Int64?
  /// The last time on the wire and how often it has wrapped.
  private var lastWireTime: UInt32?
  private var wrapped: Int64 = 0
  private var origin: Int64?
  private let begin: Int64
  private var lastTime: Int64
  private var nextSequence: UInt32?
  /// Datagrams that broke their format's rules.
  private(set) var malformed = 0

  init(beginMicroseconds: Int64 = 0) {
    begin = beginMicroseconds
    lastTime = beginMicroseconds
  }

  /// The events of a datagram in stream time, and whether something is missing before them.
  mutating func decode(
    _ bytes: ArraySlice<UInt8>, _ format: DatagramSource.Format, arrivalMicroseconds: Int64
  ) -> (events: EventBatch, loss: LossReason?) {
    if firstArrival == nil { firstArrival = arrivalMicroseconds }
    switch format {
    case .words: return (words(bytes, arrivalMicroseconds), nil)
    case .jaer: return jaer(bytes)
    }
  }

  private mutating func words(_ bytes: ArraySlice<UInt8>, _ arrival: Int64) -> EventBatch {
    var batch = EventBatch()
    func word(_ index: Int) -> UInt32 {
      let begin = bytes.startIndex + 4 * index
      return (0..<4).reduce(0) { $0 | UInt32(bytes[begin + $1]) << UInt32(8 * $1) }
    }
    if bytes.count % 4 != 0 { malformed += 1 }
    var index = 0
    while index < bytes.count / 4 {
      let event = word(index)
      var time = arrival - (firstArrival ?? arrival)
      if event & 0x8000_0000 == 0 {
        guard index + 1 < bytes.count / 4 else {
          malformed += 1
          break
        }
        time = streamTime(word(index + 1))
        index += 1
      }
      append(x: event >> 16 & 0x7FFF, y: event & 0x7FFF, polarity: event >> 15 & 1, time: time, to: &batch)
      index += 1
    }
    return batch
  }

  private mutating func jaer(_ bytes: ArraySlice<UInt8>) -> (EventBatch, LossReason?) {
    var batch = EventBatch()
    guard bytes.count >= 4, bytes.count % 8 == 4 else {
      malformed += 1
      return (batch, nil)
    }
    func word(_ offset: Int) -> UInt32 {
      (0..<4).reduce(0) { $0 << 8 | UInt32(bytes[bytes.startIndex + offset + $1]) }
    }
    let sequence = word(0)
    let loss: LossReason? = nextSequence.map { $0 == sequence ? nil : .violation } ?? nil
    nextSequence = sequence &+ 1
    for offset in stride(from: 4, to: bytes.count, by: 8) {
      let address = word(offset)
      // Special events are no pixels.
      if address & 0x8000 != 0 { continue }
      append(
        x: 127 - (address >> 1 & 0x7F), y: 127 - (address >> 8 & 0x7F), polarity: 1 - (address & 1),
        time: streamTime(word(offset + 4)), to: &batch)
    }
    return (batch, loss)
  }

  /// Time since the first event; 32 bits of microseconds wrap every 71 minutes.
  private mutating func streamTime(_ wire: UInt32) -> Int64 {
    if let lastWireTime, wire < lastWireTime, lastWireTime - wire > UInt32.max / 2 { wrapped += 1 << 32 }
    lastWireTime = wire
    let time = wrapped + Int64(wire)
    origin = origin ?? time
    return time - (origin ?? 0)
  }

  /// Times never go back: an event from earlier counts as now.
  private mutating func append(x: UInt32, y: UInt32, polarity: UInt32, time: Int64, to batch: inout EventBatch) {
    lastTime = max(lastTime, begin + time)
    batch.append(
      Event(timeMicroseconds: lastTime, x: UInt16(x), y: UInt16(y), polarity: UInt8(polarity)))
  }
}
