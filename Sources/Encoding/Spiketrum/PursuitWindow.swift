import CKernels

/// The open part of one channel of sound: residual, correlations and the tree of their maxima.
struct PursuitWindow: Sendable {
  let dictionary: GammatoneDictionary
  private let isSigned: Bool
  /// Score under which nothing is ever picked.
  private let threshold: Float
  /// Samples held; grows only when nothing can be dropped.
  private var stride: Int
  /// Stream sample at index 0 of the buffers.
  private var base: Int64 = 0
  /// First stream sample at which an atom may still start.
  private(set) var first: Int64 = 0
  /// Stream samples received.
  private(set) var received: Int64 = 0
  /// Starts known, for each kernel, counted from `base`.
  private var known: [Int64]
  private(set) var residual: [Float]
  private var correlation: [Float]
  private var blockMaximum: [Float]
  private var columnMaximum: [Float]
  private var key: [Float]
  private var energy: [Double]
  private var verdict: [ganglion_verdict]
  /// Corrections of correlations under it are left out.
  var tolerance: Float = 0
  /// The ranges of the pick in progress, counted from `base`.
  private var placed: [ganglion_range] = []
  /// Energy of all samples received.
  private(set) var inputEnergy = 0.0
  /// Multiply-accumulates so far.
  var multiplications: Int64 = 0
  /// Energy of what no spike explains, over the samples before `first`.
  private(set) var closedResidualEnergy = 0.0

  init(_ dictionary: GammatoneDictionary, isSigned: Bool, threshold: Float) {
    self.dictionary = dictionary
    self.isSigned = isSigned
    self.threshold = threshold
    stride = roundedUp(4 * dictionary.longest + 2048)
    known = [Int64](repeating: 0, count: dictionary.count)
    residual = [Float](repeating: 0, count: stride)
    correlation = [Float](repeating: 0, count: stride * dictionary.count)
    blockMaximum = [Float](repeating: 0, count: stride / block * dictionary.count)
    columnMaximum = [Float](repeating: 0, count: stride / block)
    key = columnMaximum
    energy = [Double](repeating: 0, count: stride / block + 1)
    verdict = [ganglion_verdict](repeating: ganglion_verdict(), count: stride / block)
  }

  /// Stream sample after the last start that is known for any kernel.
  var startsEnd: Int64 { base + (known.max() ?? 0) }

  mutating func append(_ samples: Span<Float>) {
    makeRoom(for: samples.count)
    let at = Int(received - base)
    var energy = 0.0
    for index in 0..<samples.count {
      let sample = samples[index].isFinite ? samples[index] : 0
      residual[at + index] = sample
      energy += Double(sample) * Double(sample)
    }
    inputEnergy += energy
    received += Int64(samples.count)
  }

  mutating func appendSilence(_ count: Int) {
    makeRoom(for: count)
    received += Int64(count)
  }

  /// Correlates the residual with the kernels at every start that has become complete, up to but without `limit`.
  mutating func correlate(startsBefore limit: Int64 = .max) {
    let threshold = threshold
    let held = received - base
    let limit = limit == .max ? held : limit - base
    withStorage { storage, _ in ganglion_pursuit_advance(&storage, held, limit, threshold) }
  }

  /// Whether any atom of the open window has a score of at least `score`.
  func reaches(_ score: Float) -> Bool {
    let blocks = Int(first - base) / block..<(Int(startsEnd - base) + block - 1) / block
    return columnMaximum[blocks].contains { $0 >= score }
  }

  /// Takes the greedy best atom that starts in one of the ranges and reaches its threshold.
  mutating func pick(in ranges: [PickRange]) -> Spike? {
    let open = first - base
    let base = base
    var pick = ganglion_pick()
    place(ranges)
    let found = withStorage { storage, ranges in
      ganglion_pursuit_pick(&storage, open, ranges.baseAddress, Int64(ranges.count), &pick)
    }
    guard found != 0 else { return nil }
    return Spike(kernel: Int(pick.kernel), sample: base + pick.sample, coefficient: pick.coefficient)
  }

  /// Takes the best atom that is settled: no better one rivals it in time and frequency, as far as the stream is known.
  /// - Parameter isFirst: whether anything but the ranges has changed since the last call.
  mutating func pickSettled(in ranges: [PickRange], span: Int, isFirst: Bool) -> Spike? {
    let open = first - base
    let held = received - base
    let base = base
    var pick = ganglion_pick()
    place(ranges)
    let found = withStorage { storage, ranges in
      ganglion_pursuit_pick_settled(
        &storage, open, held, ranges.baseAddress, Int64(ranges.count), Int64(span), isFirst ? 1 : 0, &pick)
    }
    guard found != 0 else { return nil }
    return Spike(kernel: Int(pick.kernel), sample: base + pick.sample, coefficient: pick.coefficient)
  }

  private mutating func place(_ ranges: [PickRange]) {
    placed.removeAll(keepingCapacity: true)
    for range in ranges {
      placed.append(
        ganglion_range(first: range.first - base, end: range.end - base, threshold: range.threshold))
    }
  }

  /// Energy of what is left from the first open sample to another one.
  func openResidualEnergy(before sample: Int64) -> Double {
    var energy = 0.0
    for index in Int(first - base)..<Int(min(sample, received) - base) {
      energy += Double(residual[index]) * Double(residual[index])
    }
    return energy
  }

  /// Lets no atom start before `sample` any more.
  mutating func close(through sample: Int64) {
    var energy = 0.0
    for index in Int(first - base)..<Int(sample - base) { energy += Double(residual[index]) * Double(residual[index]) }
    closedResidualEnergy += energy
    first = sample
  }

  /// Accounts for what the last kernels left after the end of the stream.
  mutating func closeRinging() {
    close(through: received)
  }

  /// Makes sure that `count` more samples fit: drops what is closed, and grows when that is not enough.
  private mutating func makeRoom(for count: Int) {
    let held = Int(received - base)
    if held + count <= stride { return }
    // Whole blocks are dropped, so that every sample keeps its place within its block.
    let dropped = Int(first - base) / block * block
    var wanted = stride
    // Dropping less than half the window each time would move every sample more than once or twice.
    while held - dropped + count > wanted / 2 { wanted *= 2 }
    move(by: dropped, stride: wanted)
  }

  /// Shifts the buffers down by whole blocks and widens them to a new stride.
  private mutating func move(by dropped: Int, stride wanted: Int) {
    let kernels = dictionary.count
    let kept = stride - dropped
    var source: [Float]
    if wanted == stride {
      shift(&residual, row: 0, from: dropped, count: kept)
      for kernel in 0..<kernels { shift(&correlation, row: kernel * stride, from: dropped, count: kept) }
      shift(&blockMaximum, row: 0, from: dropped / block * kernels, count: kept / block * kernels)
      shift(&columnMaximum, row: 0, from: dropped / block, count: kept / block)
    } else {
      source = residual
      residual = [Float](repeating: 0, count: wanted)
      copy(source[dropped...], to: &residual, at: 0)
      source = correlation
      correlation = [Float](repeating: 0, count: wanted * kernels)
      for kernel in 0..<kernels {
        copy(source[kernel * stride + dropped..<(kernel + 1) * stride], to: &correlation, at: kernel * wanted)
      }
      source = blockMaximum
      blockMaximum = [Float](repeating: 0, count: wanted / block * kernels)
      copy(source[(dropped / block * kernels)...], to: &blockMaximum, at: 0)
      source = columnMaximum
      columnMaximum = [Float](repeating: 0, count: wanted / block)
      copy(source[(dropped / block)...], to: &columnMaximum, at: 0)
      key = [Float](repeating: 0, count: wanted / block)
      energy = [Double](repeating: 0, count: wanted / block + 1)
      verdict = [ganglion_verdict](repeating: ganglion_verdict(), count: wanted / block)
      stride = wanted
    }
    for kernel in 0..<kernels { known[kernel] = max(0, known[kernel] - Int64(dropped)) }
    base += Int64(dropped)
  }

  /// Moves `count` entries within a row from `from` to its beginning and clears what they leave behind.
  private func shift(_ values: inout [Float], row: Int, from: Int, count: Int) {
    guard from > 0 else { return }
    values.withUnsafeMutableBufferPointer { values in
      guard let row = values.baseAddress.map({ $0 + row }) else { return }
      row.update(from: row + from, count: count)
      (row + count).update(repeating: 0, count: from)
    }
  }

  private func copy(_ source: ArraySlice<Float>, to target: inout [Float], at index: Int) {
    target.replaceSubrange(index..<index + source.count, with: source)
  }

  /// Lends the buffers to C for the length of one call; every pointer is valid within `body` only.
  private mutating func withStorage<Result>(
    _ body: (inout ganglion_pursuit, UnsafeBufferPointer<ganglion_range>) -> Result
  ) -> Result {
    let (stride, isSigned, tolerance): (Int64, Int64, Float) = (Int64(stride), isSigned ? 1 : 0, tolerance)
    return dictionary.withTables { tables in
      known.withUnsafeMutableBufferPointer { known in
        residual.withUnsafeMutableBufferPointer { residual in
          correlation.withUnsafeMutableBufferPointer { correlation in
            blockMaximum.withUnsafeMutableBufferPointer { blockMaximum in
              columnMaximum.withUnsafeMutableBufferPointer { columnMaximum in
                key.withUnsafeMutableBufferPointer { key in
                  energy.withUnsafeMutableBufferPointer { energy in
                    verdict.withUnsafeMutableBufferPointer { verdict in
                      placed.withUnsafeBufferPointer { placed in
                        withUnsafeMutablePointer(to: &multiplications) { multiplications in
                          var storage = tables
                          storage.multiplications = multiplications
                          storage.stride = stride
                          storage.is_signed = isSigned
                          storage.tolerance = tolerance
                          storage.known = known.baseAddress
                          storage.residual = residual.baseAddress
                          storage.correlation = correlation.baseAddress
                          storage.block_maximum = blockMaximum.baseAddress
                          storage.column_maximum = columnMaximum.baseAddress
                          storage.key = key.baseAddress
                          storage.energy = energy.baseAddress
                          storage.verdict = verdict.baseAddress
                          return body(&storage, placed)
                        }
                      }
                    }
                  }
                }
              }
            }
          }
        }
      }
    }
  }
}

private let block = Int(GANGLION_PURSUIT_BLOCK)
