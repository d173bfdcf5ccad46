import CKernels

/// For each kernel, the largest magnitude of its correlations with every kernel, by blocks of lags.
///
/// Row `q` of kernel `a` holds, for each kernel `b`, the largest magnitude of `<a, b delayed by lag>` over the lags that a
/// block `q` blocks after the one in which `a` starts can meet, wherever in its block that is: `32 q - 31...32 q + 31`.
struct GramBounds: Sendable {
  /// All rows, kernel after kernel.
  let rows: [Float]
  /// Where the rows of each kernel begin.
  let offsets: [Int64]
  /// Number of the first row of every kernel.
  let first: Int64

  init(_ gram: [Float], _ gramOffsets: [Int64], _ lengths: [Int64]) {
    let block = Int(GANGLION_PURSUIT_BLOCK)
    let kernels = lengths.count
    let longest = Int(lengths.max() ?? 0)
    let before = (longest + block - 1) / block + 1
    var rows: [Float] = []
    var offsets: [Int64] = []
    for a in 0..<kernels {
      offsets.append(Int64(rows.count))
      let after = (Int(lengths[a]) + block - 1) / block + 1
      var table = [Float](repeating: 0, count: (before + after + 1) * kernels)
      for b in 0..<kernels {
        let earliest = 1 - Int(lengths[b])
        let start = Int(gramOffsets[a * kernels + b])
        for lag in earliest..<Int(lengths[a]) {
          let magnitude = abs(gram[start + lag - earliest])
          // A lag that is a whole number of blocks belongs to its own row only, any other to two.
          let row = Int((Double(lag) / Double(block)).rounded(.down))
          for near in row...(lag == row * block ? row : row + 1) {
            let cell = (near + before) * kernels + b
            if magnitude > table[cell] { table[cell] = magnitude }
          }
        }
      }
      rows += table
    }
    self.rows = rows
    self.offsets = offsets
    first = Int64(-before)
  }
}
