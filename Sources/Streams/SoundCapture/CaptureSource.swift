import Glibc
import StreamSources

/// Sound from a device, recovered from whatever happens to it.
package final class CaptureSource: StreamSource {
  /// The clocks of the edge, so that tests can bring their own.
  package struct Clocks {
    /// Microseconds of a clock that goes on while the machine sleeps.
    package var now: () -> Int64
    /// Microseconds since 1970.
    package var wall: () -> Int64
    /// Waits for milliseconds; false when told to stop meanwhile.
    package var pause: (Int) -> Bool

    package init(now: @escaping () -> Int64, wall: @escaping () -> Int64, pause: @escaping (Int) -> Bool) {
      self.now = now
      self.wall = wall
      self.pause = pause
    }

    /// The system's, until the signal is given.
    package init(stop: StopSignal) {
      now = bootMicroseconds
      wall = wallMicroseconds
      pause = { stop.wait(for: nil, milliseconds: Int32($0)) != .stopped }
    }
  }

  private static let waitMilliseconds = 100

  private let device: any PCMDevice
  private let clocks: Clocks
  private var machine: CaptureMachine
  private var action: CaptureMachine.Action = .reopen(afterMilliseconds: 0, why: "")
  private var format: CaptureFormat?
  private var isOpen = false
  /// Samples after which the source ends, at the rate of the moment; nil for never.
  private let seconds: Double?
  /// Lists for samples, one a block in turn. By the time it is a list's turn again everybody has let go of it and it is
  /// written anew; whoever has not keeps its own, for then the writing makes another.
  private var ring = [[Float]](repeating: [], count: 64)
  private var turn = 0

  /// - Parameter seconds: how much stream time to capture; nil for no end.
  package init(
    _ device: any PCMDevice, clocks: Clocks, machine: CaptureMachine = CaptureMachine(), seconds: Double? = nil
  ) {
    self.device = device
    self.clocks = clocks
    self.machine = machine
    self.seconds = seconds
  }

  deinit { if isOpen { device.close() } }

  package func next() throws -> Arrival<SoundBlock> {
    while clocks.pause(0) {
      switch action {
      case .read:
        if let arrival = read() { return arrival }
      case .restart:
        let prepared = device.prepare()
        action = machine.started(prepared < 0 ? prepared : device.start(), now: clocks.now())
      case .resume(let pause):
        if pause > 0 && !clocks.pause(pause) { return .end }
        action = machine.resumed(device.resume(), now: clocks.now())
      case .reopen(let pause, let why):
        if let arrival = reopen(after: pause, why) { return arrival }
      }
    }
    return .end
  }

  /// A block, the end, or nothing this time.
  private func read() -> Arrival<SoundBlock>? {
    guard let format else { return nil }
    var wanted = format.periodFrames
    if let seconds {
      let rest = Int64(seconds * Double(format.sampleRate)) - machine.position
      if rest <= 0 { return .end }
      wanted = min(wanted, Int(clamping: rest))
    }
    let ready = device.wait(milliseconds: Self.waitMilliseconds)
    if ready <= 0 {
      action = ready == 0 ? machine.waited(now: clocks.now()) : machine.failed(Int32(-ready), now: clocks.now())
      return nil
    }
    turn = (turn + 1) % ring.count
    ring[turn].removeAll(keepingCapacity: true)
    let count = device.read(frames: wanted, into: &ring[turn])
    let now = clocks.now()
    guard count > 0 else {
      action = count == 0 ? machine.waited(now: now) : machine.failed(Int32(-count), now: now)
      return nil
    }
    let backlog = device.available()
    let placement = machine.received(frames: count, backlog: backlog, now: now)
    let behind = Int64(max(0, backlog)) * 1_000_000 / Int64(format.sampleRate)
    return .block(
      SoundBlock(
        samples: ring[turn], sampleRate: format.sampleRate, startSample: placement.startSample, loss: placement.loss,
        wallMicroseconds: clocks.wall() - behind, unmixedPower: device.unmixedPower))
  }

  private func reopen(after pause: Int, _ why: String) -> Arrival<SoundBlock>? {
    if isOpen {
      device.close()
      isOpen = false
      // Told once, when it goes; the tries that follow are silent until one works.
      return .lost(why)
    }
    if pause > 0 && !clocks.pause(pause) { return .end }
    switch device.open() {
    case .success(let opened):
      isOpen = true
      format = opened
      action = machine.opened(sampleRate: opened.sampleRate, now: clocks.now())
      return .ready(opened.description)
    case .failure(let failure):
      let isFirst = format == nil && action == .reopen(afterMilliseconds: 0, why: "")
      action = machine.cannotOpen(failure.description, now: clocks.now())
      return isFirst ? .lost(failure.description) : nil
    }
  }
}
