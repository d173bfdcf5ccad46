import CSoxr

/// Changes the sample rate of a mono stream with soxr's band-limited interpolation (20 bits, linear phase).
///
/// The library is always given blocks of 10 ms, whatever sizes are pushed, so the output does not depend on them: the
/// same samples give the same bits. Output sample k lies at time k / outputRate; the filter's delay is taken out. Before its
/// first sample a stream counts as if it had always been so, so that an offset does not begin with a step.
public final class Resampler {
  /// In Hz.
  public let inputRate: Int
  /// In Hz.
  public let outputRate: Int

  private let source: String
  /// Nil where nothing is to be done.
  private let handle: OpaquePointer?
  private let blockFrames: Int
  private var waiting: [Float] = []
  private var block: [Float]
  private var finished = false
  /// The first sample: taken off what the library gets, and put on what it gives.
  private var level: Float?

  /// - Parameter source: what to call the stream in errors.
  public init(inputRate: Int, outputRate: Int, source: String) throws(AudioError) {
    for rate in [inputRate, outputRate] { try AudioLimits.check(channels: 1, sampleRate: rate, source: source) }
    self.inputRate = inputRate
    self.outputRate = outputRate
    self.source = source
    blockFrames = inputRate / 100
    block = [Float](repeating: 0, count: outputRate / 100 + 64)
    if inputRate == outputRate {
      handle = nil
    } else {
      var failure: soxr_error_t?
      var quality = soxr_quality_spec(UInt(SOXR_20_BITQ), 0)
      handle = soxr_create(Double(inputRate), Double(outputRate), 1, &failure, nil, &quality, nil)
      if let failure { throw AudioError(source: source, reason: .resampling(String(cString: failure))) }
    }
  }

  deinit { soxr_delete(handle) }

  /// Takes the next samples and returns those that are ready.
  public func push(_ samples: [Float]) throws(AudioError) -> [Float] {
    if handle == nil { return samples }
    precondition(!finished, "a finished resampler takes no more samples")
    var output: [Float] = []
    let level = level ?? samples.first ?? 0
    if !samples.isEmpty { self.level = level }
    for sample in samples { waiting.append(sample - level) }
    var begin = 0
    while waiting.count - begin >= blockFrames {
      try process(waiting[begin..<begin + blockFrames], into: &output)
      begin += blockFrames
    }
    waiting.removeFirst(begin)
    for place in output.indices { output[place] += level }
    return output
  }

  /// Ends the stream and returns what was still inside; nothing may be pushed after it.
  public func finish() throws(AudioError) -> [Float] {
    if handle == nil || finished { return [] }
    finished = true
    var output: [Float] = []
    try process(waiting[...], into: &output)
    waiting = []
    while true {
      let before = output.count
      try call(nil, count: 0, into: &output)
      if output.count == before { break }
    }
    if let level { for place in output.indices { output[place] += level } }
    return output
  }

  private func process(_ samples: ArraySlice<Float>, into output: inout [Float]) throws(AudioError) {
    var rest = samples
    while true {
      let before = output.count
      var used = 0
      try rest.withUnsafeBufferPointer { buffer throws(AudioError) in
        // An empty slice may have no address, and none would tell the library that the stream ends.
        if let begin = buffer.baseAddress, !buffer.isEmpty {
          used = try call(begin, count: buffer.count, into: &output)
        }
      }
      if used == 0 && output.count == before && !rest.isEmpty {
        throw AudioError(source: source, reason: .resampling("the library takes no more samples"))
      }
      rest = rest.dropFirst(used)
      if rest.isEmpty && output.count - before < block.count { return }
    }
  }

  @discardableResult
  private func call(
    _ samples: UnsafePointer<Float>?, count: Int, into output: inout [Float]
  ) throws(AudioError) -> Int {
    var used = 0
    var made = 0
    let failure = soxr_process(handle, samples, count, &used, &block, block.count, &made)
    if let failure { throw AudioError(source: source, reason: .resampling(String(cString: failure))) }
    output += block[..<made]
    return used
  }
}
