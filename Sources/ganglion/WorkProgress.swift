import Foundation
import Synchronization

/// A bar on standard error for work of known length, renewed in place; nothing where nobody is watching.
final class WorkProgress: Sendable {
  private let isShown = StandardError.isTerminal
  private let lastShown = Mutex(Date.distantPast)

  /// Shows a bar and a text, at most ten times a second; the last state (`done == total`) always.
  func show(_ title: String, done: Int, total: Int, detail: String = "") {
    guard isShown, total > 0 else { return }
    let now = Date()
    let due = lastShown.withLock { last in
      guard done == total || now.timeIntervalSince(last) >= 0.1 else { return false }
      last = now
      return true
    }
    guard due else { return }
    let width = 24
    let filled = width * done / total
    let bar = String(repeating: "█", count: filled) + String(repeating: "·", count: width - filled)
    StandardError.write("\(StandardError.clearedLine)\(title) \(bar) \(100 * done / total) %  \(detail)")
  }

  /// Removes the line.
  func clear() {
    guard isShown else { return }
    StandardError.write(StandardError.clearedLine)
  }
}

/// A duration for people: `41 s`, `3 min 05 s`, `2 h 10 min`.
func duration(_ seconds: Double) -> String {
  let whole = Int(seconds.rounded())
  if whole < 60 { return "\(whole) s" }
  let rest = whole % 60
  if whole < 3600 { return "\(whole / 60) min \(rest < 10 ? "0" : "")\(rest) s" }
  return "\(whole / 3600) h \(whole % 3600 / 60) min"
}
