import Glibc
import Testing

@testable import LiveSources

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
      case .ready, .quiet, .cut: continue
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

  /// Positions are held against the moments at which the samples were really captured.
  @Test(arguments: [1, 2, 3, 4] as [UInt64])
  func afterTenThousandFaultsPositionsAreTrueToAPeriod(seed: UInt64) throws {
    let device = ScriptedDevice(seed: seed)
    let source = source(device)
    var random = SplitMix(state: seed &* 77)
    let first = try block(source).block
    let origin = Int64(first.samples[0]) - first.startSample
    var end = first.endSample
    var faults = 0
    var told = 0
    while faults < 2_500 {
      if random.below(4) == 0 {
        device.next = ScriptedDevice.Fault.allCases[random.below(6)]
        faults += 1
      }
      // The truth is counted in 32-bit floats, which are exact up to 2^24.
      if device.now > 2_000_000_000 { break }
      let block = try block(source).block
      let truth = Int64(block.samples[0]) - origin
      #expect(abs(block.startSample - truth) <= Int64(ScriptedDevice.period))
      #expect(block.startSample >= end)
      // A jump is never silent.
      if block.startSample > end { #expect(block.loss != nil) }
      if block.loss != nil { told += 1 }
      end = block.endSample
    }
    #expect(faults > 500)
    #expect(told > faults / 3)
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
