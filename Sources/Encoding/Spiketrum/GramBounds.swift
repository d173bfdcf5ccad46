import CKernels

/// For each kernel, the largest magnitude of its correlations with every kernel, by blocks of lags.
///
/// The row of kernels `a` and `b` holds, for each block `q` from ``first`` on, the largest magnitude of
/// `<a, b delayed by lag>` over the lags that a block `q` blocks after the one in which `a` starts can meet, wherever in its
/// block that is: `32 q - 31...32 q + 31`. A row of `a` ends one block after those its kernel reaches.
struct GramBounds: Sendable {
  /// All rows, kernel `a` after kernel `a`, in each of them kernel `b` after kernel `b`.
  let rows: [Float]
  /// Where the rows of each kernel `a` begin.
  let offsets: [Int64]
  /// First block of every row.
  let first: Int64
  /// Largest magnitude of each pair, at `a * count + b`.
  let peaks: [Float]

  init(_ gram: [Float], _ gramOffsets: [Int64], _ kernelLengths: [Int64]) {
    let block = Int(GANGLION_PURSUIT_BLOCK)
    let kernels = kernelLengths.count
    let longest = Int(kernelLengths.max() ?? 0)
    let before = (longest + block - 1) / block + 1
    var rows: [Float] = []
    var offsets: [Int64] = []
    var peaks: [Float] = []
    for a in 0..<kernels {
      offsets.append(Int64(rows.count))
      let after = (Int(kernelLengths[a]) + block - 1) / block + 1
      let length = before + after + 1
      var table = [Float](repeating: 0, count: length * kernels)
      for b in 0..<kernels {
        let earliest = 1 - Int(kernelLengths[b])
        let start = Int(gramOffsets[a * kernels + b])
        var peak: Float = 0
        for lag in earliest..<Int(kernelLengths[a]) {
          let magnitude = abs(gram[start + lag - earliest])
          peak = max(peak, magnitude)
          // A lag that is a whole number of blocks belongs to its own block only, any other to two.
          let row = Int((Double(lag) / Double(block)).rounded(.down))
          for near in row...(lag == row * block ? row : row + 1) {
            let cell = b * length + near + before
            if magnitude > table[cell] { table[cell] = magnitude }
          }
        }
        peaks.append(peak)
      }
      rows += table
    }
    self.rows = rows
    self.offsets = offsets
    self.peaks = peaks
    first = Int64(-before)
  }
}
