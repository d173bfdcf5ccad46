/// The known name that differs from one in at most two letters: what was probably meant.
package func nearestName(to name: String, among known: [String]) -> String? {
  known.map { ($0, distance($0, name)) }.filter { $0.1 <= 2 && $0.1 < $0.0.count }.min { $0.1 < $1.1 }?.0
}

/// Letters to change, add or take away to get from one word to another.
private func distance(_ left: String, _ right: String) -> Int {
  let (left, right) = (Array(left.lowercased().utf8), Array(right.lowercased().utf8.prefix(64)))
  var row = Array(0...right.count)
  for (i, letter) in left.enumerated() {
    var diagonal = row[0]
    row[0] = i + 1
    for (j, other) in right.enumerated() {
      let change = diagonal + (letter == other ? 0 : 1)
      diagonal = row[j + 1]
      row[j + 1] = min(change, row[j] + 1, diagonal + 1)
    }
  }
  return row[right.count]
}
