import CALSA
import Glibc

/// A capture device of ALSA, by any name the library can open: `hw:1,0`, `plughw:1,0`, `default`, `pulse`, a plug-in.
public final class ALSADevice: PCMDevice {
  /// What is wished for; the device decides what comes near it.
  public struct Settings: Equatable, Sendable {
    public var device: String
    /// In Hz.
    public var sampleRate: Int
    /// How many channels to open; nil for one, or as few as the device can.
    public var channels: Int?
    /// Which one to take, counted from 0; nil mixes all.
    public var channel: Int?
    /// S16_LE, S32_LE, S24_3LE or FLOAT_LE; nil takes the first of them that the device has.
    public var encoding: String?

    public init(
      device: String, sampleRate: Int, channels: Int? = nil, channel: Int? = nil, encoding: String? = nil
    ) {
      self.device = device
      self.sampleRate = sampleRate
      self.channels = channels
      self.channel = channel
      self.encoding = encoding
    }
  }

  /// Sample formats that are understood, the preferred first.
  public static let encodings = ["S16_LE", "S32_LE", "S24_3LE", "FLOAT_LE"]
  private static let formats = [
    SND_PCM_FORMAT_S16_LE, SND_PCM_FORMAT_S32_LE, SND_PCM_FORMAT_S24_3LE, SND_PCM_FORMAT_FLOAT_LE,
  ]
  private static let periodsPerSecond = 100

  private let settings: Settings
  private var handle: OpaquePointer?
  private var encoding = 0
  private var channels = 1
  private var buffer: [UInt8] = []
  private var polls: [pollfd] = []

  public init(_ settings: Settings) {
    self.settings = settings
    ganglion_alsa_be_quiet()
  }

  deinit { close() }

  public func open() -> Result<CaptureFormat, CaptureFailure> {
    var opened: OpaquePointer?
    let answer = snd_pcm_open(&opened, settings.device, SND_PCM_STREAM_CAPTURE, Int32(SND_PCM_NONBLOCK))
    guard answer >= 0, let opened else { return .failure(failure(answer, "open \(settings.device)")) }
    handle = opened
    let result = negotiate(opened)
    if case .failure = result { close() }
    return result
  }

  public func close() {
    if let handle { snd_pcm_close(handle) }
    handle = nil
  }

  public func start() -> Int {
    guard let handle else { return -Int(ENODEV) }
    // A plug-in may have started by itself.
    return snd_pcm_state(handle) == SND_PCM_STATE_RUNNING ? 0 : Int(snd_pcm_start(handle))
  }

  public func prepare() -> Int { handle.map { Int(snd_pcm_prepare($0)) } ?? -Int(ENODEV) }

  public func resume() -> Int { handle.map { Int(snd_pcm_resume($0)) } ?? -Int(ENODEV) }

  /// Not by `snd_pcm_wait`: that begins its time anew whenever a plug-in wakes it for nothing, which a stuck one may do
  /// for ever.
  public func wait(milliseconds: Int) -> Int {
    guard let handle else { return -Int(ENODEV) }
    let count = snd_pcm_poll_descriptors_count(handle)
    guard count > 0 else { return -Int(ENODEV) }
    if polls.count != Int(count) { polls = [pollfd](repeating: pollfd(), count: Int(count)) }
    let deadline = bootMicroseconds() + Int64(milliseconds) * 1_000
    while true {
      let filled = snd_pcm_poll_descriptors(handle, &polls, UInt32(count))
      guard filled > 0 else { return -Int(ENODEV) }
      let rest = max(0, deadline - bootMicroseconds()) / 1_000
      let ready = poll(&polls, nfds_t(filled), Int32(rest))
      if ready < 0 { return -Int(errno) }
      if ready == 0 { return 0 }
      var events: UInt16 = 0
      let answer = snd_pcm_poll_descriptors_revents(handle, &polls, UInt32(filled), &events)
      if answer < 0 { return Int(answer) }
      if events & UInt16(POLLERR | POLLHUP | POLLNVAL) != 0 { return troubled(handle) }
      if events & UInt16(POLLIN) != 0 { return 1 }
      if bootMicroseconds() >= deadline { return 0 }
    }
  }

  /// What a device that reports an error suffers from; 1 where it still has something to read.
  private func troubled(_ handle: OpaquePointer) -> Int {
    switch snd_pcm_state(handle) {
    case SND_PCM_STATE_XRUN: return -Int(EPIPE)
    case SND_PCM_STATE_SUSPENDED: return -Int(ESTRPIPE)
    case SND_PCM_STATE_DISCONNECTED: return -Int(ENODEV)
    default:
      let available = Int(snd_pcm_avail_update(handle))
      return available > 0 ? 1 : available < 0 ? available : -Int(EIO)
    }
  }

  public func available() -> Int { handle.map { Int(snd_pcm_avail($0)) } ?? -Int(ENODEV) }

  public func read(frames: Int, into samples: inout [Float]) -> Int {
    guard let handle else { return -Int(ENODEV) }
    let width = (encoding == 0 ? 2 : encoding == 2 ? 3 : 4) * channels
    if buffer.count < frames * width { buffer = [UInt8](repeating: 0, count: frames * width) }
    let count = buffer.withUnsafeMutableBytes { Int(snd_pcm_readi(handle, $0.baseAddress, snd_pcm_uframes_t(frames))) }
    guard count > 0 else { return count }
    samples.reserveCapacity(samples.count + count)
    buffer.withUnsafeBytes { bytes in
      let scale = 1 / Float(channels)
      for frame in 0..<count {
        if let channel = settings.channel {
          samples.append(sample(bytes, frame * channels + channel))
        } else if channels == 1 {
          samples.append(sample(bytes, frame))
        } else {
          // In channel order, as files are mixed, so that both give the same bits.
          var sum: Float = 0
          for channel in 0..<channels { sum += sample(bytes, frame * channels + channel) }
          samples.append(sum * scale)
        }
      }
    }
    return count
  }

  /// One sample as a number of about ±1, as libsndfile scales it.
  private func sample(_ bytes: UnsafeRawBufferPointer, _ index: Int) -> Float {
    switch encoding {
    case 0: Float(Int16(littleEndian: bytes.loadUnaligned(fromByteOffset: 2 * index, as: Int16.self))) / 32_768
    case 1:
      Float(Int32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4 * index, as: Int32.self))) / 2_147_483_648
    case 2:
      Float(
        Int32(bytes[3 * index]) << 8 | Int32(bytes[3 * index + 1]) << 16
          | Int32(bitPattern: UInt32(bytes[3 * index + 2]) << 24)) / 2_147_483_648
    default:
      Float(bitPattern: UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self)))
    }
  }

  private func failure(_ answer: Int32, _ action: String) -> CaptureFailure {
    CaptureFailure(number: -answer, action: action, detail: String(cString: snd_strerror(answer)))
  }

  private func negotiate(_ handle: OpaquePointer) -> Result<CaptureFormat, CaptureFailure> {
    var parameters: OpaquePointer?
    snd_pcm_hw_params_malloc(&parameters)
    defer { snd_pcm_hw_params_free(parameters) }
    func refuse(_ answer: Int32, _ what: String) -> Result<CaptureFormat, CaptureFailure> {
      .failure(failure(answer, "set \(what) of \(settings.device)"))
    }
    var answer = snd_pcm_hw_params_any(handle, parameters)
    if answer < 0 { return refuse(answer, "any parameters") }
    answer = snd_pcm_hw_params_set_access(handle, parameters, SND_PCM_ACCESS_RW_INTERLEAVED)
    if answer < 0 { return refuse(answer, "interleaved access") }
    let wanted = settings.encoding.flatMap { Self.encodings.firstIndex(of: $0) }.map { [$0] } ?? [0, 1, 2, 3]
    guard
      let found = wanted.first(where: { snd_pcm_hw_params_test_format(handle, parameters, Self.formats[$0]) == 0 })
    else { return refuse(-EINVAL, "any of the formats \(wanted.map { Self.encodings[$0] }.joined(separator: ", "))") }
    encoding = found
    answer = snd_pcm_hw_params_set_format(handle, parameters, Self.formats[found])
    if answer < 0 { return refuse(answer, "format \(Self.encodings[found])") }
    var count = UInt32(settings.channels ?? max(1, (settings.channel ?? 0) + 1))
    answer = snd_pcm_hw_params_set_channels_near(handle, parameters, &count)
    if answer < 0 { return refuse(answer, "\(count) channels") }
    channels = Int(count)
    if let channel = settings.channel, channel >= channels {
      return refuse(-EINVAL, "channel \(channel) of \(channels)")
    }
    var rate = UInt32(settings.sampleRate)
    answer = snd_pcm_hw_params_set_rate_near(handle, parameters, &rate, nil)
    if answer < 0 { return refuse(answer, "a rate near \(settings.sampleRate) Hz") }
    var period = snd_pcm_uframes_t(max(1, Int(rate) / Self.periodsPerSecond))
    answer = snd_pcm_hw_params_set_period_size_near(handle, parameters, &period, nil)
    if answer < 0 { return refuse(answer, "a period of 10 ms") }
    // Half a second of room: scheduling never takes so long, and it costs nothing in latency.
    var room = snd_pcm_uframes_t(max(Int(rate) / 2, 4 * Int(period)))
    answer = snd_pcm_hw_params_set_buffer_size_near(handle, parameters, &room)
    if answer < 0 { return refuse(answer, "a buffer of half a second") }
    answer = snd_pcm_hw_params(handle, parameters)
    if answer < 0 { return refuse(answer, "all parameters together") }
    return .success(
      CaptureFormat(
        sampleRate: Int(rate), channels: channels, periodFrames: Int(period), encoding: Self.encodings[found]))
  }
}

/// A device that can be tried.
public struct ALSAListing: Equatable, Sendable {
  public var name: String
  /// On one line.
  public var description: String

  public init(name: String, description: String) {
    self.name = name
    self.description = description
  }

  /// Everything the library knows that may capture.
  public static func all() -> [ALSAListing] {
    ganglion_alsa_be_quiet()
    var hints: UnsafeMutablePointer<UnsafeMutableRawPointer?>?
    guard snd_device_name_hint(-1, "pcm", &hints) >= 0, let hints else { return [] }
    defer { snd_device_name_free_hint(hints) }
    func text(_ hint: UnsafeMutableRawPointer, _ key: String) -> String? {
      guard let found = snd_device_name_get_hint(hint, key) else { return nil }
      defer { free(found) }
      return String(cString: found)
    }
    var listings: [ALSAListing] = []
    var index = 0
    while let hint = hints[index] {
      index += 1
      guard let name = text(hint, "NAME"), text(hint, "IOID") != "Output" else { continue }
      let words = text(hint, "DESC")?.split(whereSeparator: \.isNewline).joined(separator: ", ") ?? ""
      listings.append(ALSAListing(name: name, description: words))
    }
    return listings
  }
}
