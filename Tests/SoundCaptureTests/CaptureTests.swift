import Glibc
import StreamSources
import TestSupport
import Testing

@testable import SoundCapture

struct CaptureTests {
  private func source(_ device: ScriptedDevice) -> CaptureSource {
    CaptureSource(
      device,
      clocks: .init(
        now: { device.now }, wall: { device.now },
        pause: {
          device.pass(milliseconds: $0)
          return true
        }))
  }

  /// The next block, with what was told before it.
  private func block(_ source: CaptureSource) throws -> (block: SoundBlock, wasLost: Bool) {
    var wasLost = false
    while true {
      switch try source.next() {
      case .block(let block): return (block, wasLost)
      case .lost: wasLost = true
      case .ready, .quiet, .cut, .absent: continue
      case .end: throw CaptureFailure(number: 0, action: "go on", detail: "it ended")
      }
    }
  }

  @Test(arguments: ScriptedDevice.Fault.allCases)
  func aFaultIsRecoveredAndWhatItCostIsTold(fault: ScriptedDevice.Fault) throws {
    let device = ScriptedDevice(seed: 3)
    let source = source(device)
    for _ in 0..<10 { _ = try block(source) }
    device.next = fault
    let before = try lastBeforeFault(source, device)
    let (after, wasLost) = try block(source)
    switch fault {
    case .interrupted, .shortRead:
      #expect(after.loss == nil)
      #expect(after.startSample == before.endSample)
    case .overrun: #expect(after.loss == .overrun && !wasLost)
    case .suspension: #expect(after.loss == .deviceLost && !wasLost)
    case .unplugged, .frozen: #expect(after.loss == .deviceLost && wasLost)
    }
  }

  /// The block before the fault happens, for faults that deliver one; otherwise the last one delivered.
  private func lastBeforeFault(_ source: CaptureSource, _ device: ScriptedDevice) throws -> SoundBlock {
    let fault = device.next
    device.next = nil
    let last = try block(source).block
    device.next = fault
    return last
  }

  /// Ten thousand faults in all: each is recovered at once without a loss, or told with how much it cost, to a period.
  /// Positions are held against the moments at which the samples were really captured.
  @Test(arguments: [1, 2, 3, 4] as [UInt64])
  func ofTenThousandFaultsEachIsRecoveredAtOnceOrToldToAPeriod(seed: UInt64) throws {
    let device = ScriptedDevice(seed: seed)
    let source = source(device)
    var random = SplitMix(state: seed &* 77)
    let period = Int64(ScriptedDevice.period)
    let first = try block(source).block
    let origin = Int64(first.samples[0]) - first.startSample
    /// The distance of a block's place from the truth, in samples.
    func error(_ block: SoundBlock) -> Int64 {
      let lap = ScriptedDevice.lap
      let off = (block.startSample + origin - Int64(block.samples[0])) % lap
      return off > lap / 2 ? off - lap : off < -lap / 2 ? off + lap : off
    }
    var end = first.endSample
    var counts: [ScriptedDevice.Fault: Int] = [:]
    var lost: Int64 = 0
    for _ in 0..<2_500 {
      for _ in 0...random.below(3) {
        let quiet = try block(source).block
        #expect(quiet.loss == nil && quiet.startSample == end)
        end = quiet.endSample
      }
      let fault = ScriptedDevice.Fault.allCases[random.below(ScriptedDevice.Fault.allCases.count)]
      counts[fault, default: 0] += 1
      device.next = fault
      let before = device.now
      let after = try block(source).block
      #expect(device.next == nil)
      #expect(abs(error(after)) <= period, "\(fault)")
      switch fault {
      case .interrupted, .shortRead:
        #expect(after.loss == nil && after.startSample == end, "\(fault)")
        #expect(device.now - before <= 10_125, "\(fault)")
      case .overrun, .suspension, .unplugged, .frozen:
        #expect(after.loss != nil && after.startSample >= end, "\(fault)")
        lost += after.startSample - end
      }
      end = after.endSample
    }
    #expect(counts.count == ScriptedDevice.Fault.allCases.count && counts.values.allSatisfy { $0 > 300 })
    // Hours of it, and still to a period.
    #expect(lost > 3_600 * Int64(ScriptedDevice.rate))
    #expect(device.opens == device.closes + 1)
  }

  @Test func aDeviceThatNeverComesBackIsTriedEverMoreSeldom() throws {
    var machine = CaptureMachine()
    var pauses: [Int] = []
    var now: Int64 = 0
    for _ in 0..<9 {
      guard case .reopen(let pause, _) = machine.cannotOpen("away", now: now) else {
        Issue.record("it was not tried again")
        return
      }
      pauses.append(pause)
      now += Int64(pause) * 1_000
    }
    #expect(pauses == [100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000, 5_000])
  }

  @Test func overrunsWithoutASampleBetweenThemEndInReopening() {
    var machine = CaptureMachine()
    #expect(machine.opened(sampleRate: 8_000, now: 0) == .restart)
    var restarts = 0
    while machine.failed(EPIPE, now: 0) == .restart { restarts += 1 }
    #expect(restarts == 8)
  }

  @Test func aBusyDeviceIsNoStallBeforeItsTime() {
    var machine = CaptureMachine()
    _ = machine.opened(sampleRate: 8_000, now: 0)
    #expect(machine.waited(now: 1_999_999) == .read)
    guard case .reopen = machine.waited(now: 2_000_000) else {
      Issue.record("a device that gives nothing was not reopened")
      return
    }
  }
}
