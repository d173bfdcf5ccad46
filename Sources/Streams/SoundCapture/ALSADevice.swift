import CALSA
import CALSAMessages
import Glibc
import StreamSources

/// A capture device of ALSA, by any name the library can open: `hw:1,0`, `plughw:1,0`, `default`, `pulse`, a plug-in.
package final class ALSADevice: PCMDevice {
  /// What is wished for; the device decides what comes near it.
  package struct Settings: Equatable, Sendable {
    package var device: String
    /// In Hz.
    package var sampleRate: Int
    /// How many channels to open, exactly; nil for one, or as few as the device can.
    package var channels: Int?
    /// Which one to take, counted from 0; nil mixes all.
    package var channel: Int?
    /// One of `PCMEncoding.all` by its name; nil takes the first of them that the device has.
    package var encoding: String?
    /// Added to the sound, in decibels.
    package var gain: Double
    /// Whether to open every channel there is, to look at them; not of plug-ins that make any number of channels.
    package var opensAllChannels = false

    package init(
      device: String, sampleRate: Int, channels: Int? = nil, channel: Int? = nil, encoding: String? = nil,
      gain: Double = 0
    ) {
      self.device = device
      self.sampleRate = sampleRate
      self.channels = channels
      self.channel = channel
      self.encoding = encoding
      self.gain = gain
    }
  }

  private static let periodsPerSecond = 100
  /// Hardware has no more; what has more is a plug-in that makes as many as it is asked for.
  private static let mostChannels: UInt32 = 64

  private let settings: Settings
  private var handle: OpaquePointer?
  private var encoding = PCMEncoding.all[0]
  private var channels = 1
  /// What every sample is multiplied by.
  private let factor: Float
  private var buffer: [UInt8] = []
  package private(set) var unmixedPower: Float?
  /// Of all channels since the device was opened, before mixing and gain.
  package private(set) var levels = ChannelLevels(count: 1)
  private var polls: [pollfd] = []

  package init(_ settings: Settings) {
    self.settings = settings
    factor = Float(pow(10, settings.gain / 20))
  }

  deinit { close() }

  package func open() -> Result<CaptureFormat, CaptureFailure> {
    ganglion_alsa_listen()
    var opened: OpaquePointer?
    let answer = snd_pcm_open(&opened, settings.device, SND_PCM_STREAM_CAPTURE, Int32(SND_PCM_NONBLOCK))
    guard answer >= 0, let opened else { return .failure(failure(answer, "open \(settings.device)")) }
    handle = opened
    let result = negotiate(opened)
    if case .failure = result { close() }
    return result
  }

  package func close() {
    if let handle { snd_pcm_close(handle) }
    handle = nil
  }

  package func start() -> Int {
    guard let handle else { return -Int(ENODEV) }
    // A plug-in may have started by itself.
    return snd_pcm_state(handle) == SND_PCM_STATE_RUNNING ? 0 : Int(snd_pcm_start(handle))
  }

  package func prepare() -> Int { handle.map { Int(snd_pcm_prepare($0)) } ?? -Int(ENODEV) }

  package func resume() -> Int { handle.map { Int(snd_pcm_resume($0)) } ?? -Int(ENODEV) }

  /// Not by `snd_pcm_wait`: that begins its time anew whenever a plug-in wakes it for nothing, which a stuck one may do
  /// for ever.
  package func wait(milliseconds: Int) -> Int {
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

  package func available() -> Int { handle.map { Int(snd_pcm_avail($0)) } ?? -Int(ENODEV) }

  package func read(frames: Int, into samples: inout [Float]) -> Int {
    guard let handle else { return -Int(ENODEV) }
    let width = encoding.bytes * channels
    if buffer.count < frames * width { buffer = [UInt8](repeating: 0, count: frames * width) }
    let count = buffer.withUnsafeMutableBytes { Int(snd_pcm_readi(handle, $0.baseAddress, snd_pcm_uframes_t(frames))) }
    guard count > 0 else { return count }
    samples.reserveCapacity(samples.count + count)
    let scale = factor / Float(channels)
    var squares: Float = 0
    buffer.withUnsafeBytes { bytes in
      for frame in 0..<count {
        if let channel = settings.channel {
          samples.append(factor * encoding.sample(bytes, at: frame * width + channel * encoding.bytes))
          continue
        }
        // In channel order, as files are mixed, so that both give the same bits.
        var sum: Float = 0
        for channel in 0..<channels {
          let sample = encoding.sample(bytes, at: frame * width + channel * encoding.bytes)
          levels.add(sample, channel: channel)
          squares += sample * sample
          sum += sample
        }
        samples.append(sum * scale)
      }
    }
    levels.advance(frames: count)
    let isMixed = settings.channel == nil && channels > 1
    unmixedPower = isMixed ? factor * factor * squares / Float(count * channels) : nil
    return count
  }

  /// What went wrong, in the system's words and, where they say more, in those of the library.
  private func failure(_ answer: Int32, _ action: String) -> CaptureFailure {
    let (why, said) = (String(cString: snd_strerror(answer)), String(cString: ganglion_alsa_messages()))
    return CaptureFailure(number: -answer, action: action, detail: said.isEmpty ? why : "\(why) (\(said))")
  }

  private func negotiate(_ handle: OpaquePointer) -> Result<CaptureFormat, CaptureFailure> {
    var parameters: OpaquePointer?
    snd_pcm_hw_params_malloc(&parameters)
    defer { snd_pcm_hw_params_free(parameters) }
    func refuse(_ answer: Int32, _ what: String) -> Result<CaptureFormat, CaptureFailure> {
      .failure(failure(answer, "set \(what) of \(settings.device)"))
    }
    func refuse(_ what: String, _ why: String) -> Result<CaptureFormat, CaptureFailure> {
      .failure(CaptureFailure(number: EINVAL, action: "set \(what) of \(settings.device)", detail: why))
    }
    var answer = snd_pcm_hw_params_any(handle, parameters)
    if answer < 0 { return refuse(answer, "any parameters") }
    answer = snd_pcm_hw_params_set_access(handle, parameters, SND_PCM_ACCESS_RW_INTERLEAVED)
    if answer < 0 { return refuse(answer, "interleaved access") }
    let possible = PCMEncoding.all.filter {
      snd_pcm_hw_params_test_format(handle, parameters, snd_pcm_format_value($0.name)) == 0
    }
    guard let found = possible.first(where: { $0.name == settings.encoding ?? $0.name }) else {
      let has = possible.isEmpty ? "none that is understood here" : possible.map(\.name).joined(separator: ", ")
      return refuse(settings.encoding.map { "encoding \($0)" } ?? "an encoding", "it has \(has)\(converting)")
    }
    encoding = found
    answer = snd_pcm_hw_params_set_format(handle, parameters, snd_pcm_format_value(found.name))
    if answer < 0 { return refuse(answer, "format \(found.name)") }
    var (least, most): (UInt32, UInt32) = (0, 0)
    snd_pcm_hw_params_get_channels_min(parameters, &least)
    snd_pcm_hw_params_get_channels_max(parameters, &most)
    let has = least == most ? "\(least)" : "\(least) to \(most)"
    if let channel = settings.channel, channel >= settings.channels ?? Int(most) {
      return refuse("channel \(channel)", "it has \(settings.channels.map(String.init) ?? has), counted from 0")
    }
    var count = UInt32(settings.channels ?? max(1, (settings.channel ?? 0) + 1))
    if settings.opensAllChannels && most <= Self.mostChannels { count = most }
    if settings.channels != nil {
      answer = snd_pcm_hw_params_set_channels(handle, parameters, count)
      if answer < 0 {
        return refuse(
          "\(count) channels", "it has \(has); leave 'channels' out, or take one with 'channel'\(converting)")
      }
    } else {
      answer = snd_pcm_hw_params_set_channels_near(handle, parameters, &count)
      if answer < 0 { return refuse(answer, "\(count) channels") }
    }
    channels = Int(count)
    levels = ChannelLevels(count: channels)
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
        sampleRate: Int(rate), channels: channels, periodFrames: Int(period), encoding: found.name,
        channel: settings.channel))
  }

  /// The device by which the library converts what this one cannot do; nothing where that is what it does already.
  private var converting: String {
    let name = settings.device
    if name.hasPrefix("plug") { return "" }
    return "; 'plug\(name.hasPrefix("hw:") ? name : ":" + name)' converts"
  }
}
