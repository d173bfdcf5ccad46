import Glibc
import SoundCapture
import StreamSources
import TestSupport

/// A capture device on a clock of its own that fails as told. The value of a sample is the number of the moment at which
/// it was captured, counted modulo `lap`, so what is delivered can be held against the truth.
final class ScriptedDevice: PCMDevice {
  enum Fault: CaseIterable {
    case overrun, suspension, unplugged, interrupted, shortRead, frozen
  }

  static let rate = 8_000
  static let period = 80
  static let buffer = 4_000
  /// Whole numbers below it are exact in 32-bit floats.
  static let lap: Int64 = 1 << 24

  /// Microseconds.
  private(set) var now: Int64 = 1_000_000
  /// The fault to happen at the next read.
  var next: Fault?
  var random: SplitMix
  private(set) var opens = 0
  private(set) var closes = 0
  private var isRunning = false
  private var isSuspended = false
  private var isFrozen = false
  /// When a device that was pulled out is back.
  private var awayUntil: Int64 = 0
  /// Number of the first frame that has not been read.
  private var read: Int64 = 0

  init(seed: UInt64) { random = SplitMix(state: seed) }

  /// Frames since the beginning of time.
  private var captured: Int64 { now * Int64(Self.rate) / 1_000_000 }

  func pass(milliseconds: Int) { now += Int64(milliseconds) * 1_000 }

  func open() -> Result<CaptureFormat, CaptureFailure> {
    if now < awayUntil { return .failure(CaptureFailure(number: ENOENT, action: "open", detail: "not there")) }
    opens += 1
    (isRunning, isSuspended, isFrozen) = (false, false, false)
    return .success(
      CaptureFormat(sampleRate: Self.rate, channels: 1, periodFrames: Self.period, encoding: "S16_LE"))
  }

  func close() { closes += 1 }

  func start() -> Int {
    if now < awayUntil { return -Int(ENODEV) }
    isRunning = true
    read = captured
    return 0
  }

  func prepare() -> Int {
    isRunning = false
    return now < awayUntil ? -Int(ENODEV) : isSuspended ? -Int(ESTRPIPE) : 0
  }

  func resume() -> Int {
    if isSuspended {
      pass(milliseconds: random.below(400))
      isSuspended = random.below(3) != 0
    }
    return isSuspended ? -Int(EAGAIN) : -Int(ENOSYS)
  }

  func wait(milliseconds: Int) -> Int {
    if now < awayUntil { return -Int(ENODEV) }
    if isFrozen || !isRunning {
      pass(milliseconds: milliseconds)
      return 0
    }
    if captured - read < Self.period {
      now += (Int64(Self.period) - (captured - read)) * 1_000_000 / Int64(Self.rate) + 125
    }
    return 1
  }

  func available() -> Int { Int(captured - read) }

  func read(frames: Int, into samples: inout [Float]) -> Int {
    var wanted = frames
    switch next {
    case .overrun:
      next = nil
      // The program was held up for longer than the buffer is; all of it is lost.
      pass(milliseconds: 500 + random.below(2_000))
      isRunning = false
      return -Int(EPIPE)
    case .suspension:
      next = nil
      isSuspended = true
      isRunning = false
      return -Int(ESTRPIPE)
    case .unplugged:
      next = nil
      awayUntil = now + Int64(random.below(20_000)) * 1_000
      return -Int(ENODEV)
    case .interrupted:
      next = nil
      return -Int(EINTR)
    case .shortRead:
      next = nil
      wanted = 1 + random.below(frames)
    case .frozen:
      next = nil
      isFrozen = true
      return -Int(EAGAIN)
    case nil: break
    }
    let count = min(wanted, available())
    for index in 0..<count { samples.append(Float((read + Int64(index)) % Self.lap)) }
    read += Int64(count)
    return count == 0 ? -Int(EAGAIN) : count
  }
}
